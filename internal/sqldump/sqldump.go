// SPDX-License-Identifier: GPL-3.0-or-later

// Package sqldump reads what mariadb-dump writes, statement by statement, and refuses every statement that mariadb-dump
// does not write. A dump may have been forged: whoever can write to a destination writes dumps. A statement is handed
// on as it is to be sent, alone, to a server: executable comments are opened or dropped as that server would, so that
// nothing in it depends on who reads it.
package sqldump

import (
	"slices"
	"strings"
)

// Kind is what a statement is about.
type Kind int

// The kinds. Zero is none.
const (
	Session  Kind = iota + 1 // SET of the session, COMMIT, UNLOCK TABLES
	Use                      // USE of a schema
	Schema                   // CREATE DATABASE
	Collate                  // ALTER DATABASE, around a program whose collation is not the schema's
	Table                    // a table and its rows
	View                     // a view, or what stands in for one
	Sequence                 // a sequence and its value
	Program                  // a trigger, a routine or an event
	Account                  // CREATE USER, GRANT and the like, of a file of users alone
	Servers                  // a time zone or a foreign server, of a file of those alone
)

// Definer is an account as which a view or a program runs. Host is empty for a role.
type Definer struct{ User, Host string }

// String is user@host, as an option names it.
func (d Definer) String() string {
	if d.Host == "" {
		return d.User
	}
	return d.User + "@" + d.Host
}

// Statement is one statement of a dump.
type Statement struct {
	// Text has no executable comment and no delimiter.
	Text string
	// Line is where it begins in the dump, from 1.
	Line int
	Kind Kind
	// Does is its first words, as "CREATE TRIGGER".
	Does string
	// Schema is the one that it is of: that of the last USE or CREATE DATABASE.
	Schema string
	// Name is that of its table, view, sequence or program; Table that of a trigger's table.
	Name, Table string
	// Definer is nil where it has none. Invoker says of a view that it runs as who reads it nevertheless.
	Definer *Definer
	Invoker bool
	// Qualified says that it names its schema. at and end are where a Use, Schema or Collate has the schema's name.
	Qualified bool
	// Reaches is another schema that a table names, in a foreign key or a default; empty for most.
	Reaches string
	// Sequences are those that a table's defaults name with their schema.
	Sequences []Named
	// Engine is the storage engine of a table or sequence, as it is written; of a partition where that has another one
	// than InnoDB. Empty where none is named.
	Engine string
	// Rows is how many an INSERT or REPLACE holds.
	Rows int
	// Event is nil but for a CREATE EVENT that mariadb-dump's server wrote.
	Event   *Event
	at, end int
	engines [][2]int
	// references are the tables of foreign keys that stand there without their schema, and where.
	references []reference
}

type reference struct {
	table string
	at    int
}

// Event is when an event runs, as far as a server judges it when the event is made.
type Event struct {
	// Over is the last moment, of AT or ENDS, as '2026-12-01 02:00:00' in the session's time zone, with its quotes;
	// empty for an event that has no end.
	Over string
	// Once says that it runs at that moment alone.
	Once bool
	// Status is ENABLE, DISABLE or DISABLE ON SLAVE.
	Status string
}

// Named is something in a schema.
type Named struct{ Schema, Name string }

// In is the statement's text for a schema of another name.
func (s Statement) In(schema string) string {
	if s.end == 0 || schema == s.Schema {
		return s.Text
	}
	return s.Text[:s.at] + QuoteName(schema) + s.Text[s.end:]
}

// TableText is the text of a CREATE TABLE or CREATE SEQUENCE with another engine for it and each of its partitions,
// where engine is not empty, and with the schema of each table that a foreign key refers to, where schemaOf gives one
// for it.
func (s Statement) TableText(engine string, schemaOf func(table string) string) string {
	type edit struct {
		at, end int
		text    string
	}
	var edits []edit
	for _, span := range s.engines {
		if engine != "" {
			edits = append(edits, edit{span[0], span[1], engine})
		}
	}
	for _, r := range s.references {
		if schema := schemaOf(r.table); schema != "" {
			edits = append(edits, edit{r.at, r.at, QuoteName(schema) + "."})
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return a.at - b.at })
	var text strings.Builder
	at := 0
	for _, e := range edits {
		text.WriteString(s.Text[at:e.at] + e.text)
		at = e.end
	}
	return text.String() + s.Text[at:]
}

// QuoteName quotes an identifier.
func QuoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// systemSchemas are the server's own.
var systemSchemas = []string{"mysql", "information_schema", "performance_schema", "sys"}

// System says that a schema is the server's own, to which nothing of a dump may go.
func System(schema string) bool {
	for _, own := range systemSchemas {
		if strings.EqualFold(schema, own) {
			return true
		}
	}
	return false
}

// Refers counts the foreign keys whose table stands there without its schema.
func (s Statement) Refers() int { return len(s.references) }

// Reader is an io.Writer that takes a dump in pieces and hands its statements on. Its memory is that of one statement.
type Reader struct {
	version int // of the server, as 101106
	take    func(Statement) error
	check   func(*Reader, *Statement) error

	carry []byte // seen, and not yet understood
	err   error

	text    chunks // of the current statement
	line    int    // where we are
	begin   int    // where the statement begins
	atStart bool   // of a line
	semi    bool   // the delimiter is two semicolons
	state   state
	quote   byte
	escaped bool
	keep    bool // the comment stays in the statement
	inside  bool // an executable comment that counts

	session session
	schema  string
	// filled is the table that rows may go to, by schema and name: the one made last, while it has no trigger. So
	// nothing of a dump runs while it is loaded.
	filled [2]string
}

type state int

const (
	code state = iota
	inQuote
	lineComment
	blockComment
)
