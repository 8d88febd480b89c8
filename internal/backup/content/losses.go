// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"context"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
)

// reasonLimit is the statement timeout of the queries that only complete the reason of a choice.
const reasonLimit = 5 * time.Second

// Losses lists what a dump would lose, for the reason why no dump is taken. It leaves out losses that
// it cannot read in time.
func Losses(ctx context.Context, c *mariadb.Client) (lost []string) {
	if floats, err := catalog.HasFloats(ctx, c, reasonLimit); err == nil && floats {
		lost = append(lost, "digits of FLOAT columns")
	}
	if versioned, _, err := catalog.Versioned(ctx, c, reasonLimit); err == nil && len(versioned) > 0 {
		lost = append(lost, "the history of system-versioned tables")
	}
	return lost
}

// LeaveOut removes from definitions what a dump leaves out.
func LeaveOut(d catalog.Definitions, left []catalog.Broken) {
	for _, b := range left {
		delete(d, catalog.Object{Kind: "table", Schema: b.Schema, Name: b.Name})
	}
}
