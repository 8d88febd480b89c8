// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// lock makes this the only load through this server.
func (l *loading) lock(ctx context.Context) error {
	got, err := l.server.Value(ctx, "SELECT GET_LOCK(?, 0)", stageLock)
	if err == nil && got != "1" {
		err = errors.New("another load runs through this server: wait for its end")
	}
	if err == nil {
		l.connection, err = l.server.Value(ctx, "SELECT CONNECTION_ID()")
	}
	return err
}

// prepare creates our schemas, each with a mark that identifies it.
func (l *loading) prepare(ctx context.Context) error {
	id := make([]byte, 4)
	_, _ = rand.Read(id)
	host, err := l.server.Value(ctx, "SELECT @@hostname")
	if err != nil {
		return err
	}
	for i, p := range l.Parts {
		stem := fmt.Sprintf("overcloud_load_%s_%d_", hex.EncodeToString(id), i)
		l.stages = append(l.stages, &stage{Part: p, fresh: stem + "new", old: stem + "old"})
		for _, schema := range []string{stem + "new", stem + "old"} {
			if err := l.server.Exec(ctx, "CREATE DATABASE "+schema); err != nil {
				return fmt.Errorf("create the schema %s: %w", schema, err)
			}
			// It keeps the statements of everything that is dropped before its successor exists.
			err := l.server.Exec(ctx, "CREATE TABLE "+schema+"."+part.MarkName+" (n INT AUTO_INCREMENT PRIMARY KEY,"+
				" statement LONGTEXT NOT NULL) ENGINE=InnoDB CHARSET=utf8mb4 COMMENT = ?", markOf(host))
			if err != nil {
				return fmt.Errorf("mark the schema %s: %w", schema, err)
			}
		}
	}
	return l.checkOtherMembers(ctx, host)
}

// markOf is the mark of a host's loads.
func markOf(host string) string { return markStem + host }

const markStem = "of a load by overcloud.backup on "

// checkOtherMembers refuses to load while a load runs through another member: each would put back, or remove, what the
// other one moved. Both create their schemas in the one order of the cluster, so one of them sees the schemas of the
// other.
func (l *loading) checkOtherMembers(ctx context.Context, host string) error {
	rows, err := l.server.Rows(ctx, "SELECT schema_name, COALESCE((SELECT table_comment FROM information_schema.tables"+
		" WHERE table_schema = schema_name AND table_name = ?), '') FROM information_schema.schemata"+
		" WHERE schema_name REGEXP ?", part.MarkName, stagePattern)
	if err != nil {
		return err
	}
	for _, row := range rows {
		ours := slices.ContainsFunc(l.stages, func(s *stage) bool { return row[0] == s.fresh || row[0] == s.old })
		if by, marked := strings.CutPrefix(row[1], markStem); !ours && marked && by != host {
			return fmt.Errorf("another load runs through %s, or was killed there: wait for its end, or load through"+
				" that "+
				"server, which says what is left of it; %s is its schema", excerpt.Of(by), row[0])
		}
	}
	return nil
}

// take sends a statement of the dump to the stage of its part, or keeps it for later. Triggers and routines do both:
// this way a statement that the server refuses is known before any table is replaced. An event would run, and a view
// may need what does not exist yet.
func (l *loading) take(s sqldump.Statement, text string) error {
	if err := l.checkUnchanged(s, text); err != nil {
		return err
	}
	if part.Kept(s) {
		l.later = append(l.later, deferred{s, text, l.chosen.Part})
	}
	if s.Kind == sqldump.Session {
		if err := l.session.Send(l.ctx, s, text); err != nil {
			return err
		}
		return l.session.Sent(l.ctx, s)
	}
	st := l.stageOf(l.chosen.Part.As)
	switch {
	case s.Kind == sqldump.Schema:
		l.schemas[st.As] = text
	case s.Kind == sqldump.Table || s.Kind == sqldump.Sequence:
		if s.Does == "CREATE SEQUENCE" && l.seen.Qualified[st.As] {
			if err := l.sequenceFirst(st, s); err != nil {
				return err
			}
		}
		if err := l.sendIn(st.fresh, s, s.TableText(l.engineOf(s), l.schemaOf(st))); err != nil {
			return err
		}
		return l.session.Sent(l.ctx, s)
	case s.Kind == sqldump.Program && strings.HasPrefix(s.Does, "CREATE ") && s.Does != "CREATE EVENT" && !s.Qualified:
		return l.sendIn(st.fresh, s, s.Text)
	}
	return nil
}

// checkUnchanged refuses a definer that was not in the dump at the first reading, and more programs than there were:
// anyone who can write to the destination can exchange the file between the two readings.
func (l *loading) checkUnchanged(s sqldump.Statement, text string) error {
	if part.Kept(s) {
		l.programBytes += len(text)
	}
	if l.programBytes > l.seen.Programs {
		return fmt.Errorf("line %d: the dump is not the one that was read before: it has more views and programs",
			s.Line)
	}
	if s.Definer == nil || s.Invoker {
		return nil
	}
	if !l.seen.Names(s) {
		return fmt.Errorf("line %d: the dump is not the one that was read before: it names the definer %s", s.Line,
			s.Definer)
	}
	return nil
}

// schemaOf returns the schema of each table that a foreign key of the stage refers to and that is not loaded with it: a
// table of the part's schema, or none. A reference without a schema would permanently refer to the stage.
func (l *loading) schemaOf(st *stage) func(table string) string {
	return func(table string) string {
		if l.seen.Object(st.As, table).What == sqldump.Table {
			return ""
		}
		return st.As
	}
}

// sequenceFirst creates a sequence under its final name, too, if there is none: a default names it with its schema.
func (l *loading) sequenceFirst(st *stage, s sqldump.Statement) error {
	if err := l.ensureSchema(l.ctx, st); err != nil {
		return err
	}
	there, err := l.server.Rows(l.ctx, "SELECT 1 FROM information_schema.tables WHERE "+ofSchema("table_schema")+
		" AND BINARY table_name = ?", st.As, st.As, s.Name)
	if err != nil || len(there) > 0 {
		return err
	}
	st.madeFirst = append(st.madeFirst, s.Name)
	return l.sendIn(st.As, s, s.TableText(l.engineOf(s), l.schemaOf(st)))
}

// count compares the rows of each staged table with those of the dump.
func (l *loading) count(ctx context.Context) error {
	for _, st := range l.stages {
		for _, t := range st.tables {
			if t.kind == "SEQUENCE" {
				l.done.Tables = append(l.done.Tables, LoadedTable{Schema: st.As, Name: t.name, Rows: 1,
					InUse: t.replaces})
				continue
			}
			rows, err := countRows(ctx, l.server, st.fresh, t.name, t.kind)
			if err != nil {
				return fmt.Errorf("count the rows of %s.%s: %w", excerpt.Of(st.As), excerpt.Of(t.name), err)
			}
			if rows != t.dump.Rows && !strings.EqualFold(t.dump.Engine, "blackhole") {
				return fmt.Errorf("line %d: the dump has %s of the table %s.%s, and loaded were %d", t.dump.Line,
					quantity.Count(t.dump.Rows, "row"), excerpt.Of(st.As), excerpt.Of(t.name), rows)
			}
			l.done.Tables = append(l.done.Tables, LoadedTable{Schema: st.As, Name: t.name, Rows: rows,
				InUse: t.replaces})
		}
	}
	return nil
}

// listStaged reads what was loaded, and which of it replaces something.
func (l *loading) listStaged(ctx context.Context) error {
	for _, st := range l.stages {
		have, err := tablesOf(ctx, l.server, st.As)
		if err != nil {
			return err
		}
		loaded, err := tablesOf(ctx, l.server, st.fresh)
		if err != nil {
			return err
		}
		for name, kind := range loaded {
			_, replaces := have[name]
			st.tables = append(st.tables, staged{name: name, kind: kind, replaces: replaces,
				dump: l.seen.Object(st.As, name)})
		}
		slices.SortFunc(st.tables, func(a, b staged) int { return strings.Compare(a.name, b.name) })
	}
	return nil
}
