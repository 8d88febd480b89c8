// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// variables are those that mariadb-dump sets, only for its session.
var variables = []string{
	"sql_mode", "sql_notes", "note_verbosity", "time_zone", "unique_checks", "foreign_key_checks", "autocommit",
	"character_set_client", "character_set_results", "collation_connection", "system_versioning_insert_history",
	"sql_log_off", "log_slow_query",
}

// charsets are those in which no byte of a longer character is an ASCII byte, so that a quote is a quote.
var charsets = []string{
	"utf8", "utf8mb3", "utf8mb4", "ascii", "binary", "latin1", "latin2", "latin5", "latin7",
	"cp850", "cp852", "cp866", "cp1250", "cp1251", "cp1256", "cp1257",
	"koi8r", "koi8u", "greek", "hebrew",
	"armscii8", "geostd8", "tis620", "hp8", "dec8", "keybcs2", "macce", "macroman", "ujis", "eucjpms", "euckr",
	"gb2312",
}

// set reads what follows SET: assignments with commas between. A server reads all values before it sets the first, so
// nothing may be read that the same SET has set.
func (s *session) set(l *lexer) error {
	done := map[string]bool{}
	for {
		if err := s.assign(l, done); err != nil {
			return err
		}
		if l.ended() {
			return nil
		}
		if !l.symbol(',') {
			return fmt.Errorf("SET has %q", l.next().text)
		}
	}
}

var errOrder = errors.New("SET of a variable that the same SET has set")

func (s *session) assign(l *lexer, done map[string]bool) error {
	if l.have("NAMES") {
		if done["character_set_client"] {
			return errOrder
		}
		done["character_set_client"] = true
		return s.client(l.next())
	}
	if l.symbol('@') {
		if !l.symbol('@') {
			return s.save(l, done)
		}
	}
	scoped := l.have("SESSION") || l.have("LOCAL")
	if scoped {
		l.symbol('.')
	}
	variable, err := serverVariable(l)
	if err != nil {
		return err
	}
	if !l.symbol('=') {
		return fmt.Errorf("SET %s has no value", variable)
	}
	if done[variable] {
		return errOrder
	}
	done[variable] = true
	return s.value(l, variable, done)
}

// save reads "@OLD_SQL_MODE=@@SQL_MODE".
func (s *session) save(l *lexer, done map[string]bool) error {
	own := l.next()
	// A server treats @é as @e.
	if own.class != word || !isASCII(own.text) || !l.symbol('=') || !l.symbol('@') || !l.symbol('@') {
		return errors.New("SET of a variable that is not a copy of the server's")
	}
	if l.have("SESSION") || l.have("LOCAL") {
		l.symbol('.')
	}
	variable, err := serverVariable(l)
	if at := "@" + strings.ToLower(own.text); err == nil && (done[variable] || done[at]) {
		err = errOrder
	} else {
		done[at] = true
	}
	s.saved[strings.ToLower(own.text)] = saved{variable, s.plain, s.ansi, s.unicode}
	return err
}

func serverVariable(l *lexer) (string, error) {
	t := l.next()
	variable := strings.ToLower(t.text)
	if t.class != word || !slices.Contains(variables, variable) {
		return "", fmt.Errorf("SET %.40s", t.text)
	}
	return variable, nil
}

// value reads a literal, or a variable with the earlier value of this one.
func (s *session) value(l *lexer, variable string, done map[string]bool) error {
	if l.symbol('@') {
		own := l.next()
		before, known := s.saved[strings.ToLower(own.text)]
		if own.class != word || !known || before.of != variable {
			return fmt.Errorf("SET %s to a variable that does not have its value", variable)
		}
		switch {
		case done["@"+strings.ToLower(own.text)]:
			return errOrder
		case variable == "sql_mode":
			s.plain, s.ansi = before.plain, before.ansi
		case variable == "character_set_client":
			s.unicode = before.unicode
		}
		return nil
	}
	l.symbol('-')
	t := l.next()
	if t.class != word && t.class != text && t.class != digits {
		return fmt.Errorf("SET %s to %.40q", variable, t.text)
	}
	switch variable {
	case "sql_mode":
		return s.mode(t)
	case "character_set_client":
		return s.client(t)
	case "character_set_results":
		return checkCharset(t)
	}
	return nil
}

// modeLetters are the characters of lists of modes.
const modeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_,"

// mode reads a list of modes. Some stand for several.
func (s *session) mode(t token) error {
	if t.class != text {
		return errors.New("SET sql_mode to a value that is not a string")
	}
	modes := t.text[1 : len(t.text)-1]
	if strings.TrimLeft(modes, modeLetters) != "" { // N\O_BACKSLASH_ESCAPES is one, too
		return fmt.Errorf("SET sql_mode to %.80q", modes)
	}
	s.plain, s.ansi = false, false
	for mode := range strings.SplitSeq(modes, ",") {
		switch strings.ToUpper(mode) {
		case "NO_BACKSLASH_ESCAPES":
			s.plain = true
		case "ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL":
			s.ansi = true
		}
	}
	return nil
}

// client reads the character set of what is sent.
func (s *session) client(t token) error {
	s.unicode = strings.HasPrefix(strings.ToLower(strings.Trim(t.text, `'"`)), "utf8")
	return checkCharset(t)
}

func checkCharset(t token) error {
	charset := strings.ToLower(strings.Trim(t.text, `'"`))
	if charset == "null" && t.class == word || slices.Contains(charsets, charset) {
		return nil
	}
	return fmt.Errorf("the character set %.40q", t.text)
}
