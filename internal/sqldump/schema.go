// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"strings"
)

// ofSchema recognizes a statement of a dump of schemas, or refuses it.
func (r *Reader) ofSchema(s *Statement) error {
	l := &lexer{s: s.Text, session: r.session}
	err := r.know(s, l)
	if err == nil && s.Kind != Program && s.Kind != View && s.Kind != Table && !l.ended() {
		err = fmt.Errorf("it goes on with %.40q", l.next().text)
	}
	if err == nil && s.Kind != Session && s.Schema == "" {
		err = errors.New("it is before the first schema")
	}
	if err == nil {
		err = r.order(s)
	}
	if err != nil {
		return s.refuse(err)
	}
	r.schema = s.Schema
	return nil
}

// order refuses rows for any table but the one that was created last: mariadb-dump writes them in this order, before
// its triggers and the next view. The object that the server has just created under that name is a table, without a
// trigger.
func (r *Reader) order(s *Statement) error {
	key := [2]string{s.Schema, s.Name}
	switch {
	case s.Does == "CREATE TABLE":
		r.filled = key
	case s.Does == "INSERT" || s.Does == "REPLACE":
		if r.filled != key {
			return errors.New("its table was not created before, or already has a trigger")
		}
	case s.Kind != Session && s.Does != "LOCK" && s.Does != "ALTER TABLE":
		r.filled = [2]string{}
	}
	return nil
}

// know reads a statement by its first words.
func (r *Reader) know(s *Statement, l *lexer) error {
	first := l.next()
	s.Does = strings.ToUpper(first.text)
	switch {
	case first.is("SET"):
		s.Kind = Session
		return r.session.set(l)
	case first.isOneOf("INSERT", "REPLACE"):
		s.Kind = Table
		return s.rows(l)
	case first.is("CREATE"):
		return s.create(l)
	case first.is("DROP"):
		return s.drop(l)
	case first.is("USE"):
		s.Kind = Use
		return s.schemaName(l)
	case first.is("ALTER"):
		return s.alter(l)
	case first.is("COMMIT"), first.is("UNLOCK") && l.have("TABLES"):
		s.Kind = Session
		return nil
	case first.is("LOCK") && l.have("TABLES"):
		s.Kind = Table
		if err := s.named(l, &s.Name); err != nil || !l.have("WRITE") || !l.ended() {
			return errors.Join(err, errUnknown)
		}
		return nil
	case first.isOneOf("DO", "SELECT") && l.have("SETVAL"):
		s.Kind = Sequence
		return s.setval(l)
	}
	return errUnknown
}

// setval reads "(`sq`, 1001, 0)".
func (s *Statement) setval(l *lexer) error {
	if !l.symbol('(') {
		return errUnknown
	}
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	for range 2 {
		if !l.symbol(',') {
			return errUnknown
		}
		l.symbol('-')
		if l.next().class != digits {
			return errUnknown
		}
	}
	if !l.symbol(')') {
		return errUnknown
	}
	return nil
}

// alter reads ALTER TABLE ... KEYS and ALTER DATABASE ... CHARACTER SET.
func (s *Statement) alter(l *lexer) error {
	if l.have("DATABASE") {
		s.Kind, s.Does = Collate, "ALTER DATABASE"
		if err := s.schemaOf(l); err != nil {
			return err
		}
		if !l.have("CHARACTER", "SET") || l.next().class != word || !l.have("COLLATE") || l.next().class != word {
			return errUnknown
		}
		return nil
	}
	s.Kind, s.Does = Table, "ALTER TABLE"
	if !l.have("TABLE") {
		return errUnknown
	}
	err := s.named(l, &s.Name)
	if err == nil && (!l.next().isOneOf("DISABLE", "ENABLE") || !l.have("KEYS") || !l.ended()) {
		err = errUnknown
	}
	return err
}

// schemaOf reads the name of the current schema.
func (s *Statement) schemaOf(l *lexer) error {
	current := s.Schema
	if err := s.schemaName(l); err != nil {
		return err
	}
	if s.Schema != current {
		return errors.New("it is about another schema")
	}
	return nil
}

// drop reads "DROP TABLE IF EXISTS `t`".
func (s *Statement) drop(l *lexer) error {
	kind := l.next()
	s.Does += " " + strings.ToUpper(kind.text)
	switch {
	case kind.is("TABLE"):
		s.Kind = Table
	case kind.is("VIEW"):
		s.Kind = View
	case kind.is("SEQUENCE"):
		s.Kind = Sequence
	case kind.isOneOf("TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"):
		s.Kind = Program
		l.have("BODY")
	}
	if s.Kind == 0 || !l.have("IF", "EXISTS") {
		return errUnknown
	}
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	if !l.ended() {
		return errUnknown
	}
	return nil
}

// database reads "CREATE DATABASE IF NOT EXISTS `nova` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci COMMENT
// ”".
func (s *Statement) database(l *lexer) error {
	s.Kind = Schema
	l.have("IF", "NOT", "EXISTS")
	if err := s.schemaName(l); err != nil {
		return err
	}
	for !l.ended() {
		t := l.next()
		known := t.isOneOf("DEFAULT", "CHARACTER", "SET", "COLLATE", "COMMENT") || t.symbol('=')
		if known {
			continue
		}
		if t.class != word && t.class != text || strings.EqualFold(t.text, "ENCRYPTION") {
			return fmt.Errorf("the schema's %.40q", t.text)
		}
	}
	return nil
}
