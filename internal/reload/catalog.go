// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// ofSchema returns a condition with two parameters, both the schema's name. With the first the server opens only that
// schema; the second is exact, where a collation treats other names as equal.
func ofSchema(column string) string { return column + " = ? AND BINARY " + column + " = ?" }

// tablesOf returns the tables and sequences of a schema with their kinds, without our mark.
func tablesOf(ctx context.Context, server *mariadb.Client, schema string) (map[string]string, error) {
	tables := map[string]string{}
	rows, err := server.Rows(ctx, "SELECT table_name, table_type FROM information_schema.tables WHERE "+
		ofSchema("table_schema")+" AND table_type <> 'VIEW'", schema, schema)
	for _, row := range rows {
		if row[0] != part.MarkName {
			tables[row[0]] = row[1]
		}
	}
	return tables, err
}

// countRows counts the rows of a table, including the history of a system-versioned one.
func countRows(ctx context.Context, server *mariadb.Client, schema, name, kind string) (int64, error) {
	query := "SELECT COUNT(*) FROM " + sqldump.QuoteName(schema) + "." + sqldump.QuoteName(name)
	if kind == "SYSTEM VERSIONED" {
		query += " FOR SYSTEM_TIME ALL"
	}
	text, err := server.Value(ctx, query)
	if err != nil {
		return 0, err
	}
	var rows int64
	_, err = fmt.Sscan(text, &rows)
	return rows, err
}
