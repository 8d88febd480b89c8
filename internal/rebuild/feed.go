// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

// feeding loads a logical set into a server.
type feeding struct {
	*Copy
	server *mariadb.Client
	stood  standIns
	// session is the same connection, prepared for a dump.
	session *replay.Session
	// rows is the table that rows were last inserted into.
	rows string
}

// step loads one kind of file, or some of its statements.
type step struct {
	content string
	reader  func(version string, take func(sqldump.Statement) error) *sqldump.Reader
	run     func(context.Context, sqldump.Statement) error
	again   bool // it was read back earlier
}

// all loads the files in the order of their dependencies: views and programs name accounts, events name time zones, and
// grants name tables, columns and routines.
func (l *feeding) all(ctx context.Context) (err error) {
	if l.session, err = replay.Prepare(ctx, l.server, l.Warn, refuse); err != nil {
		return err
	}
	for _, s := range []step{
		{repository.ContentUsers, sqldump.NewUsersReader, l.account, false},
		{repository.ContentSystem, sqldump.NewSystemReader, l.run, false},
		{repository.ContentDump, sqldump.NewReader, l.dumped, false},
		{repository.ContentUsers, sqldump.NewUsersReader, l.right, true},
	} {
		for _, f := range l.set.Manifest.Files {
			if f.Content != s.content {
				continue
			}
			if err := l.feed(ctx, f, s); err != nil {
				return err
			}
		}
	}
	return l.notLoaded(l.set.Manifest.Data(), l.stood.clear(ctx, l.server))
}

// feed sends the statements of a file to the server one by one. No client program runs, because a dump could make it do
// more.
func (l *feeding) feed(ctx context.Context, f repository.File, s step) error {
	reader := s.reader(l.tools.Version, func(st sqldump.Statement) error { return s.run(ctx, st) })
	progress := l.read
	if s.again {
		progress = func(int64) {}
	}
	bad, err := l.set.ReadFile(ctx, f, reader, progress)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case bad != nil:
		return damagedFile{unusable{*bad}}
	case err == nil:
		err = reader.Close()
	}
	return l.notLoaded(f, err)
}

// run executes a statement unchanged.
func (l *feeding) run(ctx context.Context, s sqldump.Statement) error {
	if len(s.Text) > longText {
		// A copy is sent. The buffer that it was copied from must not stay in memory with it.
		runtime.GC()
		defer debug.FreeOSMemory()
	}
	return l.session.Send(ctx, s, s.Text)
}

// refuse describes a statement that the server does not accept.
func refuse(s sqldump.Statement, err error) error {
	if s.Kind == sqldump.Account || s.Kind == sqldump.Servers {
		err = redacted{err}
	}
	return &refused{s, err}
}

// redacted is the server's error about a statement with a password or its hash, without the part that quotes the
// statement.
type redacted struct{ error }

func (d redacted) Unwrap() error { return d.error }

func (d redacted) Error() string {
	text := d.error.Error()
	if at := quotes.FindStringIndex(text); at != nil {
		text = text[:at[0]] + "..."
	}
	return text
}

// quotes finds where errors 1064 and 1470 begin to quote.
var quotes = regexp.MustCompile(`(?i)\b(near|string) '`)

// longText is the length from which memory has no room for a third copy of a statement.
const longText = 64 << 20

// refused is a statement that the server does not accept.
type refused struct {
	sqldump.Statement
	err error
}

func (r *refused) Error() string { return fmt.Sprintf("line %d, %s: %v", r.Line, r.about(), r.err) }
func (r *refused) Unwrap() error { return r.err }

// about returns what the statement does, and to what.
func (r *refused) about() string {
	switch {
	case r.Kind == sqldump.Account:
		words, _, _ := strings.Cut(r.Text, " IDENTIFIED ")
		return excerpt.Of(words)
	case r.Kind == sqldump.Session:
		return r.Does
	}
	return r.Does + " " + excerpt.Of(strings.Trim(r.Schema+"."+r.Name, "."))
}

// account creates accounts and roles, and leaves everything else of users.sql for later.
func (l *feeding) account(ctx context.Context, s sqldump.Statement) error {
	if s.Does == "CREATE USER" || s.Does == "CREATE ROLE" {
		return l.run(ctx, s)
	}
	return nil
}

// objectMissing are the server's errors for a grant on a table, column or routine that does not exist. A server keeps
// such a grant when the table is dropped.
var objectMissing = []int{1054, 1146, 1147, 1305}

// right executes what account left for later.
func (l *feeding) right(ctx context.Context, s sqldump.Statement) error {
	if s.Does == "CREATE USER" || s.Does == "CREATE ROLE" {
		return nil
	}
	err := l.run(ctx, s)
	if s.Does == "GRANT" && slices.Contains(objectMissing, mariadb.ErrorNumber(err)) {
		l.Warn("users.sql, line %d: %s: its object does not exist, so it was not granted", s.Line,
			(&refused{Statement: s}).about())
		return nil
	}
	return err
}

// dumped executes a statement of the dump.
func (l *feeding) dumped(ctx context.Context, s sqldump.Statement) error {
	if err := l.stood.before(ctx, l.server, s); err != nil {
		return &refused{s, err}
	}
	if s.Event != nil {
		return l.session.CreateEvent(ctx, s, s.Text)
	}
	err := l.run(ctx, s)
	if err == nil {
		err = l.session.Sent(ctx, s)
	}
	if s.Does == "INSERT" || s.Does == "REPLACE" {
		l.rows = s.Schema + "." + s.Name
	}
	if mariadb.ErrorNumber(err) == duringCommit && l.rows != "" {
		err = &refused{s, fmt.Errorf("%w: a key of %s that must be unique has a value twice, "+
			"as a FLOAT has that a dump rounds", errors.Unwrap(err), excerpt.Of(l.rows))}
	}
	return err
}

// duringCommit is the server's error for a duplicate in a unique key that it was told not to check (unique_checks=0).
const duringCommit = 1180

// pluginMissing is the server's error for an account whose plugin is not loaded. That is not a fault of the set.
const pluginMissing = 1524

// notLoaded turns a statement that the server refuses, or that no dump contains, into a problem.
func (r *Copy) notLoaded(f repository.File, err error) error {
	var odd *sqldump.Refusal
	var refusal *refused
	number := mariadb.ErrorNumber(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqldump.ErrOutside):
		return fmt.Errorf("%w; verify a physical set instead", err)
	case errors.As(err, &odd):
		return unusable{repository.Problem{Kind: repository.NotLoading, File: f.Name, Line: odd.Line,
			Reason: odd.Reason()}}
	case number == pluginMissing:
		return fmt.Errorf("accounts of the set have a login plugin that the server here lacks; "+
			"install it, or use another host: %w", err)
	case errors.As(err, &refusal) && refusal.encrypted():
		return fmt.Errorf("%w (%s, line %d, %s)", ErrNoKey, f.Name, refusal.Line, refusal.about())
	case errors.As(err, &refusal) && number != 0 && !OutOfRoom(number):
		return unusable{repository.Problem{
			Kind: repository.NotLoading, File: f.Name, Line: refusal.Line, Object: refusal.about(),
			Reason: excerpt.UpTo(500, refusal.err.Error()),
		}}
	case number != 0:
		return err
	}
	return r.Blame(f.Name, "the set", fmt.Errorf("load the set: %w", err))
}
