// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

// Part is what is taken of a dump: a schema, or some of its tables, under a name of its own.
type Part struct {
	Schema string
	Tables []string // empty for all, with views, routines and events
	As     string   // the schema's name where it is loaded
}

// Options say what is taken of a set.
type Options struct {
	Parts []Part
	// Definers are accounts, as root@localhost, that views and programs of the set may run as although they may do more
	// than these schemas need.
	Definers []string
	// Convert loads tables of engines that Galera does not replicate as InnoDB. Without it they are refused.
	Convert bool
	// Check ends before anything is changed.
	Check bool
	// Open logs in to the same server again, to clean up where the connection that loads is lost.
	Open func(context.Context) (*galera.Client, error)
	// Tell is told of the bytes read.
	Tell func(int64)
}

// Loaded is what was loaded.
type Loaded struct {
	Tables []LoadedTable `json:"tables"`
	// Said is what else happened; Warnings are what the operator has to know or to do.
	Said     []string `json:"-"`
	Warnings []string `json:"-"`
}

// LoadedTable is a table or a sequence with the rows that were loaded. InUse says that it took the place of one that
// was there, so that clients may have changed it since.
type LoadedTable struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	InUse  bool   `json:"in_use"`
}

// Load brings the parts of a logical set to a running server, and reads the dump back to its end before. No client
// runs: statement by statement goes to the server, and none that a dump does not hold. The rows go to schemas of our
// own; their tables take the places of those that are there when all of them are loaded, so that a failure before costs
// nothing.
func Load(ctx context.Context, s *repository.Set, server *galera.Client, o Options) (*Loaded, error) {
	version, err := loadable(ctx, s, server, o)
	if err != nil {
		return nil, err
	}
	// A damaged or forged dump must not have been loaded up to where that shows.
	seen := newSurvey(o.Parts)
	if err := through(ctx, s, version, seen.choice, o.Tell); err != nil {
		return nil, err
	}
	if err := errors.Join(seen.missing(), seen.wrong); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(), err)
	}
	if err := seen.checkDefiners(ctx, server, o.Definers); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(), err)
	}
	l := &loading{set: s, server: server, version: version, Options: o, seen: seen}
	l.done = &Loaded{Tables: []LoadedTable{}}
	if err := l.fits(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w; nothing was changed", s.Path(), err)
	}
	if o.Check {
		return l.done, nil
	}
	return l.done, l.run(ctx)
}

// loadable says by which version of a server the dump is read, or why it cannot be loaded.
func loadable(ctx context.Context, s *repository.Set, server *galera.Client, o Options) (version string, err error) {
	if s.Manifest.Method != "logical" {
		return "", fmt.Errorf("%s is a %s set: parts can be taken of a logical one only", s.Path(), s.Manifest.Method)
	}
	for i, p := range o.Parts {
		if err := holds(s, p); err != nil {
			return "", err
		}
		if slices.ContainsFunc(o.Parts[:i], func(other Part) bool { return strings.EqualFold(other.As, p.As) }) {
			return "", fmt.Errorf("two schemas of the set are to be loaded as %q: give each a name of its own", excerpt.Of(p.As))
		}
	}
	text, err := server.Value(ctx, "SELECT VERSION()")
	if err != nil {
		return "", err
	}
	version, want := galera.Release(text), galera.Release(s.Manifest.Server.Version)
	if version == "" || galera.Series(version) != galera.Series(want) {
		return "", fmt.Errorf("the server here is of version %s, and the set of %s: only the same series reads it; take a host that has it",
			text, s.Manifest.Server.Version)
	}
	return version, nil
}

func holds(s *repository.Set, p Part) error {
	names := make([]string, 0, len(s.Manifest.Schema.Tables))
	for name := range s.Manifest.Schema.Tables {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.Contains(names, p.Schema) {
		return fmt.Errorf("%s holds no schema %q; it holds %s", s.Path(), excerpt.Of(p.Schema), excerpt.UpTo(1000,
			strings.Join(names, ", ")))
	}
	if sqldump.System(p.Schema) || sqldump.System(p.As) {
		return fmt.Errorf("the schema %q as %q: a schema of the server's own is not loaded", p.Schema, p.As)
	}
	return nil
}

// through reads the dump back, statement by statement.
func through(ctx context.Context, s *repository.Set, version string, c *choice, tell func(int64)) error {
	reader := sqldump.NewReader(version, c.take)
	f := s.Manifest.Data()
	bad, err := s.ReadFile(ctx, f, reader, tell)
	if bad == nil && err == nil {
		err = reader.Close()
	}
	var odd *sqldump.Refusal
	if errors.As(err, &odd) {
		bad = &repository.Problem{Kind: repository.NotLoading, File: f.Name, Line: odd.Line, Reason: odd.Reason()}
	}
	if bad != nil {
		return &repository.Unusable{Path: s.Path(), Problem: *bad}
	}
	return err
}
