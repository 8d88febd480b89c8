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
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/sqldump"
)

// stage is where a part waits until all of it is loaded: a schema for the new tables and one for those whose places
// they take.
type stage struct {
	Part
	fresh, old string // the schemas of ours
	madeSchema bool   // Part.As was not there before
	madeFirst  []string
	tables     []staged
}

// staged is a table or sequence of a stage.
type staged struct {
	name, kind string
	replaces   bool // one that is there
	dump       found
}

// stagePattern are the names of such schemas.
const stagePattern = "^overcloud_load_[0-9a-f]{8}_[0-9]+_(new|old)$"

// stageLock is held by the session that loads, so that what is left of others is nobody's.
const stageLock = "overcloud_load"

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

// prepare makes the schemas of ours, each with a mark that says so.
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
				return fmt.Errorf("make the schema %s: %w", schema, err)
			}
			// What is dropped before its successor is there is kept in it as statements.
			err := l.server.Exec(ctx, "CREATE TABLE "+schema+"."+markName+" (n INT AUTO_INCREMENT PRIMARY KEY,"+
				" statement LONGTEXT NOT NULL) ENGINE=InnoDB CHARSET=utf8mb4 COMMENT = ?", markOf(host))
			if err != nil {
				return fmt.Errorf("mark the schema %s: %w", schema, err)
			}
		}
	}
	return l.alone(ctx, host)
}

// markOf is the mark of a host's loads.
func markOf(host string) string { return markStem + host }

const markStem = "of a load by overcloud.backup on "

// alone refuses a load beside one through another member: each would put back, or remove, what the other one has moved.
// Both have made their schemas in the one order of the cluster, so that one of them sees the other's.
func (l *loading) alone(ctx context.Context, host string) error {
	rows, err := l.server.Rows(ctx, "SELECT schema_name, COALESCE((SELECT table_comment FROM information_schema.tables"+
		" WHERE table_schema = schema_name AND table_name = ?), '') FROM information_schema.schemata"+
		" WHERE schema_name REGEXP ?", markName, stagePattern)
	if err != nil {
		return err
	}
	for _, row := range rows {
		ours := slices.ContainsFunc(l.stages, func(s *stage) bool { return row[0] == s.fresh || row[0] == s.old })
		if by, marked := strings.CutPrefix(row[1], markStem); !ours && marked && by != host {
			return fmt.Errorf("another load runs through %s, or was killed there: wait for its end, or load through that "+
				"server, which says what is left of it; %s is its schema", excerpt.Of(by), row[0])
		}
	}
	return nil
}

// stageOf is where a part is loaded that is loaded as the schema as.
func (l *loading) stageOf(as string) *stage {
	return l.stages[slices.IndexFunc(l.stages, func(s *stage) bool { return s.As == as })]
}

// take sends a statement of the dump to the part's stage, or keeps it for later. Triggers and routines go to both: what
// the server does not take is known before any table is replaced. An event would run, and a view may need what is not
// there yet.
func (l *loading) take(s sqldump.Statement, text string) error {
	if err := l.asBefore(s, text); err != nil {
		return err
	}
	if kept(s) {
		l.later = append(l.later, deferred{s, text, l.chosen.part})
	}
	if s.Kind == sqldump.Session {
		return errors.Join(replay.Send(l.ctx, l.server, s, text), replay.AllowInvalidDates(l.ctx, l.server, s))
	}
	st := l.stageOf(l.chosen.part.As)
	switch {
	case s.Kind == sqldump.Schema:
		l.schemas[st.As] = text
	case s.Kind == sqldump.Table || s.Kind == sqldump.Sequence:
		if s.Does == "CREATE SEQUENCE" && l.seen.qualified[st.As] {
			if err := l.sequenceFirst(st, s); err != nil {
				return err
			}
		}
		if err := l.sendIn(st.fresh, s, s.TableText(l.engineOf(s), l.schemaOf(st))); err != nil {
			return err
		}
		return l.values(s)
	case s.Kind == sqldump.Program && strings.HasPrefix(s.Does, "CREATE ") && s.Does != "CREATE EVENT" && !s.Qualified:
		return l.sendIn(st.fresh, s, s.Text)
	}
	return nil
}

// values warns of rows that did not go in as they are, once for each table.
func (l *loading) values(s sqldump.Statement) error {
	said, err := replay.ChangedValues(l.ctx, l.server, s)
	if table := s.Schema + "." + s.Name; said != "" && table != l.warned {
		l.warned = table
		l.warn("%s", said)
	}
	return err
}

// sendIn runs a statement in a schema, whatever the dump has said before it.
func (l *loading) sendIn(schema string, s sqldump.Statement, text string) error {
	if err := l.use(schema); err != nil {
		return err
	}
	return replay.Send(l.ctx, l.server, s, text)
}

func (l *loading) use(schema string) error {
	if l.using == schema {
		return nil
	}
	err := l.server.Exec(l.ctx, "USE "+sqldump.QuoteName(schema))
	if err == nil {
		l.using = schema
	}
	return err
}

// asBefore refuses a definer that was not there when the dump was read before, and more than there was to be kept: who
// can write to the destination can exchange the file between.
func (l *loading) asBefore(s sqldump.Statement, text string) error {
	if kept(s) {
		l.programBytes += len(text)
	}
	if l.programBytes > l.seen.programs {
		return fmt.Errorf("line %d: the dump is not the one that was read before: it has more views and programs", s.Line)
	}
	if s.Definer == nil || s.Invoker {
		return nil
	}
	if !l.seen.noted[definerUse{*s.Definer, s.Schema, s.Does == "CREATE EVENT"}] {
		return fmt.Errorf("line %d: the dump is not the one that was read before: it names the definer %s", s.Line, s.Definer)
	}
	return nil
}

// schemaOf gives the schema of each table that a foreign key of the stage refers to and that is not loaded with it: a
// table of the part's schema, or one that nobody has. A reference without a schema would be to the stage for good.
func (l *loading) schemaOf(st *stage) func(table string) string {
	return func(table string) string {
		if l.seen.object(st.As, table).what == sqldump.Table {
			return ""
		}
		return st.As
	}
}

// sequenceFirst makes a sequence under its own name, too, where there is none: a default names it with its schema.
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

// ensureSchema makes the schema of the part, as the dump has it.
func (l *loading) ensureSchema(ctx context.Context, st *stage) error {
	there, err := l.server.Rows(ctx, "SELECT 1 FROM information_schema.schemata WHERE BINARY schema_name = ?", st.As)
	if err != nil || len(there) > 0 {
		return err
	}
	text := l.schemas[st.As]
	if text == "" {
		return fmt.Errorf("the dump does not make the schema %s", excerpt.Of(st.As))
	}
	st.madeSchema = true
	return l.server.Exec(ctx, text)
}

// count holds the rows of each staged table against those of the dump.
func (l *loading) count(ctx context.Context) error {
	for _, st := range l.stages {
		for _, t := range st.tables {
			if t.kind == "SEQUENCE" {
				l.done.Tables = append(l.done.Tables, LoadedTable{Schema: st.As, Name: t.name, Rows: 1, InUse: t.replaces})
				continue
			}
			rows, err := countRows(ctx, l.server, st.fresh, t.name, t.kind)
			if err != nil {
				return fmt.Errorf("count the rows of %s.%s: %w", excerpt.Of(st.As), excerpt.Of(t.name), err)
			}
			if rows != t.dump.rows && !strings.EqualFold(t.dump.engine, "blackhole") {
				return fmt.Errorf("line %d: the dump has %d rows of the table %s.%s, and %d were loaded", t.dump.line, t.dump.rows,
					excerpt.Of(st.As), excerpt.Of(t.name), rows)
			}
			l.done.Tables = append(l.done.Tables, LoadedTable{Schema: st.As, Name: t.name, Rows: rows, InUse: t.replaces})
		}
	}
	return nil
}

// listStaged reads what was loaded, and what of it replaces something.
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
			st.tables = append(st.tables, staged{name: name, kind: kind, replaces: replaces, dump: l.seen.object(st.As, name)})
		}
		slices.SortFunc(st.tables, func(a, b staged) int { return strings.Compare(a.name, b.name) })
	}
	return nil
}

// ofSchema is the condition that takes a schema's name twice. By the first the server opens that schema alone; the
// second is exact, where a collation takes other names for the same.
func ofSchema(column string) string { return column + " = ? AND BINARY " + column + " = ?" }

// tablesOf are a schema's tables and sequences with their kinds, without our mark.
func tablesOf(ctx context.Context, server *galera.Client, schema string) (map[string]string, error) {
	tables := map[string]string{}
	rows, err := server.Rows(ctx, "SELECT table_name, table_type FROM information_schema.tables WHERE "+
		ofSchema("table_schema")+" AND table_type <> 'VIEW'", schema, schema)
	for _, row := range rows {
		if row[0] != markName {
			tables[row[0]] = row[1]
		}
	}
	return tables, err
}

// countRows counts a table's rows, of a system-versioned one those of before, too.
func countRows(ctx context.Context, server *galera.Client, schema, name, kind string) (int64, error) {
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
