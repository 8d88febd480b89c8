// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// A table with a trigger cannot be renamed into another schema, so that those of the earlier tables are dropped before;
// their statements wait in the schema of the earlier tables.

// dropTriggers drops the triggers of some tables of a schema.
func dropTriggers(ctx context.Context, server *mariadb.Client, schema string, of func(table string) bool) error {
	rows, err := triggersOf(ctx, server, schema)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !of(row[1]) {
			continue
		}
		trigger := sqldump.QuoteName(schema) + "." + sqldump.QuoteName(row[0])
		if err := server.Exec(ctx, "DROP TRIGGER IF EXISTS "+trigger); err != nil {
			return err
		}
	}
	return nil
}

// triggersOf returns the names of a schema's triggers and of their tables, in the order in which they run.
func triggersOf(ctx context.Context, server *mariadb.Client, schema string) ([][]string, error) {
	return server.Rows(ctx, "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE "+
		ofSchema("trigger_schema")+" ORDER BY event_object_table, event_manipulation, action_timing, action_order",
		schema, schema)
}

// setTriggersAside keeps the triggers of the tables that are replaced, and drops them. It reads all before it drops the
// first one: a trigger that is created again runs last on its table, so those of a table are recreated together.
func (l *loading) setTriggersAside(ctx context.Context, st *stage) error {
	before := len(l.triggers)
	if err := l.readTriggers(ctx, st); err != nil {
		return err
	}
	for _, a := range l.triggers[before:] {
		for _, text := range a.statements() {
			if err := l.server.Exec(ctx, "INSERT INTO "+st.old+"."+part.MarkName+" (statement) VALUES (?)",
				text); err != nil {
				return fmt.Errorf("keep the trigger %s.%s: %w", excerpt.Of(a.schema), excerpt.Of(a.name), err)
			}
		}
	}
	for _, a := range l.triggers[before:] {
		trigger := sqldump.QuoteName(a.schema) + "." + sqldump.QuoteName(a.name)
		if err := l.server.Exec(ctx, "DROP TRIGGER "+trigger); err != nil {
			return fmt.Errorf("drop the trigger %s.%s: %w", excerpt.Of(a.schema), excerpt.Of(a.name), err)
		}
	}
	return nil
}

// readTriggers reads the triggers of the tables that are replaced, in the order in which they run.
func (l *loading) readTriggers(ctx context.Context, st *stage) error {
	rows, err := triggersOf(ctx, l.server, st.As)
	if err != nil {
		return err
	}
	replaced := map[string]bool{}
	for _, t := range st.tables {
		replaced[t.name] = t.replaces
	}
	for _, row := range rows {
		if !replaced[row[1]] {
			continue
		}
		trigger := sqldump.QuoteName(st.As) + "." + sqldump.QuoteName(row[0])
		// Trigger, sql_mode, SQL Original Statement, character_set_client, collation_connection, Database Collation,
		// Created
		shown, err := l.server.Rows(ctx, "SHOW CREATE TRIGGER "+trigger)
		if err != nil || len(shown) != 1 || len(shown[0]) < 6 || shown[0][2] == "" {
			return fmt.Errorf("read the trigger %s.%s: %w", excerpt.Of(st.As), excerpt.Of(row[0]),
				errors.Join(err, errNoDefinition))
		}
		l.triggers = append(l.triggers, savedObject{
			schema: st.As, name: row[0], table: row[1], had: true, mode: shown[0][1], text: shown[0][2],
			charset: shown[0][3], collation: shown[0][4],
		})
	}
	return nil
}

// missingTriggers returns the kept triggers of tables that lack one of theirs. All triggers of such a table are
// recreated, in their order.
func (l *loading) missingTriggers(ctx context.Context, server *mariadb.Client) (missing []savedObject, err error) {
	there := map[[2]string]bool{}
	for _, st := range l.stages {
		rows, err := triggersOf(ctx, server, st.As)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			there[[2]string{st.As, row[0]}] = true
		}
	}
	lack := map[[2]string]bool{}
	for _, a := range l.triggers {
		if !there[[2]string{a.schema, a.name}] {
			lack[[2]string{a.schema, a.table}] = true
		}
	}
	return filter(l.triggers, func(a savedObject) bool { return lack[[2]string{a.schema, a.table}] }), nil
}
