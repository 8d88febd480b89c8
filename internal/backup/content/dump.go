// SPDX-License-Identifier: GPL-3.0-or-later

// Package content finds out, before the data is read, what a set will contain, what a dump would lose or fail at, and
// how much room it needs.
package content

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// QueryLimit is the statement timeout that the server enforces on our queries about its tables.
const QueryLimit = time.Minute

// queryLimit is the statement timeout of queries about what a dump would lose. A query that reaches it
// becomes a warning.
const queryLimit = 20 * time.Second

// columnBudget is the time for searching values for those that a dump loses.
var columnBudget = catalog.Budget{Each: 3 * time.Second, All: queryLimit}

// DumpOptions describes the source of a dump, its tool, and what the dump may lose.
type DumpOptions struct {
	Tool   tool.Tool
	Server galera.Server
	// LeaveOutBroken lets a dump leave out tables and views that the server cannot open.
	LeaveOutBroken bool
	// WarnNonTransactional lets a dump include tables that are not covered by its snapshot.
	WarnNonTransactional bool
}

// Dump describes what a dump will contain.
type Dump struct {
	tool.Contents
	// Schemas are listed in the order in which they can be loaded.
	Schemas []string
	// Bytes is the size of the tables.
	Bytes    int64
	Warnings []string
}

// survey examines a server before a dump.
type survey struct {
	o DumpOptions
	d Dump
}

// OfDump refuses, before the dump, everything at which the dump would fail after hours, and warns of what it would
// lose.
func OfDump(ctx context.Context, c *mariadb.Client, o DumpOptions) (Dump, error) {
	s := &survey{o: o}
	var err error
	if s.d.Schemas, err = catalog.Schemas(ctx, c); err != nil {
		return s.d, err
	}
	if len(s.d.Schemas) == 0 {
		return s.d, errors.New("there is no schema to dump")
	}
	events, err := catalog.UndumpableEvents(ctx, c)
	if err == nil {
		err = refuseEvents(events)
	}
	if err == nil {
		err = s.losses(ctx, c)
	}
	if err != nil {
		return s.d, err
	}
	storage, err := galera.Sizes(ctx, c, QueryLimit)
	if err != nil {
		return s.d, err
	}
	warning, err := refuseNonTransactional(storage.NonTransactional, o.WarnNonTransactional)
	if warning != "" {
		s.warn("%s", warning)
	}
	s.d.Bytes = storage.DataBytes
	return s.d, err
}

func (s *survey) warn(format string, args ...any) {
	s.d.Warnings = append(s.d.Warnings, fmt.Sprintf(format, args...))
}

// losses looks for everything that a dump would lose.
func (s *survey) losses(ctx context.Context, c *mariadb.Client) error {
	for _, find := range []func(context.Context, *mariadb.Client) error{s.checkBroken, s.checkHistory, s.checkFloats,
		s.checkGeometries, s.orderSchemas} {
		err := find(ctx, c)
		switch number := mariadb.ErrorNumber(err); {
		case number == StatementTooLong || number == interrupted:
			s.warn("not everything that a dump loses is known: %v", err)
		case err != nil:
			return err
		}
	}
	return nil
}

// The server's error numbers for a statement that it ended at its limit: 1969, or 1317 if it was about to answer.
const (
	StatementTooLong = 1969
	interrupted      = 1317
)

// checkBroken looks for tables and views that cannot be opened.
func (s *survey) checkBroken(ctx context.Context, c *mariadb.Client) (err error) {
	if s.d.LeftOut, err = catalog.FindBroken(ctx, c, QueryLimit); err != nil || len(s.d.LeftOut) == 0 {
		return err
	}
	names := DescribeBroken(s.d.LeftOut)
	if !s.o.LeaveOutBroken {
		return fmt.Errorf("tables or views cannot be opened, and a dump would end at the first one: %s; drop or "+
			"repair them, take a physical backup, or set broken to leave_out", names)
	}
	s.warn("left out of the dump, because the server cannot open them: %s", names)
	return nil
}

// DescribeBroken lists tables and views that cannot be opened, with the reasons.
func DescribeBroken(list []catalog.Broken) string {
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = fmt.Sprintf("%s (%s)", b, b.Why)
	}
	return excerpt.Names(names)
}

// BrokenNames returns the names for the manifest.
func BrokenNames(list []catalog.Broken) (broken []repository.Broken, names []repository.Name) {
	for _, b := range list {
		name := repository.Name{Schema: b.Schema, Name: b.Name}
		broken, names = append(broken, repository.Broken{Name: name, Why: b.Why}), append(names, name)
	}
	return broken, names
}

// checkHistory finds out whether the history of system-versioned tables can be dumped. A tool that can dump it fails at
// a table whose history is kept by transactions, and restoring it needs a server that accepts history in an INSERT
// (MariaDB 10.11).
func (s *survey) checkHistory(ctx context.Context, c *mariadb.Client) error {
	versioned, byTransaction, err := catalog.Versioned(ctx, c, queryLimit)
	if err != nil || len(versioned) == 0 {
		return err
	}
	if len(byTransaction) == 0 && !tool.Older(s.o.Server, 10, 11) && s.o.Tool.Has(ctx, tool.DumpHistory) {
		s.d.History = true
		return nil
	}
	why := fmt.Sprintf("%s %s cannot dump it", s.o.Tool.Path, s.o.Tool.Version)
	if len(byTransaction) > 0 {
		why = "no dump can read that of " + excerpt.Names(byTransaction) + ", which is by transactions"
	}
	s.warn("the history of these system-versioned tables is not in the dump, only their current rows (%s): %s", why,
		excerpt.Names(versioned))
	return nil
}

// checkFloats names the columns whose values a dump rounds to 6 digits.
func (s *survey) checkFloats(ctx context.Context, c *mariadb.Client) error {
	floats, err := catalog.LossyFloats(ctx, c, columnBudget)
	if err != nil {
		return err
	}
	rounded := slices.DeleteFunc(slices.Clone(floats.Found),
		func(c catalog.Column) bool { return slices.Contains(floats.Keyed, c) })
	s.warnColumns("a dump keeps 6 digits of a FLOAT, and these columns have values with more: %s; take a physical"+
		" backup, or make them DOUBLE", rounded)
	s.warnColumns("a dump keeps 6 digits of a FLOAT, and these columns of a unique key have values with more, so that"+
		" the dump may not load: %s;"+
		" take a physical backup, or make them DOUBLE", floats.Keyed)
	s.warnColumns("a dump keeps 6 digits of a FLOAT, and whether these columns have values with more could not be"+
		" checked in"+
		" time: %s", floats.Unknown)
	return nil
}

// checkGeometries names the columns whose values no INSERT accepts.
func (s *survey) checkGeometries(ctx context.Context, c *mariadb.Client) error {
	geometries, err := catalog.EmptyGeometries(ctx, c, columnBudget)
	if err != nil {
		return err
	}
	s.warnColumns("these NOT NULL columns have geometries of no bytes, which no INSERT accepts, so that the dump will"+
		" not load: %s;"+
		" take a physical backup, or give those rows a value", geometries.Found)
	s.warnColumns("whether these columns have geometries of no bytes, which no INSERT accepts, could not be checked"+
		" in time:"+
		" %s", geometries.Unknown)
	return nil
}

func (s *survey) warnColumns(format string, columns []catalog.Column) {
	if len(columns) == 0 {
		return
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.String()
	}
	s.warn(format, excerpt.Names(names))
}

// orderSchemas puts schemas before those that use their sequences in a default.
func (s *survey) orderSchemas(ctx context.Context, c *mariadb.Client) error {
	uses, err := catalog.SequenceUses(ctx, c, queryLimit)
	if err == nil {
		s.d.Schemas = ordered(s.d.Schemas, uses)
	}
	return err
}

// ordered keeps the order, except that schemas that others use come before these. In a circle one has to come first.
func ordered(schemas []string, uses map[string][]string) []string {
	var list []string
	seen := map[string]bool{}
	var put func(string)
	put = func(name string) {
		if seen[name] || !slices.Contains(schemas, name) {
			return
		}
		seen[name] = true
		for _, used := range slices.Sorted(slices.Values(uses[name])) {
			put(used)
		}
		list = append(list, name)
	}
	for _, name := range schemas {
		put(name)
	}
	return list
}
