// SPDX-License-Identifier: GPL-3.0-or-later

package faithful

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
)

// portrait is everything that a careful DBA would compare, one line each, sorted.
type portrait struct {
	c     *mariadb.Client
	lines []string
}

func portraitOf(ctx context.Context, s *mariadbd.Server) ([]string, error) {
	c, err := mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p := &portrait{c: c}
	for _, look := range []func(context.Context) error{p.schemas, p.tables, p.programs, p.events, p.accounts, p.own} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	slices.Sort(p.lines)
	return p.lines, nil
}

func (p *portrait) add(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

const ofUsers = " NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"

// each adds a line for each row of a query, with the values between bars.
func (p *portrait) each(ctx context.Context, what, query string) error {
	rows, err := p.c.Rows(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, row := range rows {
		p.lines = append(p.lines, strings.TrimSpace(what+" "+strings.Join(row, " | ")))
	}
	return nil
}

func (p *portrait) schemas(ctx context.Context) error {
	return p.each(ctx, "schema", "SELECT schema_name, default_character_set_name, default_collation_name FROM"+
		" information_schema.schemata"+
		" WHERE schema_name"+ofUsers)
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (p *portrait) tables(ctx context.Context) error {
	rows, err := p.c.Rows(ctx, "SELECT table_schema, table_name, table_type, row_format FROM"+
		" information_schema.tables WHERE table_schema"+ofUsers)
	if err != nil {
		return err
	}
	for _, row := range rows {
		name, at := row[0]+"."+row[1], quote(row[0])+"."+quote(row[1])
		if row[2] != "VIEW" {
			p.add("row_format of %s: %s", name, row[3])
		}
		created, err := p.c.Rows(ctx, "SHOW CREATE TABLE "+at)
		if err != nil {
			p.add("definition of %s: %v", name, err)
			continue
		}
		p.add("definition of %s: %s", name, created[0][1])
		if row[2] == "VIEW" || row[2] == "SEQUENCE" && !strings.Contains(created[0][1], "CREATE SEQUENCE") {
			continue
		}
		if err := p.rows(ctx, row[0], row[1], row[2]); err != nil {
			p.add("rows of %s: %v", name, err)
		}
	}
	return nil
}

// rows adds the rows as they are, including hidden columns and history, without rounding; for many rows only their
// hash.
func (p *portrait) rows(ctx context.Context, schema, table, kind string) error {
	columns, err := p.c.Rows(ctx, "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema ="+
		" ? AND table_name = ?"+
		" ORDER BY ordinal_position", schema, table)
	if err != nil {
		return err
	}
	var list []string
	for _, c := range columns {
		switch c[1] {
		case "float", "double":
			list = append(list, "CAST("+quote(c[0])+" AS DOUBLE)")
		case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal":
			list = append(list, quote(c[0]))
		default:
			list = append(list, "IF(LENGTH("+quote(c[0])+") > 1000, SHA2("+quote(c[0])+", 256), HEX("+quote(c[0])+"))")
		}
	}
	from, name := quote(schema)+"."+quote(table), schema+"."+table
	if kind == "SYSTEM VERSIONED" {
		from += " FOR SYSTEM_TIME ALL"
	}
	rows, err := p.c.Rows(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+from)
	if err != nil {
		return err
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.Join(row, " | "))
	}
	slices.Sort(lines)
	p.add("rows of %s: %d, %x", name, len(lines), sha256.Sum256([]byte(strings.Join(lines, "\n"))))
	for _, line := range lines[:min(len(lines), 50)] {
		p.add("row of %s: %.300s", name, line)
	}
	if kind == "SEQUENCE" {
		return nil
	}
	return p.each(ctx, "checksum of", "CHECKSUM TABLE "+quote(schema)+"."+quote(table)+" EXTENDED")
}

// programs adds routines, including those of the server's own schemas, and triggers.
func (p *portrait) programs(ctx context.Context) error {
	err := p.each(ctx, "trigger", "SELECT trigger_schema, trigger_name, event_object_table, event_manipulation,"+
		" action_timing, action_order,"+
		" action_statement, sql_mode, definer, character_set_client, collation_connection, database_collation"+
		" FROM information_schema.triggers WHERE trigger_schema"+ofUsers)
	if err != nil {
		return err
	}
	return p.each(ctx, "", "SELECT CONCAT(LOWER(type), ' ', db, '.', name), param_list, returns, body_utf8, definer,"+
		" sql_mode, comment,"+
		" character_set_client, collation_connection, db_collation FROM mysql.proc WHERE db <> 'sys' AND name <>"+
		" 'AddGeometryColumn' AND name <> 'DropGeometryColumn'")
}

func (p *portrait) events(ctx context.Context) error {
	return p.each(ctx, "event", "SELECT event_schema, event_name, definer, time_zone, event_definition, event_type,"+
		" execute_at,"+
		" interval_value, interval_field, sql_mode, starts, ends, status, on_completion, event_comment,"+
		" character_set_client,"+
		" collation_connection, database_collation FROM information_schema.events")
}

// accounts are read from the tables, because a server shows nothing about an account that it ignores.
func (p *portrait) accounts(ctx context.Context) error {
	for what, query := range map[string]string{
		"account": "SELECT User, Host, plugin, authentication_string, ssl_type, is_role, default_role," +
			" max_user_connections, Select_priv, Super_priv, Grant_priv" +
			" FROM mysql.user WHERE User NOT IN ('mariadb.sys')",
		"role":            "SELECT Host, User, Role, Admin_option FROM mysql.roles_mapping",
		"grant on schema": "SELECT * FROM mysql.db",
		"grant on table": "SELECT Host, Db, User, Table_name, Table_priv, Column_priv FROM mysql.tables_priv WHERE" +
			" User <> 'mariadb.sys'",
		"grant on column": "SELECT Host, Db, User, Table_name, Column_name, Column_priv FROM mysql.columns_priv",
		"grant on routine": "SELECT Host, Db, User, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv WHERE" +
			" User <> 'mariadb.sys'",
	} {
		if err := p.each(ctx, what, query); err != nil {
			return err
		}
	}
	return nil
}

// own adds what users put into the server's own tables.
func (p *portrait) own(ctx context.Context) error {
	for what, query := range map[string]string{
		"time zone": "SELECT n.Name, t.Transition_type_id, t.Offset, t.Is_DST, t.Abbreviation FROM" +
			" mysql.time_zone_name n JOIN mysql.time_zone_transition_type t USING (Time_zone_id)",
		"transition": "SELECT * FROM mysql.time_zone_transition",
		"server":     "SELECT * FROM mysql.servers",
		"local time": "SELECT CONVERT_TZ('2026-07-01 12:00:00', '+00:00', 'Europe/Berlin')",
		"udf":        "SELECT * FROM mysql.func",
		"plugin":     "SELECT * FROM mysql.plugin",
		"own table": "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN" +
			" ('mysql', 'sys')",
		"own trigger": "SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema IN" +
			" ('mysql', 'sys') AND trigger_schema <> 'sys'",
	} {
		if err := p.each(ctx, what, query); err != nil {
			return err
		}
	}
	return nil
}

// different returns the lines that only one of them has: - of the original, + of the result.
func different(was, is []string) (lines []string) {
	for _, line := range was {
		if _, found := slices.BinarySearch(is, line); !found {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range is {
		if _, found := slices.BinarySearch(was, line); !found {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}
