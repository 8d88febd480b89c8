// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/sqldump/part"
)

// Part is what is taken of a dump.
type Part = part.Part

// Options say what is taken of a set.
type Options struct {
	Parts []Part
	// Definers are accounts, as root@localhost, that views and programs of the set may run as although they may do more
	// than these schemas need.
	Definers []string
	// Convert loads tables of engines that Galera does not replicate as InnoDB. Without it they are refused.
	Convert bool
	// Check ends before anything is changed.
	Check bool
	// Open logs in to the same server again, to clean up where the connection that loads is lost.
	Open func(context.Context) (*galera.Client, error)
	// Tell is told of the bytes read.
	Tell func(int64)
}

// Loaded is what was loaded.
type Loaded struct {
	Tables []LoadedTable `json:"tables"`
	// Said is what else happened; Warnings are what the operator has to know or to do.
	Said     []string `json:"-"`
	Warnings []string `json:"-"`
}

// LoadedTable is a table or a sequence with the rows that were loaded. InUse says that it took the place of one that
// was there, so that clients may have changed it since.
type LoadedTable struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	InUse  bool   `json:"in_use"`
}
