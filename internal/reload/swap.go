// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// move is a RENAME of one table.
type move struct{ from, to, name string }

func (m move) text() string {
	name := "." + sqldump.QuoteName(m.name)
	return sqldump.QuoteName(m.from) + name + " TO " + sqldump.QuoteName(m.to) + name
}

// exchange is what happens to one table name: one table leaves it, and another one takes it; either may be missing.
type exchange struct{ out, in move }

// maxExchanges limits a RENAME, which is done completely or not at all, to some megabytes. A cluster writes nothing
// else in the meantime, and each table took 12 ms on two slow nodes. Smaller ones would separate tables from those that
// refer to them: see fitsKeys.
var maxExchanges = 5_000

// rename exchanges tables. Within one RENAME all leave before others come, because a constraint may have the name of
// one of another table; and each table comes in the RENAME in which its predecessor leaves, so that clients miss none.
func rename(ctx context.Context, server *mariadb.Client, all []exchange) error {
	for part := range slices.Chunk(all, maxExchanges) {
		var out, in []string
		for _, e := range part {
			if e.out != (move{}) {
				out = append(out, e.out.text())
			}
			if e.in != (move{}) {
				in = append(in, e.in.text())
			}
		}
		if err := server.Exec(ctx, "RENAME TABLE "+strings.Join(append(out, in...), ", ")); err != nil {
			return err
		}
	}
	return nil
}

// swap puts the new tables in place. Foreign keys follow the tables that they refer to: those among the new tables as
// intended, and those of remaining tables go with the earlier tables until adopt.
func (l *loading) swap(ctx context.Context) error {
	var all []exchange
	l.touched = time.Now()
	if err := l.server.Exec(ctx, waitForClients()); err != nil {
		return err
	}
	for _, st := range l.stages {
		if err := l.ensureSchema(ctx, st); err != nil {
			return err
		}
		if err := dropTriggers(ctx, l.server, st.fresh, func(string) bool { return true }); err != nil {
			return err
		}
		if err := l.setTriggersAside(ctx, st); err != nil {
			return err
		}
		for _, t := range st.tables {
			e := exchange{in: move{st.fresh, st.As, t.name}}
			if t.replaces {
				e.out = move{st.As, st.old, t.name}
			}
			all = append(all, e)
		}
	}
	if err := l.server.Exec(ctx, "SET SESSION foreign_key_checks = 1"); err != nil {
		return err
	}
	if err := rename(ctx, l.server, all); err != nil {
		return fmt.Errorf("give the loaded tables their places: %w", err)
	}
	return nil
}

// putBack undoes as much of swap as was done.
func (l *loading) putBack(ctx context.Context, server *mariadb.Client) error {
	var all []exchange
	for _, st := range l.stages {
		waiting, err := tablesOf(ctx, server, st.fresh)
		if err != nil {
			return err
		}
		aside, err := tablesOf(ctx, server, st.old)
		if err != nil {
			return err
		}
		var arrived []string
		for _, t := range st.tables {
			var e exchange
			if _, waits := waiting[t.name]; !waits {
				e.out = move{st.As, st.fresh, t.name}
				arrived = append(arrived, t.name)
				l.wentBack = true
			}
			if _, is := aside[t.name]; is {
				e.in = move{st.old, st.As, t.name}
			}
			if e != (exchange{}) {
				all = append(all, e)
			}
		}
		ours := func(table string) bool { return slices.Contains(arrived, table) }
		if err := dropTriggers(ctx, server, st.As, ours); err != nil {
			return err
		}
	}
	return rename(ctx, server, all)
}

// adopt makes the foreign keys of remaining tables refer to the new tables. They refer to the earlier table, and to its
// name once that is dropped; a table that takes that name becomes theirs, and they follow it to its place.
func (l *loading) adopt(ctx context.Context) error {
	if err := l.server.Exec(ctx, "SET SESSION foreign_key_checks = 0"); err != nil {
		return err
	}
	for st, names := range l.referred {
		for _, name := range names {
			table := sqldump.QuoteName(st.old) + "." + sqldump.QuoteName(name)
			if err := l.server.Exec(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
				return fmt.Errorf("remove the earlier %s.%s: %w", st.As, name, err)
			}
			if err := rename(ctx, l.server, []exchange{{move{st.As, st.old, name},
				move{st.old, st.As, name}}}); err != nil {
				return fmt.Errorf("have the foreign keys refer to %s.%s: %w", st.As, name, err)
			}
		}
	}
	return nil
}

// findReferred finds the earlier tables that remaining tables refer to.
func (l *loading) findReferred(ctx context.Context) error {
	l.referred = map[*stage][]string{}
	for _, st := range l.stages {
		some, err := l.server.Rows(ctx, "SELECT COUNT(*) FROM information_schema.innodb_sys_foreign WHERE ref_name"+
			" LIKE ?"+
			" AND for_name NOT LIKE ?", likeFolder(st.old), likeFolder(st.old))
		if mariadb.ErrorNumber(err) == 0 && err != nil {
			return err
		}
		// For an account that may not read that table the server opens all tables.
		if err == nil && some[0][0] == "0" {
			continue
		}
		rows, err := l.server.Rows(ctx, "SELECT DISTINCT referenced_table_name, constraint_schema, table_name FROM"+
			" information_schema.referential_constraints WHERE unique_constraint_schema = ? AND constraint_schema <> ?",
			st.old, st.old)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if !slices.Contains(l.referred[st], row[0]) {
				l.referred[st] = append(l.referred[st], row[0])
			}
			l.warn("a foreign key of %s.%s leads to %s.%s, which was replaced: it was not checked whether it has every"+
				" row that "+
				"is referred to", excerpt.Of(row[1]), excerpt.Of(row[2]), excerpt.Of(st.As), excerpt.Of(row[0]))
		}
	}
	return nil
}

// likeFolder returns a pattern for InnoDB's names of the tables of a schema.
func likeFolder(schema string) string { return strings.ReplaceAll(schema, "_", `\_`) + "/%" }
