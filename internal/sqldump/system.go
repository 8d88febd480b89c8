// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"fmt"
	"slices"
)

// NewSystemReader reads a file of time zones and foreign servers, as a backup writes it: rows for the tables of time
// zones, and CREATE OR REPLACE SERVER. Nothing else of the server's own may be loaded from a set.
func NewSystemReader(version string, take func(Statement) error) *Reader {
	r := NewReader(version, take)
	r.check = (*Reader).ofSystem
	return r
}

// zoneTables are the tables of time zones with the columns that rows are given for.
var zoneTables = map[string][]string{
	"time_zone":                 {"Time_zone_id", "Use_leap_seconds"},
	"time_zone_name":            {"Name", "Time_zone_id"},
	"time_zone_transition":      {"Time_zone_id", "Transition_time", "Transition_type_id"},
	"time_zone_transition_type": {"Time_zone_id", "Transition_type_id", "Offset", "Is_DST", "Abbreviation"},
	"time_zone_leap_second":     {"Transition_time", "Correction"},
}

// ofSystem recognizes a statement of a file of time zones and foreign servers, or refuses it.
func (r *Reader) ofSystem(s *Statement) error {
	l := &lexer{s: s.Text, session: r.session}
	s.Kind = Servers
	err := errUnknown
	switch {
	case l.have("INSERT", "INTO", "mysql"):
		s.Does = "INSERT"
		err = s.zones(l)
	case l.have("CREATE", "OR", "REPLACE", "SERVER"):
		s.Does = "CREATE SERVER"
		err = s.foreignServer(l)
	}
	if err == nil && !l.ended() {
		err = l.next().goesOn()
	}
	if err != nil {
		return s.refuse(err)
	}
	return nil
}

// zones reads ".time_zone_name (Name, Time_zone_id) VALUES ('UTC',1),('Europe/Berlin',2)": literals for all columns.
func (s *Statement) zones(l *lexer) error {
	if !l.symbol('.') {
		return errUnknown
	}
	table := l.next()
	columns := zoneTables[table.name()]
	if table.class != word && table.class != name || columns == nil || !l.symbol('(') {
		return fmt.Errorf("%.40q is not a table of time zones", table.text)
	}
	s.Schema, s.Name = "mysql", table.name()
	for i, wanted := range columns {
		if i > 0 && !l.symbol(',') {
			return errUnknown
		}
		if got := l.next(); got.class != word && got.class != name || got.name() != wanted {
			return fmt.Errorf("the column %.40q, which is not %s", got.text, wanted)
		}
	}
	if !l.symbol(')') || !l.have("VALUES") {
		return errUnknown
	}
	return s.rowsOf(l)
}

// serverOptions are the options that describe a foreign server.
var serverOptions = []string{"HOST", "DATABASE", "USER", "PASSWORD", "SOCKET", "OWNER", "PORT"}

// foreignServer reads "`s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'db', PORT 3306)". It is a row for engines that
// the scratch server does not have.
func (s *Statement) foreignServer(l *lexer) error {
	server := l.next()
	if server.class != name {
		return fmt.Errorf("%.80q is not a quoted name", server.text)
	}
	s.Name = server.name()
	if !l.have("FOREIGN", "DATA", "WRAPPER") {
		return errUnknown
	}
	if wrapper := l.next(); wrapper.class != name && wrapper.class != word {
		return fmt.Errorf("the wrapper %.80q", wrapper.text)
	}
	if !l.have("OPTIONS") || !l.symbol('(') {
		return errUnknown
	}
	for {
		option := l.next()
		if !slices.ContainsFunc(serverOptions, option.is) {
			return fmt.Errorf("the server's %.40q", option.text)
		}
		if value := l.next(); value.class != text && (value.class != digits || !option.is("PORT")) {
			return fmt.Errorf("the server's %s, which is not a string", option.text)
		}
		if l.symbol(')') {
			return nil
		}
		if !l.symbol(',') {
			return errUnknown
		}
	}
}
