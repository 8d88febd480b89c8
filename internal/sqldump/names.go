// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"fmt"
	"slices"
	"strings"
)

// schemaName reads the name of the schema to which everything that follows belongs.
func (s *Statement) schemaName(l *lexer) error {
	t := l.next()
	if t.class != name || System(t.name()) {
		return fmt.Errorf("%.80s is not a schema of a user", t.text)
	}
	if !l.session.unicode && !isASCII(t.text) {
		return fmt.Errorf("the schema's name %.80q in another character set than UTF-8", t.text)
	}
	s.Schema, s.at, s.end = t.name(), t.at, t.end
	return nil
}

// named reads the name of something in the schema. A trigger has it as the user wrote it, with quotes or without.
func (s *Statement) named(l *lexer, into *string) error {
	is := func(t token) bool { return t.class == name || t.class == word && s.Kind == Program }
	t := l.next()
	if is(t) && l.symbol('.') {
		if t.name() != s.Schema || !l.session.unicode && !isASCII(t.text) {
			return fmt.Errorf("it is about the schema %.80s", t.text)
		}
		s.Qualified = true
		t = l.next()
	}
	if !is(t) {
		return fmt.Errorf("%.80q is not a quoted name", t.text)
	}
	*into = t.name()
	return nil
}

// quoted reports that an account's name can be read in only one way: 'ro\ot' is root.
func quoted(l *lexer, t token) bool {
	return (t.class == name || t.class == text && !strings.ContainsAny(unquote(t), `\'"`)) &&
		(l.session.unicode || isASCII(t.text))
}

func unquote(t token) string {
	if t.class == name {
		return t.name()
	}
	return t.text[1 : len(t.text)-1]
}

// engines keep their data in the schema's own folder, or nowhere. Others open files, servers or tables elsewhere.
var engines = []string{"innodb", "aria", "myisam", "memory", "heap", "archive", "csv", "blackhole", "rocksdb", "tokudb"}

func (s *Statement) engine(l *lexer) error {
	l.symbol('=')
	t := l.next()
	is := t.text
	if t.class == name || t.class == text {
		is = unquote(t)
	}
	if s.Engine == "" || strings.EqualFold(s.Engine, "innodb") {
		s.Engine = is
	}
	s.engines = append(s.engines, [2]int{t.at, t.end})
	if !slices.Contains(engines, strings.ToLower(is)) {
		return fmt.Errorf("the engine %.40s, which keeps its data elsewhere or is not known", t.text)
	}
	return nil
}

// readable refuses a name that would be a different one in another character set: rows must go to the table that was
// created.
func (s *Statement) readable(l *lexer) error {
	if !l.session.unicode && !isASCII(s.Name) {
		return fmt.Errorf("the name %.80q in another character set than UTF-8", s.Name)
	}
	return nil
}
