// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// run loads the parts; if that fails, it restores what was there.
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
	var err error
	if l.session, err = replay.Prepare(ctx, l.server, l.warn, refuse); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	l.chosen = part.NewChoice(l.Parts, nil)
	l.chosen.Pass = l.take
	if err := readDump(ctx, l.set, l.version, l.chosen, l.Progress); err != nil {
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

// rounds are the views and programs that are created together. A table must have no trigger while foreign keys are
// redirected to it. Nothing may follow the events: one that was created again runs on no other node.
var rounds = []func(does string) bool{
	func(does string) bool { return does != "CREATE TRIGGER" && does != "CREATE EVENT" },
	func(does string) bool { return does == "CREATE TRIGGER" },
	func(does string) bool { return does == "CREATE EVENT" },
}

// programs creates views and programs, enables events, and removes the earlier tables.
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

// send sends what had to wait for the tables: the views and programs of a round, and the settings up to the last of
// them.
func (l *loading) send(ctx context.Context, wanted func(does string) bool) error {
	l.using = ""
	makes := func(i int) bool {
		s := l.later[i]
		return (s.Kind == sqldump.View || s.Kind == sqldump.Program) && strings.HasPrefix(s.Does, "CREATE ") &&
			wanted(s.Does)
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
			err = l.session.Send(ctx, s.Statement, s.text)
		case s.Kind == sqldump.Collate && (collated || i < last && makes(i+1)):
			collated = !collated
			err = l.session.Send(ctx, s.Statement, s.text)
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

// make creates a view or program in place of the one with its name. The schema exists.
func (l *loading) make(ctx context.Context, s deferred) error {
	l.replaced[keyOf(s)] = true
	if s.Does != "CREATE EVENT" {
		return l.sendIn(s.part.As, s.Statement, orReplace(s.text))
	}
	l.events = append(l.events, eventLoaded{set: s.Schema, schema: s.part.As, name: s.Name, event: s.Event})
	if err := l.use(s.part.As); err != nil {
		return err
	}
	return l.session.CreateEvent(ctx, s.Statement, orReplace(s.text))
}

// removeStages removes our schemas with everything in them.
func (l *loading) removeStages(ctx context.Context, server *mariadb.Client) error {
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

// removeMade removes what was created in addition to tables: new schemas, and sequences that had to exist first.
func (l *loading) removeMade(ctx context.Context, server *mariadb.Client) error {
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
