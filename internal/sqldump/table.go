// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrOutside reports a table that would be written outside of the datadir.
var ErrOutside = errors.New("the table has DATA DIRECTORY or INDEX DIRECTORY, so that it would be written elsewhere")

// table reads "`t` (...) ENGINE=...". It contains no query, no other table's definition and nothing that is elsewhere.
func (s *Statement) table(l *lexer) error {
	s.Kind = Table
	// IF NOT EXISTS would accept a view or another user's table, and the rows would go there.
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	if err := s.readable(l); err != nil {
		return err
	}
	if !l.symbol('(') || l.peek().is("LIKE") {
		return errUnknown
	}
	depth := 1
	for t := l.next(); t.class != 0; t = l.next() {
		switch {
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		}
		if err := s.clause(l, t, depth); err != nil {
			return err
		}
	}
	return nil
}

// clause judges a token of a table by what follows it. After the columns, at depth 0, AS and VALUES begin rows.
func (s *Statement) clause(l *lexer, t token, depth int) error {
	switch {
	case t.is("DIRECTORY"):
		return ErrOutside
	case t.is("CONNECTION"):
		return connection(l)
	case t.isOneOf("SELECT", "UNION", "TABLESPACE") || t.symbol(';'),
		t.is("AS") && depth < 1,
		t.is("VALUES") && (depth < 1 || !l.peek().isOneOf("LESS", "IN")):
		return fmt.Errorf("the table's %s", t.text)
	case t.class == odd:
		return fmt.Errorf("the table's %.40q", t.text)
	case t.is("ENGINE"):
		return s.engine(l)
	case t.class == digits && !aNumber.MatchString(t.text):
		return fmt.Errorf("the table's %.40q, which is not a number", t.text)
	case t.isOneOf("nextval", "lastval"):
		s.sequenceOf(*l)
	case t.is("REFERENCES") && l.peek().class != name:
		return fmt.Errorf("the table's REFERENCES %.80q, which is not a quoted name", l.peek().text)
	case t.is("REFERENCES"):
		s.refer(l)
	case t.class != word && t.class != name:
		return nil
	case strings.EqualFold(t.name(), "load_file") && l.peek().symbol('('):
		return errors.New("the table's load_file()")
	case l.peek().symbol('.'):
		s.reach(t.name())
	}
	return nil
}

// connection reads "='...'". No accepted engine uses it.
func connection(l *lexer) error {
	if l.symbol('='); l.next().class != text {
		return errUnknown
	}
	return nil
}

// refer records the table of a foreign key if it is named without its schema. Its name is not consumed.
func (s *Statement) refer(l *lexer) {
	before := l.i
	to := l.next()
	if !l.peek().symbol('.') {
		s.references = append(s.references, reference{to.name(), to.at})
	}
	l.i = before
}

// aNumber is a number. Anything else that begins with a digit may be a name, which mariadb-dump puts in quotes.
var aNumber = regexp.MustCompile(`^(0[xX][0-9a-fA-F]+|0b[01]+|[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?)$`)

// reach records a schema that a table names: that of a foreign key's table, of a default's sequence or of a function.
// Nothing else precedes a dot: mariadb-dump writes columns without their table.
func (s *Statement) reach(schema string) {
	if schema == s.Schema {
		s.Qualified = true
	} else if s.Reaches == "" {
		s.Reaches = schema
	}
}

// sequenceOf records the sequence of "nextval(`other`.`sq`)", as servers write a default.
func (s *Statement) sequenceOf(l lexer) {
	if !l.symbol('(') {
		return
	}
	schema := l.next()
	if schema.class != name || !l.symbol('.') {
		return
	}
	if sequence := l.next(); sequence.class == name && l.symbol(')') {
		s.Sequences = append(s.Sequences, Named{schema.name(), sequence.name()})
	}
}
