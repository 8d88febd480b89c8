// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

// loading is a load of parts that is under way.
type loading struct {
	Options
	set          *repository.Set
	server       *galera.Client
	ctx          context.Context
	version      string
	connection   string // its number on the server
	seen         *survey
	chosen       *choice
	convert      []string // the engines that are not converted; empty when none is
	stages       []*stage
	schemas      map[string]string // the CREATE DATABASE, by the part's As
	using        string            // the session's schema
	warned       string            // the table of which the last warning of changed values was
	later        []deferred
	programBytes int                // of them
	replaced     map[[3]string]bool // views and programs, by kind, schema and name
	triggers     []aside            // that the tables had that are replaced
	referred     map[*stage][]string
	// programsBefore are what the dump's views and programs replace.
	programsBefore []aside
	phase          phase
	// touched is when what was there began to change, and wentBack says that loaded tables had their places.
	touched  time.Time
	wentBack bool
	done     *Loaded
	events   []eventLoaded
}

// phase is how far a load has come, by what undoes it.
type phase int

const (
	staging  phase = iota // nothing that was there is touched
	swapping              // triggers are aside, tables may have changed places; what was there is in a schema of ours
	adopting              // earlier tables are being removed; triggers may be missing
	removing              // all is loaded
)

// deferred is a statement that is sent when the tables have their places.
type deferred struct {
	sqldump.Statement
	text string
	part *Part
}

// run loads the parts, and leaves what was there as it was where that fails.
func (l *loading) run(ctx context.Context) error {
	l.ctx, l.schemas, l.replaced = ctx, map[string]string{}, map[[3]string]bool{}
	err := l.lock(ctx)
	if err == nil {
		err = l.clean(ctx)
	}
	if err != nil {
		return fmt.Errorf("load the dump: %w; nothing was changed", err)
	}
	err = l.steps(ctx)
	if err == nil {
		_ = l.server.Exec(ctx, "DO RELEASE_LOCK(?)", stageLock)
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return l.failed(fmt.Errorf("load the dump: %w", err))
}

func (l *loading) steps(ctx context.Context) error {
	if err := replay.Prepare(ctx, l.server); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	l.chosen = newChoice(l.Parts, nil)
	l.chosen.pass = l.take
	if err := through(ctx, l.set, l.version, l.chosen, l.Tell); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{l.commit, l.plain, l.listStaged, l.count, l.keepPrograms} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	l.phase = swapping
	for _, step := range []func(context.Context) error{l.swap, l.findReferred} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return l.programs(ctx)
}

func (l *loading) warn(format string, args ...any) {
	l.done.Warnings = append(l.done.Warnings, fmt.Sprintf(format, args...))
}

// plain takes back what the dump has set of the session: by sql_mode and character set names and SHOW CREATE are read in
// another way.
func (l *loading) plain(ctx context.Context) error {
	return l.server.Exec(ctx, "SET NAMES utf8mb4, sql_mode = '', time_zone = DEFAULT, autocommit = 1")
}

func (l *loading) commit(ctx context.Context) error { return l.server.Exec(ctx, "COMMIT") }

// rounds are the views and programs that are made together. A trigger must not be on a table while foreign keys are led
// to it. Nothing comes after an event: one that was made again runs on no other node.
var rounds = []func(does string) bool{
	func(does string) bool { return does != "CREATE TRIGGER" && does != "CREATE EVENT" },
	func(does string) bool { return does == "CREATE TRIGGER" },
	func(does string) bool { return does == "CREATE EVENT" },
}

// programs makes views and programs, has events run, and removes the earlier tables.
func (l *loading) programs(ctx context.Context) error {
	for i, wanted := range rounds {
		if err := l.send(ctx, wanted); err != nil {
			return err
		}
		if i > 0 || len(l.referred) == 0 {
			continue
		}
		l.phase = adopting
		if err := l.adopt(ctx); err != nil {
			return err
		}
	}
	l.enableEvents(ctx)
	l.phase = removing
	return l.removeStages(ctx, l.server)
}

// send sends what waited for the tables: the views and programs of a round, and the settings as far as the last of them.
func (l *loading) send(ctx context.Context, wanted func(does string) bool) error {
	l.using = ""
	makes := func(i int) bool {
		s := l.later[i]
		return (s.Kind == sqldump.View || s.Kind == sqldump.Program) && strings.HasPrefix(s.Does, "CREATE ") && wanted(s.Does)
	}
	last := len(l.later) - 1
	for last >= 0 && !makes(last) {
		last--
	}
	collated := false
	for i, s := range l.later {
		if i > last && !collated {
			break
		}
		var err error
		switch {
		case s.Kind == sqldump.Session:
			err = replay.Send(ctx, l.server, s.Statement, s.text)
		case s.Kind == sqldump.Collate && (collated || i < last && makes(i+1)):
			collated = !collated
			err = replay.Send(ctx, l.server, s.Statement, s.text)
		case makes(i):
			err = l.make(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	if err := l.commit(ctx); err != nil {
		return err
	}
	return l.plain(ctx)
}

// make makes a view or program in the place of the one that has its name. The schema is there.
func (l *loading) make(ctx context.Context, s deferred) error {
	l.replaced[keyOf(s)] = true
	if s.Does != "CREATE EVENT" {
		return l.sendIn(s.part.As, s.Statement, orReplace(s.text))
	}
	l.events = append(l.events, eventLoaded{set: s.Schema, schema: s.part.As, name: s.Name, event: s.Event})
	if err := l.use(s.part.As); err != nil {
		return err
	}
	left, err := replay.CreateEvent(ctx, l.server, s.Statement, orReplace(s.text))
	if left != "" {
		l.warn("%s", left)
	}
	return err
}

// keyOf names what a statement makes, by kind, schema and name.
func keyOf(s deferred) [3]string {
	return [3]string{strings.TrimPrefix(s.Does, "CREATE "), s.part.As, s.Name}
}

// orReplace has a view or program replace the one of its name, which stays where that fails, and so do the grants on
// it.
func orReplace(text string) string {
	if rest, creates := strings.CutPrefix(text, "CREATE "); creates {
		return "CREATE OR REPLACE " + rest
	}
	return text
}

// removeStages removes the schemas of ours with all that is in them.
func (l *loading) removeStages(ctx context.Context, server *galera.Client) error {
	if err := server.Exec(ctx, "SET SESSION foreign_key_checks = 0"); err != nil {
		return err
	}
	for _, st := range l.stages {
		for _, schema := range []string{st.fresh, st.old} {
			if err := server.Exec(ctx, "DROP DATABASE IF EXISTS "+schema); err != nil {
				return fmt.Errorf("remove the schema %s: %w", schema, err)
			}
		}
	}
	return nil
}

// removeMade removes what was made besides tables: schemas that were not there, and sequences that had to be there
// first.
func (l *loading) removeMade(ctx context.Context, server *galera.Client) error {
	for _, st := range l.stages {
		if st.madeSchema {
			if err := server.Exec(ctx, "DROP DATABASE IF EXISTS "+sqldump.QuoteName(st.As)); err != nil {
				return fmt.Errorf("remove the schema %s: %w", excerpt.Of(st.As), err)
			}
			continue
		}
		for _, name := range st.madeFirst {
			sequence := sqldump.QuoteName(st.As) + "." + sqldump.QuoteName(name)
			if err := server.Exec(ctx, "DROP SEQUENCE IF EXISTS "+sequence); err != nil {
				return fmt.Errorf("remove the sequence %s.%s: %w", excerpt.Of(st.As), excerpt.Of(name), err)
			}
		}
	}
	return nil
}

var errAgain = errors.New("the server cannot be reached again")
