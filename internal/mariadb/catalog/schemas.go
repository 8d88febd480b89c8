// SPDX-License-Identifier: GPL-3.0-or-later

// Package catalog reads the content of a server in addition to rows: its schemas, the definitions of their objects,
// events, settings, and foreign objects in the schemas of the server itself. It finds what a copy of the data would not
// keep.
package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/mariadb"
)

// Schemas lists the schemas that are not the server's own (mysql, information_schema, performance_schema, sys), sorted.
func Schemas(ctx context.Context, c *mariadb.Client) ([]string, error) {
	var names []string
	err := c.Each(ctx, "SELECT schema_name FROM information_schema.schemata WHERE "+mariadb.UserTables("schema_name"),
		func(row []*string) error {
			names = append(names, mariadb.Text(row[0]))
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list the schemas: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// UndumpableEvents names the events, as schema.event, that mariadb-dump (10.11.19) cannot dump. It searches for a
// delimiter that the event does not contain, and never ends if the event contains two semicolons in a row; and it does
// not find a schema again whose name it had to escape.
func UndumpableEvents(ctx context.Context, c *mariadb.Client) ([]string, error) {
	var names []string
	err := c.Each(ctx, "SELECT event_schema, event_name, CONCAT(definer, event_name, event_comment, event_definition)"+
		" LIKE '%;;%'"+
		" FROM information_schema.events WHERE "+mariadb.UserTables("event_schema"),
		func(row []*string) error {
			if schema := mariadb.Text(row[0]); mariadb.Text(row[2]) != "0" ||
				strings.ContainsAny(schema, "'\"\\\n\r\x1a") {
				names = append(names, schema+"."+mariadb.Text(row[1]))
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list the events: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// EmptySchemas lists the schemas without a table, a view, a routine or an event. For the server any folder in the
// datadir is one. The account has to see all of them.
func EmptySchemas(ctx context.Context, c *mariadb.Client) ([]string, error) {
	schemas, err := Schemas(ctx, c)
	if err != nil {
		return nil, err
	}
	holds := map[string]bool{}
	for _, query := range []string{"SELECT DISTINCT BINARY table_schema FROM information_schema.tables",
		"SELECT DISTINCT BINARY routine_schema FROM information_schema.routines",
		"SELECT DISTINCT BINARY event_schema FROM information_schema.events"} {
		rows, err := c.Rows(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list the content of the schemas: %w", err)
		}
		for _, row := range rows {
			holds[row[0]] = true
		}
	}
	return slices.DeleteFunc(schemas, func(name string) bool { return holds[name] }), nil
}

// TableCounts counts the tables of every schema that is not the server's own, except views. A schema without tables
// counts 0. The server itself ends the query after limit.
func TableCounts(ctx context.Context, c *mariadb.Client, limit time.Duration) (map[string]int, error) {
	schemas, err := Schemas(ctx, c)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, name := range schemas {
		counts[name] = 0
	}
	take := func(row []*string) error {
		n, err := strconv.Atoi(mariadb.Text(row[1]))
		counts[mariadb.Text(row[0])] = n
		return err
	}
	// A common count for Nova and nova would be the collation's choice.
	err = c.Each(ctx, mariadb.Limited(limit)+"SELECT table_schema, COUNT(*) FROM information_schema.tables"+
		" WHERE table_type NOT IN ('VIEW', 'SYSTEM VIEW') AND "+mariadb.UserTables("table_schema")+
		" GROUP BY BINARY table_schema", take)
	if err != nil {
		return nil, fmt.Errorf("count the tables: %w", err)
	}
	return counts, nil
}
