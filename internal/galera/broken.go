// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Broken is a table or a view that the server cannot open, and the server's words for it.
type Broken struct {
	Schema, Name string
	View         bool
	Why          string
}

func (b Broken) String() string { return b.Schema + "." + b.Name }

// maxBroken bounds the list.
const maxBroken = 10_000

// Broken lists the tables and views outside the server's own schemas that cannot be opened: views over what is gone,
// tables without their files or their engine. The server itself ends the query after limit.
//
// The server says why in the comment, and engine is NULL, when a column is asked for that takes opening the table, as
// table_rows does (10.1, 10.2 and 10.11).
func (c *Client) Broken(ctx context.Context, limit time.Duration) ([]Broken, error) {
	var list, empty []Broken
	err := c.Each(ctx, limited(limit)+"SELECT table_schema, table_name, table_type, engine, table_comment,"+
		" table_rows, engine = 'InnoDB' AND data_length = 0 FROM information_schema.tables"+
		" WHERE table_type NOT IN ('SYSTEM VIEW', 'TEMPORARY') AND "+userTables("table_schema"),
		func(row []*string) error {
			b := Broken{deref(row[0]), deref(row[1]), deref(row[2]) == "VIEW", deref(row[4])}
			switch {
			case len(empty) < maxBroken && !b.View && deref(row[6]) == "1":
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
		return nil, fmt.Errorf("look for tables and views that cannot be opened: %w", err)
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

// torn are those of tables of InnoDB without a page, which none has, that cannot be read: their tablespace was
// discarded.
func torn(ctx context.Context, c *Client, tables []Broken, limit time.Duration) (list []Broken, err error) {
	for _, b := range tables {
		_, err := c.Rows(ctx, limited(limit)+"SELECT 1 FROM "+quoteName(b.Schema)+"."+quoteName(b.Name)+" LIMIT 1")
		if err != nil && ErrorNumber(err) == 0 {
			return nil, fmt.Errorf("look for tables and views that cannot be opened: %w", err)
		}
		if err != nil {
			b.Why = err.Error()
			list = append(list, b)
		}
	}
	return list, nil
}
