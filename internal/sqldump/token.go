// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"strings"
)

// class is the kind of a token. The zero value is the end of the statement.
type class byte

const (
	word   class = 'w'
	name   class = 'n' // quoted
	text   class = 't' // a string
	digits class = 'd'
	symbol class = 's'
	odd    class = 'o' // what servers may read as more than one token, such as 1.0ENGINE, or not as written
)

type token struct {
	class
	text    string // as it is written
	at, end int
}

// is reports that it is a word.
func (t token) is(wanted string) bool { return t.class == word && strings.EqualFold(t.text, wanted) }

// goesOn is an error about a token where none is expected. A string may be a password.
func (t token) goesOn() error {
	if t.class == text {
		return errors.New("it goes on with a string")
	}
	return fmt.Errorf("it goes on with %.40q", t.text)
}

func (t token) isOneOf(wanted ...string) bool {
	for _, w := range wanted {
		if t.is(w) {
			return true
		}
	}
	return false
}

func (t token) symbol(c byte) bool { return t.class == symbol && t.text[0] == c }

// name returns the identifier, quoted or not.
func (t token) name() string {
	if t.class != name {
		return t.text
	}
	quote := t.text[:1]
	return strings.ReplaceAll(t.text[1:len(t.text)-1], quote+quote, quote)
}

// lexer walks over a statement that a Reader has taken apart.
type lexer struct {
	s       string
	i       int
	session session
}

// next returns the next token.
func (l *lexer) next() token {
	l.skip()
	if l.i >= len(l.s) {
		return token{at: l.i, end: l.i}
	}
	at, class := l.i, symbol
	switch c := l.s[at]; {
	case c == '`':
		class = name
		l.quote(c)
	case c == '"' && l.session.ansi:
		class = name
		l.quote(c)
	case c == '\'' || c == '"':
		class = text
		l.quote(c)
	case isDigit(c):
		class = digits
		if l.number(); !isNumber(l.s[at:l.i]) {
			class = odd
		}
	case isLetter(c):
		class = word
		for l.i < len(l.s) && (isLetter(l.s[l.i]) || isDigit(l.s[l.i])) {
			l.i++
		}
		// In the character sets of one byte some of these are blanks.
		if !l.session.unicode && !isASCII(l.s[at:l.i]) {
			class = odd
		}
	default:
		l.i++
	}
	return token{class, l.s[at:l.i], at, l.i}
}

// peek returns the next token without consuming it.
func (l *lexer) peek() token {
	before := l.i
	t := l.next()
	l.i = before
	return t
}

// have consumes the next words if they are these.
func (l *lexer) have(words ...string) bool {
	before := l.i
	for _, w := range words {
		if !l.next().is(w) {
			l.i = before
			return false
		}
	}
	return true
}

// symbol consumes the next token if it is this one.
func (l *lexer) symbol(c byte) bool {
	if l.peek().symbol(c) {
		l.next()
		return true
	}
	return false
}

// ended reports that nothing follows.
func (l *lexer) ended() bool { return l.peek().class == 0 }

// skip skips blanks and comments, as a server does.
func (l *lexer) skip() {
	for l.i < len(l.s) {
		rest := l.s[l.i:]
		var end string
		switch {
		case isSpace(rest[0]) || rest[0] == '\f' || rest[0] == '\v':
			l.i++
			continue
		case rest[0] == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || isControl(rest[2])):
			end = "\n"
		case strings.HasPrefix(rest, "/*"):
			end = "*/"
		default:
			return
		}
		from := min(len(end), len(rest))
		at := strings.Index(rest[from:], end)
		if at < 0 {
			l.i = len(l.s)
			return
		}
		l.i += from + at + len(end)
	}
}

// quote skips a string or a name. A doubled quote is part of it.
func (l *lexer) quote(c byte) {
	for l.i++; l.i < len(l.s); l.i++ {
		switch {
		case l.s[l.i] == '\\' && l.session.escapes(c):
			l.i++
		case l.s[l.i] != c:
		case l.i+1 < len(l.s) && l.s[l.i+1] == c:
			l.i++
		default:
			l.i++
			return
		}
	}
	l.i = len(l.s)
}

// number skips 1, 0x1F, 1.5e-3.
func (l *lexer) number() {
	begin := l.i
	for ; l.i < len(l.s); l.i++ {
		c := l.s[l.i]
		sign := (c == '+' || c == '-') && l.i > begin && (l.s[l.i-1]|0x20) == 'e' &&
			!strings.HasPrefix(l.s[begin:], "0x")
		if !isDigit(c) && !isLetter(c) && c != '.' && !sign {
			return
		}
	}
}

// isNumber refuses what only begins as a number: a server ends 1.0e1ENGINE before the E of ENGINE.
func isNumber(s string) bool {
	if rest, hexadecimal := strings.CutPrefix(s, "0x"); hexadecimal {
		return rest != "" && strings.TrimLeft(rest, "0123456789abcdefABCDEF") == ""
	}
	if rest, binary := strings.CutPrefix(s, "0b"); binary {
		return rest != "" && strings.TrimLeft(rest, "01") == ""
	}
	const decimal = "0123456789"
	rest := strings.TrimLeft(s, decimal)
	if after, point := strings.CutPrefix(rest, "."); point {
		rest = strings.TrimLeft(after, decimal)
	}
	if rest != "" && rest[0]|0x20 == 'e' {
		rest = strings.TrimLeft(rest[1:], "+-")
		return rest != "" && strings.TrimLeft(rest, decimal) == ""
	}
	return rest == ""
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(c rune) bool { return c >= 0x80 }) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLetter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}

// isControl reports which characters may follow "--" in a comment.
func isControl(c byte) bool { return c <= ' ' || c == 0x7f }

// session is what a dump has set, as far as it changes how its text is to be read.
type session struct {
	plain bool // NO_BACKSLASH_ESCAPES
	ansi  bool // ANSI_QUOTES
	// unicode says that what is sent is read as UTF-8, as at the beginning.
	unicode bool
	// saved are the user's variables, each with the variable of the server that it was taken from.
	saved map[string]saved
}

type saved struct {
	of                   string
	plain, ansi, unicode bool
}

func newSession() session { return session{unicode: true, saved: map[string]saved{}} }

// escapes reports that a backslash in such quotes escapes.
func (s session) escapes(quote byte) bool {
	return quote != '`' && !s.plain && !(quote == '"' && s.ansi)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
