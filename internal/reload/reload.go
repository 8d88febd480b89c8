// SPDX-License-Identifier: GPL-3.0-or-later

// Package reload loads schemas of a logical set into a server that clients use. The rows go into schemas of our own;
// when all of them are loaded, their tables change places with those in use, in one RENAME. A failure before or after
// that is undone, and the error says where each table is.
package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// Load loads parts of a logical set into a running server, after it has read the dump back to its end. No client
// program runs: the server gets one statement at a time, and only statements that mariadb-dump writes. The rows go into
// schemas of our own, whose tables replace the existing ones when all of them are loaded, so that an earlier failure
// costs nothing.
func Load(ctx context.Context, s *repository.Set, server *mariadb.Client, o Options) (*Loaded, error) {
	version, err := loadable(ctx, s, server, o)
	if err != nil {
		return nil, err
	}
	// A damaged or forged dump must not have been loaded up to where that shows.
	seen := part.NewSurvey(o.Parts)
	if err := readDump(ctx, s, version, seen.Choice, o.Progress); err != nil {
		return nil, err
	}
	if err := errors.Join(seen.Missing(), seen.Wrong); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(), err)
	}
	if err := checkDefiners(ctx, server, seen.Choice, o.Definers); err != nil {
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

// loadable returns the server version for which the dump is read, or the reason why it cannot be loaded.
func loadable(ctx context.Context, s *repository.Set, server *mariadb.Client, o Options) (version string, err error) {
	if s.Manifest.Method != "logical" {
		return "", fmt.Errorf("%s is a %s set: parts can be loaded only from a logical one", s.Path(),
			s.Manifest.Method)
	}
	for i, p := range o.Parts {
		if err := checkPart(s, p); err != nil {
			return "", err
		}
		if slices.ContainsFunc(o.Parts[:i], func(other Part) bool { return strings.EqualFold(other.As, p.As) }) {
			return "", fmt.Errorf("two schemas of the set are to be loaded as %q: give each a name of its own",
				excerpt.Of(p.As))
		}
	}
	text, err := server.Value(ctx, "SELECT VERSION()")
	if err != nil {
		return "", err
	}
	version, want := galera.Release(text), galera.Release(s.Manifest.Server.Version)
	if version == "" || galera.Series(version) != galera.Series(want) {
		return "", fmt.Errorf("the server here is of version %s, and the set of %s: only the same series reads it;"+
			" use a host that has it",
			text, s.Manifest.Server.Version)
	}
	return version, nil
}

func checkPart(s *repository.Set, p Part) error {
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
		return fmt.Errorf("the schema %q as %q: a schema of the server itself is not loaded", p.Schema, p.As)
	}
	return nil
}

// readDump reads the dump back, statement by statement.
func readDump(ctx context.Context, s *repository.Set, version string, c *part.Choice, progress func(int64)) error {
	reader := sqldump.NewReader(version, c.Take)
	f := s.Manifest.Data()
	bad, err := s.ReadFile(ctx, f, reader, progress)
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
