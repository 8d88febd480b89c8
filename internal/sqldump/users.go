// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// accountStatements are how a file of users creates accounts, as galera.UserStatements writes them, each with what
// follows its first words. A statement is read to its end: SET accepts several assignments, and the second one may be
// of the server's.
var accountStatements = []struct {
	words []string
	rest  func(*lexer) error
}{
	{[]string{"CREATE", "USER", "IF", "NOT", "EXISTS"}, userOf},
	{[]string{"CREATE", "ROLE", "IF", "NOT", "EXISTS"}, roleOf},
	{[]string{"ALTER", "USER"}, alteredUser},
	{[]string{"GRANT"}, grant},
	{[]string{"SET", "DEFAULT", "ROLE"}, defaultRole},
	{[]string{"SET", "sql_mode"}, packageMode},
}

// ofUsers recognizes a statement of a file of users, or refuses it.
func (r *Reader) ofUsers(s *Statement) error {
	for _, known := range accountStatements {
		l := &lexer{s: s.Text, session: r.session}
		if !l.have(known.words...) {
			continue
		}
		s.Kind, s.Does = Account, strings.Join(known.words[:min(2, len(known.words))], " ")
		err := known.rest(l)
		if err == nil && !l.ended() {
			err = l.next().goesOn()
		}
		if err != nil {
			return s.refuse(err)
		}
		r.session = l.session
		return nil
	}
	return s.refuse(errors.New("it is not one of the statements about accounts in a file of users"))
}

// quotedText reads a quoted name. Servers before 10.4 have them in single quotes.
func quotedText(l *lexer) error {
	if t := l.next(); t.class != name && t.class != text {
		return fmt.Errorf("%.80q is not a quoted name", t.text)
	}
	return nil
}

// accountName reads "`nova`@`%`", or the name of a role.
func accountName(l *lexer) error {
	if err := quotedText(l); err != nil || !l.symbol('@') {
		return err
	}
	return quotedText(l)
}

// userOf reads "`nova`@`%` IDENTIFIED BY PASSWORD '...' REQUIRE SSL WITH MAX_USER_CONNECTIONS 9 ACCOUNT LOCK", of which
// all but the account may be missing.
func userOf(l *lexer) error {
	if err := accountName(l); err != nil {
		return err
	}
	return properties(l)
}

func alteredUser(l *lexer) error {
	l.have("IF", "EXISTS")
	return userOf(l)
}

func roleOf(l *lexer) error {
	if l.next().class != name {
		return errUnknown
	}
	return nil
}

// defaultRole reads "`r` FOR `nova`@`%`".
func defaultRole(l *lexer) error {
	if err := roleOf(l); err != nil || !l.have("FOR") {
		return errors.Join(err, errUnknown)
	}
	return accountName(l)
}

// packageMode reads "= 'ORACLE'" and "= ”", which are around grants on packages.
func packageMode(l *lexer) error {
	if !l.symbol('=') {
		return errUnknown
	}
	if t := l.next(); t.text == "'ORACLE'" || t.text == "''" {
		return l.session.mode(t)
	}
	return errUnknown
}

// grant reads "SELECT (`a`, `b`), INSERT ON `nova`.`t` TO `nova`@`%` WITH GRANT OPTION", and "`r` TO `nova`@`%`", where
// servers before 10.4 have the role without quotes.
func grant(l *lexer) error {
	before := l.i
	if t := l.next(); (t.class == word || t.class == name || t.class == text) && l.have("TO") {
		return granted(l)
	}
	l.i = before
	if l.have("PROXY", "ON") {
		if err := accountName(l); err != nil {
			return err
		}
	} else if err := errors.Join(privileges(l), scope(l)); err != nil {
		return err
	}
	if !l.have("TO") {
		return errUnknown
	}
	return granted(l)
}

// granted reads the grantee.
func granted(l *lexer) error {
	if !l.have("PUBLIC") {
		if err := accountName(l); err != nil {
			return err
		}
	}
	return properties(l)
}

// privileges reads words between commas, with lists of columns, up to ON.
func privileges(l *lexer) error {
	for {
		if l.next().class != word {
			return errUnknown
		}
		for !l.peek().is("ON") && l.peek().class == word {
			l.next()
		}
		if l.symbol('(') {
			if err := columns(l); err != nil {
				return err
			}
		}
		if l.have("ON") {
			return nil
		}
		if !l.symbol(',') {
			return errUnknown
		}
	}
}

// columns reads the names up to the closing bracket. Servers before 10.4 have them without quotes.
func columns(l *lexer) error {
	for {
		if t := l.next(); t.class != name && t.class != word {
			return errUnknown
		}
		if l.symbol(')') {
			return nil
		}
		if !l.symbol(',') {
			return errUnknown
		}
	}
}

// scope reads "*.*", "`nova`.*", "PROCEDURE `sys`.`diagnostics`".
func scope(l *lexer) error {
	if l.peek().isOneOf("FUNCTION", "PROCEDURE", "PACKAGE") {
		l.next()
		l.have("BODY")
	}
	star := l.symbol('*')
	if !star && l.next().class != name || !l.symbol('.') {
		return errUnknown
	}
	if !l.symbol('*') && (star || l.next().class != name) {
		return errUnknown
	}
	return nil
}

// properties reads what an account has in addition to its name, in the order in which servers write it.
func properties(l *lexer) error {
	for _, part := range []struct {
		word string
		read func(*lexer) error
	}{{"IDENTIFIED", identified}, {"REQUIRE", require}, {"WITH", limits}, {"ACCOUNT", locked}, {"PASSWORD", expires}} {
		if !l.have(part.word) {
			continue
		}
		if err := part.read(l); err != nil {
			return err
		}
	}
	return nil
}

// identified reads "BY PASSWORD '*...'" and "VIA ed25519 USING '...' OR unix_socket".
func identified(l *lexer) error {
	if l.have("BY", "PASSWORD") {
		return hash(l)
	}
	if !l.have("VIA") {
		return errUnknown
	}
	for {
		if t := l.next(); t.class != word && t.class != name {
			return errUnknown
		}
		if l.have("USING") {
			if err := hash(l); err != nil {
				return err
			}
		}
		if !l.have("OR") {
			return nil
		}
	}
}

func hash(l *lexer) error {
	if l.next().class != text {
		return errUnknown
	}
	return nil
}

// require reads "SSL", and "ISSUER '...' SUBJECT '...' CIPHER '...'".
func require(l *lexer) error {
	if l.peek().isOneOf("NONE", "SSL", "X509") {
		l.next()
		return nil
	}
	for first := true; first || l.peek().isOneOf("AND", "ISSUER", "SUBJECT", "CIPHER"); first = false {
		if !first {
			l.have("AND")
		}
		if !l.next().isOneOf("ISSUER", "SUBJECT", "CIPHER") || l.next().class != text {
			return errUnknown
		}
	}
	return nil
}

// accountLimits are the resource limits of an account.
var accountLimits = []string{
	"MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR", "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS",
	"MAX_STATEMENT_TIME",
}

// limits reads "GRANT OPTION", "ADMIN OPTION" and "MAX_USER_CONNECTIONS 9".
func limits(l *lexer) error {
	begin := l.i
	for {
		switch t := l.peek(); {
		case l.have("GRANT", "OPTION"), l.have("ADMIN", "OPTION"):
		case slices.ContainsFunc(accountLimits, t.is):
			l.next()
			l.symbol('-')
			if l.next().class != digits {
				return errUnknown
			}
		case l.i == begin:
			return errUnknown
		default:
			return nil
		}
	}
}

func locked(l *lexer) error {
	if !l.next().isOneOf("LOCK", "UNLOCK") {
		return errUnknown
	}
	return nil
}

// expires reads "EXPIRE", "EXPIRE NEVER" and "EXPIRE INTERVAL 5 DAY".
func expires(l *lexer) error {
	if !l.have("EXPIRE") {
		return errUnknown
	}
	if l.have("INTERVAL") && (l.next().class != digits || !l.have("DAY")) {
		return errUnknown
	}
	if l.peek().isOneOf("NEVER", "DEFAULT") {
		l.next()
	}
	return nil
}
