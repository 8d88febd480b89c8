// SPDX-License-Identifier: GPL-3.0-or-later

// Package sqldump reads the output of mariadb-dump, statement by statement, and refuses every statement that
// mariadb-dump does not write. A dump may have been forged: anyone who can write to a destination can write dumps. A
// statement is passed on as it is to be sent, by itself, to a server: executable comments are opened or dropped as that
// server would, so that nothing in it depends on its reader.
package sqldump

import (
	"slices"
	"strings"
)

// Kind is the kind of object that a statement is about.
type Kind int

// The kinds. Zero is none.
const (
	Session  Kind = iota + 1 // SET of the session, COMMIT, UNLOCK TABLES
	Use                      // USE of a schema
	Schema                   // CREATE DATABASE
	Collate                  // ALTER DATABASE, around a program whose collation is not the schema's
	Table                    // a table and its rows
	View                     // a view, or its stand-in
	Sequence                 // a sequence and its value
	Program                  // a trigger, a routine or an event
	Account                  // CREATE USER, GRANT and the like, only in a file of users
	Servers                  // a time zone or a foreign server, only in a file of those
)

// Definer is the account that a view or a program runs as. Host is empty for a role.
type Definer struct{ User, Host string }

// String returns user@host, as an option names it.
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
	// Line is its first line in the dump, from 1.
	Line int
	Kind Kind
	// Does is its first words, such as "CREATE TRIGGER".
	Does string
	// Schema is the one that it belongs to: that of the last USE or CREATE DATABASE.
	Schema string
	// Name is that of its table, view, sequence or program; Table that of a trigger's table.
	Name, Table string
	// Definer is nil if it has none. Invoker says of a view that it nevertheless runs as its reader.
	Definer *Definer
	Invoker bool
	// Qualified says that it names its schema. at and end are where a Use, Schema or Collate has the schema's name.
	Qualified bool
	// Reaches is another schema that a table names, in a foreign key or a default; empty for most.
	Reaches string
	// Sequences are those that a table's defaults name with their schema.
	Sequences []Named
	// Engine is the storage engine of a table or sequence, as it is written; that of a partition if it has another one
	// than InnoDB. Empty if none is named.
	Engine string
	// Rows is the number of rows in an INSERT or REPLACE.
	Rows int
	// Event is nil except for a CREATE EVENT that mariadb-dump's server wrote.
	Event   *Event
	at, end int
	engines [][2]int
	// references are the tables of foreign keys that are named without their schema, and their positions.
	references []reference
}

type reference struct {
	table string
	at    int
}

// Event says when an event runs, as far as a server judges it when the event is created.
type Event struct {
	// Over is the last moment, of AT or ENDS, such as '2026-12-01 02:00:00' in the session's time zone, with its
	// quotes; empty for an event that has no end.
	Over string
	// Once says that it runs only at that moment.
	Once bool
	// Status is ENABLE, DISABLE or DISABLE ON SLAVE.
	Status string
}

// Named is an object in a schema.
type Named struct{ Schema, Name string }

// In returns the statement's text for a schema of another name.
func (s Statement) In(schema string) string {
	if s.end == 0 || schema == s.Schema {
		return s.Text
	}
	return s.Text[:s.at] + QuoteName(schema) + s.Text[s.end:]
}

// TableText returns the text of a CREATE TABLE or CREATE SEQUENCE with another engine for it and each of its
// partitions, if engine is not empty, and with the schema of each table that a foreign key refers to, if schemaOf
// returns one for it.
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

// System reports that a schema is the server's own, into which nothing of a dump may be loaded.
func System(schema string) bool {
	for _, own := range systemSchemas {
		if strings.EqualFold(schema, own) {
			return true
		}
	}
	return false
}

// Refers counts the foreign keys whose table is named without its schema.
func (s Statement) Refers() int { return len(s.references) }

// Reader is an io.Writer that receives a dump in pieces and passes its statements on. Its memory is that of one
// statement.
type Reader struct {
	version int // of the server, such as 101106
	take    func(Statement) error
	check   func(*Reader, *Statement) error

	carry []byte // seen, and not yet understood
	err   error

	text    chunks // of the current statement
	line    int    // the current position
	begin   int    // where the statement begins
	atStart bool   // of a line
	semi    bool   // the delimiter is two semicolons
	state   state
	quote   byte
	escaped bool
	keep    bool // the comment stays in the statement
	inside  bool // an executable comment that applies

	session session
	schema  string
	// filled is the table that rows may go to, by schema and name: the one created last, while it has no trigger. So
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
