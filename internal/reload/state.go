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
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// loading is a load in progress.
type loading struct {
	Options
	set          *repository.Set
	server       *mariadb.Client
	ctx          context.Context
	version      string
	connection   string // its number on the server
	seen         *part.Survey
	chosen       *part.Choice
	convert      []string // the engines that are not converted; empty when none is
	stages       []*stage
	schemas      map[string]string // the CREATE DATABASE, by the part's As
	using        string            // the session's schema
	session      *replay.Session   // the connection, prepared for a dump
	later        []deferred
	programBytes int                // of them
	replaced     map[[3]string]bool // views and programs, by kind, schema and name
	triggers     []savedObject      // of the tables that are replaced
	referred     map[*stage][]string
	// programsBefore are the views and programs that those of the dump replace.
	programsBefore []savedObject
	phase          phase
	// touched is when the existing objects began to change; wentBack reports that loaded tables were in place.
	touched  time.Time
	wentBack bool
	done     *Loaded
	events   []eventLoaded
}

// phase is how far a load has come, which decides how it is undone.
type phase int

const (
	staging  phase = iota // nothing existing is touched
	swapping              // triggers are aside, tables may have changed places; earlier tables are in a schema of ours
	adopting              // earlier tables are being removed; triggers may be missing
	removing              // all is loaded
)

// deferred is a statement that is sent when the tables are in place.
type deferred struct {
	sqldump.Statement
	text string
	part *Part
}

// refuse describes a statement that the server does not accept.
func refuse(s sqldump.Statement, err error) error {
	return fmt.Errorf("line %d, %s %s: %w", s.Line, s.Does, s.Name, err)
}

func (l *loading) warn(format string, args ...any) {
	l.done.Warnings = append(l.done.Warnings, fmt.Sprintf(format, args...))
}

// plain resets what the dump has set for the session: sql_mode and character set change how names and SHOW CREATE are
// read.
func (l *loading) plain(ctx context.Context) error {
	return l.server.Exec(ctx, "SET NAMES utf8mb4, sql_mode = '', time_zone = DEFAULT, autocommit = 1")
}

func (l *loading) commit(ctx context.Context) error { return l.server.Exec(ctx, "COMMIT") }

// keyOf identifies the object that a statement creates, by kind, schema and name.
func keyOf(s deferred) [3]string {
	return [3]string{strings.TrimPrefix(s.Does, "CREATE "), s.part.As, s.Name}
}

// orReplace makes a view or program replace the one with its name. If that fails, the earlier one stays, with the
// grants on it.
func orReplace(text string) string {
	if rest, creates := strings.CutPrefix(text, "CREATE "); creates {
		return "CREATE OR REPLACE " + rest
	}
	return text
}

// stage holds a part until all of it is loaded: one schema for the new tables and one for those that they replace.
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
	dump       part.Found
}

// stageOf returns the stage of the part that is loaded as the schema as.
func (l *loading) stageOf(as string) *stage {
	return l.stages[slices.IndexFunc(l.stages, func(s *stage) bool { return s.As == as })]
}

// sendIn executes a statement in a schema, whatever USE the dump had before it.
func (l *loading) sendIn(schema string, s sqldump.Statement, text string) error {
	if err := l.use(schema); err != nil {
		return err
	}
	return l.session.Send(l.ctx, s, text)
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

// ensureSchema creates the schema of the part as the dump does, if it does not exist.
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

// savedObject is a view or program as it was before the load, with the settings that its text depends on.
type savedObject struct {
	schema, kind, name             string
	table                          string // of a trigger
	had                            bool   // it existed
	mode, charset, collation, zone string
	text                           string
}

// eventLoaded is an event that was created, with the name of its schema in the set and here.
type eventLoaded struct {
	set, schema, name string
	event             *sqldump.Event
}

// clientsPatience is how many seconds a change of a table waits for clients that use it. Others wait behind it in the
// meantime, by default for a day on a server outside of a cluster.
var clientsPatience = 30

func waitForClients() string {
	return fmt.Sprintf("SET SESSION lock_wait_timeout = %d", clientsPatience)
}

// stagePattern matches the names of our schemas.
const stagePattern = "^overcloud_load_[0-9a-f]{8}_[0-9]+_(new|old)$"

// stageLock is held by the session that loads: the remains of other loads belong to nobody.
const stageLock = "overcloud_load"

// ours names the schemas that were created for the load.
func (l *loading) ours() string {
	var names []string
	for _, st := range l.stages {
		names = append(names, st.fresh, st.old)
	}
	return excerpt.UpTo(1000, strings.Join(names, ", "))
}

// names names the schemas that are loaded.
func (l *loading) names() string {
	names := make([]string, len(l.Parts))
	for i, p := range l.Parts {
		names[i] = excerpt.Of(p.As)
	}
	return strings.Join(names, ", ")
}

// describeLeftovers says where rows are that were not removed, and how to get them back.
func (l *loading) describeLeftovers() string {
	texts := make([]string, 0, len(l.stages))
	for _, st := range l.stages {
		texts = append(texts, fmt.Sprintf("what %s has of tables in %s is what was in %s before (RENAME TABLE %s.t TO"+
			" %s.t "+
			"brings one back; its triggers are the statements in %s.%s), and in %s what did not get its place",
			excerpt.Of(st.As), st.old, excerpt.Of(st.As), st.old, excerpt.Of(st.As), st.old, part.MarkName, st.fresh))
	}
	return strings.Join(texts, "; ")
}
