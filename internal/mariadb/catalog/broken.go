// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/mariadb"
)

// Broken is a table or a view that the server cannot open, and the server's message.
type Broken struct {
	Schema, Name string
	View         bool
	Why          string
}

// String is <schema>.<name>.
func (b Broken) String() string { return b.Schema + "." + b.Name }

// maxBroken limits the list.
const maxBroken = 10_000

// FindBroken lists the tables and views outside the server's own schemas that cannot be opened: views over missing
// objects, tables without their files or their engine. The server itself ends the query after limit.
//
// The server gives the reason in the comment, and engine is NULL, if a column is read that requires opening the table,
// such as table_rows (10.1, 10.2 and 10.11).
func FindBroken(ctx context.Context, c *mariadb.Client, limit time.Duration) ([]Broken, error) {
	var list, empty []Broken
	err := c.Each(ctx, mariadb.Limited(limit)+"SELECT table_schema, table_name, table_type, engine, table_comment,"+
		" table_rows, engine = 'InnoDB' AND data_length = 0 FROM information_schema.tables"+
		" WHERE table_type NOT IN ('SYSTEM VIEW', 'TEMPORARY') AND "+mariadb.UserTables("table_schema"),
		func(row []*string) error {
			b := Broken{mariadb.Text(row[0]), mariadb.Text(row[1]), mariadb.Text(row[2]) == "VIEW",
				mariadb.Text(row[4])}
			switch {
			case len(empty) < maxBroken && !b.View && mariadb.Text(row[6]) == "1":
				empty = append(empty, b)
				return nil
			case b.View && b.Why == "VIEW", !b.View && row[3] != nil:
				return nil
			case len(list) == maxBroken:
				return fmt.Errorf("more than %d of them cannot be opened", maxBroken)
			}
			list = append(list, b)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("search for tables and views that cannot be opened: %w", err)
	}
	more, err := torn(ctx, c, empty, limit)
	if err != nil {
		return nil, err
	}
	list = append(list, more...)
	slices.SortFunc(list, func(a, b Broken) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name,
			b.Name))
	})
	return list, nil
}

// torn returns the InnoDB tables without a page, which no intact table is, that cannot be read: their tablespace was
// discarded.
func torn(ctx context.Context, c *mariadb.Client, tables []Broken, limit time.Duration) (list []Broken, err error) {
	for _, b := range tables {
		_, err := c.Rows(ctx, mariadb.Limited(limit)+"SELECT 1 FROM "+mariadb.QuoteName(b.Schema)+"."+
			mariadb.QuoteName(b.Name)+" LIMIT 1")
		if err != nil && mariadb.ErrorNumber(err) == 0 {
			return nil, fmt.Errorf("search for tables and views that cannot be opened: %w", err)
		}
		if err != nil {
			b.Why = err.Error()
			list = append(list, b)
		}
	}
	return list, nil
}
