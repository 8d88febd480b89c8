// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump/part"
)

// Part is a schema or some tables of a dump.
type Part = part.Part

// Options say what is loaded from a set, and how.
type Options struct {
	Parts []Part
	// Definers are accounts, such as root@localhost, that views and programs of the set may run as even if the accounts
	// have more rights than these schemas need.
	Definers []string
	// Convert loads tables of engines that Galera does not replicate as InnoDB. Without it they are refused.
	Convert bool
	// Check stops before anything is changed.
	Check bool
	// Open logs in to the same server again, to clean up if the connection that loads is lost.
	Open func(context.Context) (*mariadb.Client, error)
	// Progress receives the number of bytes that were read.
	Progress func(int64)
}

// Loaded is the result of a load.
type Loaded struct {
	Tables []LoadedTable `json:"tables"`
	// Actions lists what else was done; Warnings are what the operator has to know or do.
	Actions  []string `json:"-"`
	Warnings []string `json:"-"`
}

// LoadedTable is a table or a sequence with the number of rows that were loaded. InUse means that it replaced an
// existing one, so that clients may have changed it since.
type LoadedTable struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	InUse  bool   `json:"in_use"`
}
