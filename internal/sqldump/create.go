// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"strings"
)

// create reads a CREATE up to the kind of object. In between there may be the account that it runs as.
func (s *Statement) create(l *lexer) error {
	for {
		t := l.next()
		switch {
		case t.is("ALGORITHM") && l.symbol('='):
			if l.next().class != word {
				return errUnknown
			}
		case t.is("DEFINER") && l.symbol('='):
			if err := s.definer(l); err != nil {
				return err
			}
		case t.is("SQL") && l.have("SECURITY"):
			as := l.next()
			if s.Invoker = as.is("INVOKER"); !s.Invoker && !as.is("DEFINER") {
				return errUnknown
			}
		case t.is("AGGREGATE"):
		default:
			s.Does = "CREATE " + strings.ToUpper(t.text)
			return s.made(l, t)
		}
	}
}

// definer reads "`nova`@`localhost`", or the name of a role. Without a named account it would be ours.
func (s *Statement) definer(l *lexer) error {
	user := l.next()
	if !quoted(l, user) {
		return fmt.Errorf("the definer %.80s is not a quoted name", user.text)
	}
	s.Definer = &Definer{User: unquote(user)}
	if !l.symbol('@') {
		return nil
	}
	host := l.next()
	if !quoted(l, host) {
		return fmt.Errorf("the definer's host %.80s is not a quoted name", host.text)
	}
	s.Definer.Host = unquote(host)
	return nil
}

// made reads the kind of the object, and its name.
func (s *Statement) made(l *lexer, kind token) error {
	switch {
	case kind.is("DATABASE") && s.Definer == nil:
		return s.database(l)
	case kind.is("TABLE") && s.Definer == nil:
		return s.table(l)
	case kind.is("SEQUENCE") && s.Definer == nil:
		return s.sequence(l)
	case kind.is("VIEW"):
		return s.view(l)
	case kind.isOneOf("TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"):
		return s.program(l, kind)
	}
	return errUnknown
}

// view reads "`v` AS select". A server accepts no INTO and no second statement in it. A stand-in for a view, until its
// tables exist, consists of constants.
func (s *Statement) view(l *lexer) error {
	s.Kind = View
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	if l.symbol('(') {
		for !l.symbol(')') {
			if l.next().class == 0 {
				return errUnknown
			}
		}
	}
	if !l.have("AS") || !l.peek().isOneOf("SELECT", "WITH", "VALUES") && !l.peek().symbol('(') {
		return errUnknown
	}
	if s.Definer == nil && !standsIn(l) {
		return errors.New("the view has no DEFINER")
	}
	return nil
}

// standsIn reads "SELECT 1 AS `id`, 1 AS `p`", where 10.1 and later have NULL or 1.
func standsIn(l *lexer) bool {
	if !l.have("SELECT") {
		return false
	}
	for {
		if value := l.next(); value.class != digits && !value.is("NULL") {
			return false
		}
		if !l.have("AS") || l.next().class != name {
			return false
		}
		if l.ended() {
			return true
		}
		if !l.symbol(',') {
			return false
		}
	}
}

// program reads a trigger, a routine or an event up to its body, which cannot be judged.
func (s *Statement) program(l *lexer, kind token) error {
	s.Kind = Program
	if kind.is("PACKAGE") {
		l.have("BODY")
	}
	l.have("IF", "NOT", "EXISTS")
	if s.Definer == nil {
		return errors.New("it has no DEFINER")
	}
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	if kind.is("EVENT") {
		s.Event = schedule(l)
	}
	if !kind.is("TRIGGER") {
		return nil
	}
	if !l.next().isOneOf("BEFORE", "AFTER") || !l.next().isOneOf("INSERT", "UPDATE", "DELETE") || !l.have("ON") {
		return errUnknown
	}
	return s.named(l, &s.Table)
}

// sequence reads "`sq` start with 1 minvalue 1 ... nocache nocycle ENGINE=InnoDB".
func (s *Statement) sequence(l *lexer) error {
	s.Kind = Sequence
	l.have("IF", "NOT", "EXISTS")
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	for !l.ended() {
		t := l.next()
		if t.is("ENGINE") {
			if err := s.engine(l); err != nil {
				return err
			}
			continue
		}
		if t.class != word && t.class != digits && !t.symbol('-') && !t.symbol('=') && t.class != text ||
			t.is("DIRECTORY") {
			return fmt.Errorf("the sequence's %.40q", t.text)
		}
	}
	return nil
}

// rows reads "[IGNORE] INTO `t` (`a`, `b`) VALUES (1,'x'),(NULL,0xFF)": nothing but values.
func (s *Statement) rows(l *lexer) error {
	l.have("IGNORE")
	if !l.have("INTO") {
		return errUnknown
	}
	if err := s.named(l, &s.Name); err != nil {
		return err
	}
	if err := s.readable(l); err != nil {
		return err
	}
	if l.symbol('(') {
		for {
			// The columns of a system-versioned table that nobody named have no quotes.
			if t := l.next(); t.class != name && !t.isOneOf("row_start", "row_end") {
				return errUnknown
			}
			if l.symbol(')') {
				break
			}
			if !l.symbol(',') {
				return errUnknown
			}
		}
	}
	if !l.have("VALUES") {
		return errUnknown
	}
	return s.rowsOf(l)
}

// rowsOf reads "(1,'x'),(2,'y')" to the end of the statement.
func (s *Statement) rowsOf(l *lexer) error {
	for {
		if err := values(l); err != nil {
			return err
		}
		s.Rows++
		if l.ended() {
			return nil
		}
		if !l.symbol(',') {
			return fmt.Errorf("its rows go on with %.40q", l.next().text)
		}
	}
}

// values reads "(1,-2.5,'x',_binary 'y',0xFF,NULL)".
func values(l *lexer) error {
	if !l.symbol('(') {
		return fmt.Errorf("its rows go on with %.40q", l.next().text)
	}
	if l.symbol(')') {
		return nil
	}
	for {
		if err := value(l); err != nil {
			return err
		}
		switch t := l.next(); {
		case t.symbol(')'):
			return nil
		case !t.symbol(','):
			return fmt.Errorf("a value goes on with %.40q", t.text)
		}
	}
}

func value(l *lexer) error {
	t := l.next()
	if t.symbol('-') || t.symbol('+') {
		t = l.next()
		if t.class != digits {
			return fmt.Errorf("the value %.40q", t.text)
		}
	}
	if t.isOneOf("_binary", "x", "b") {
		t = l.next()
		if t.class != text && t.class != digits {
			return fmt.Errorf("the value %.40q", t.text)
		}
	}
	if t.class == text || t.class == digits || t.is("NULL") {
		return nil
	}
	return fmt.Errorf("the value %.40q", t.text)
}
