// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"bytes"
	"strconv"
	"strings"
)

// lookahead is more than must be seen at once to recognize a beginning: "/*M!100616" and "DELIMITER ;;\r\n".
const lookahead = 32

// maxStatement is the most that a server accepts in one packet.
const maxStatement = 1 << 30

// NewReader reads a dump of schemas, for a server of a version, such as "10.11.6". take is called with one statement
// after the other.
func NewReader(version string, take func(Statement) error) *Reader {
	return &Reader{
		version: number(version), take: take, check: (*Reader).ofSchema, line: 1, atStart: true,
		session: newSession(),
	}
}

// NewUsersReader reads a file of accounts in the same way.
func NewUsersReader(version string, take func(Statement) error) *Reader {
	r := NewReader(version, take)
	r.check = (*Reader).ofUsers
	return r
}

// number returns 101106 for "10.11.6".
func number(version string) int {
	n := 0
	parts := strings.SplitN(version, ".", 3)
	for i := range 3 {
		part := 0
		if i < len(parts) {
			part, _ = strconv.Atoi(parts[i])
		}
		n = n*100 + part
	}
	return n
}

// piece is how much is examined together.
const piece = 256 << 10

// Write reads the next bytes. The first error stays; it names the line and the statement.
func (r *Reader) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0 && r.err == nil; {
		n := min(piece, len(rest))
		r.carry = append(r.carry, rest[:n]...)
		rest = rest[n:]
		r.err = r.scan(false)
	}
	if r.err != nil {
		return 0, r.err
	}
	return len(p), nil
}

// Close ends the input. A statement without an end is an error.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = r.scan(true)
	}
	if r.err == nil && (strings.TrimSpace(r.text.String()) != "" || r.inside || r.state == inQuote ||
		r.state == blockComment) {
		r.err = r.refuse("the dump ends inside this statement")
	}
	return r.err
}

func (r *Reader) scan(final bool) error {
	b := r.carry
	for len(b) > 0 {
		n, err := r.step(b, final)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		r.line += bytes.Count(b[:n], newline)
		r.atStart = b[n-1] == '\n'
		b = b[n:]
	}
	r.carry = r.carry[:copy(r.carry, b)]
	if r.text.Len() > maxStatement {
		return r.refuse("it has more than %d bytes, which no server accepts", maxStatement)
	}
	return nil
}

var newline = []byte{'\n'}

// step consumes some of b; none if more of it must be seen.
func (r *Reader) step(b []byte, final bool) (int, error) {
	switch {
	case r.state == inQuote:
		return r.quoted(b), nil
	case r.state == lineComment:
		return r.comment(b, newline, 1), nil
	case len(b) < lookahead && !final:
		return 0, nil
	case r.state == blockComment:
		return r.comment(b, []byte("*/"), 2), nil
	case r.text.Len() == 0 && !r.inside && isSpace(b[0]):
		return len(b) - len(bytes.TrimLeft(b, " \t\r\n")), nil
	case r.text.Len() == 0 && r.atStart && !r.inside && hasWord(b, "DELIMITER"):
		return r.delimiter(b)
	}
	return r.code(b)
}

// hasWord reports that b begins with a word, and a blank.
func hasWord(b []byte, word string) bool {
	return len(b) > len(word) && isSpace(b[len(word)]) && strings.EqualFold(string(b[:len(word)]), word)
}

// delimiter reads "DELIMITER ;;": mariadb-dump uses no other except the semicolon.
func (r *Reader) delimiter(b []byte) (int, error) {
	line, _, _ := bytes.Cut(b, newline)
	switch string(bytes.TrimSpace(line[len("DELIMITER"):])) {
	case ";;":
		r.semi = true
	case ";":
		r.semi = false
	default:
		r.begin = r.line
		return 0, r.refuse("%.60q: mariadb-dump uses only the delimiters ; and ;;", line)
	}
	return len(line), nil
}

// quoted reads a piece of a string or a name, up to its end.
func (r *Reader) quoted(b []byte) int {
	for i := range b {
		switch c := b[i]; {
		case r.escaped:
			r.escaped = false
		case c == '\\' && r.session.escapes(r.quote):
			r.escaped = true
		case c == r.quote:
			r.state = code
			r.text.Write(b[:i+1])
			return i + 1
		}
	}
	r.text.Write(b)
	return len(b)
}

// comment reads a piece of a comment, up to its end.
func (r *Reader) comment(b, end []byte, width int) int {
	n := len(b)
	if at := bytes.Index(b, end); at >= 0 {
		n = at + width
		r.state = code
	} else if n > width {
		n -= width - 1 // half of the end may be in it
	}
	if r.keep {
		r.text.Write(b[:n])
	} else if r.state == code && r.text.Len() > 0 {
		r.text.add(' ')
	}
	return n
}

// code reads what is outside of quotes and comments. b is long enough, unless it is the end.
func (r *Reader) code(b []byte) (int, error) {
	if r.text.Len() == 0 && !r.inside {
		r.begin = r.line
	}
	end := ";"
	if r.semi {
		end = ";;"
	}
	switch c := b[0]; {
	case c == 0 || c == '\\':
		return 0, r.refuse("it has %q outside of quotes", c)
	case c == '\'' || c == '"' || c == '`':
		r.state, r.quote = inQuote, c
		r.text.add(c)
		return 1, nil
	case bytes.HasPrefix(b, []byte(end)):
		return len(end), r.finish()
	case c == '#', bytes.HasPrefix(b, []byte("--")) && (len(b) == 2 || isControl(b[2])):
		r.state, r.keep = lineComment, r.semi && r.text.Len() > 0
		return r.opening(b, 1), nil
	case bytes.HasPrefix(b, []byte("/*")):
		return r.openComment(b)
	case r.inside && bytes.HasPrefix(b, []byte("*/")):
		r.inside = false
		r.text.add(' ')
		return 2, nil
	}
	n := 1
	for n < len(b) && !special[b[n]] {
		n++
	}
	r.text.Write(b[:n])
	return n, nil
}

// special are the bytes that may begin something else.
var special = [256]bool{0: true, '\\': true, '\'': true, '"': true, '`': true, ';': true, '#': true, '-': true,
	'/': true, '*': true}

// opening passes on the beginning of a comment that stays.
func (r *Reader) opening(b []byte, n int) int {
	if r.keep {
		r.text.Write(b[:n])
	}
	return n
}

// openComment opens a comment. One that is executable, and meant for this server, is code. Those of MySQL 5.7 are not,
// as in MariaDB.
func (r *Reader) openComment(b []byte) (int, error) {
	mark := len("/*!")
	forMariaDB := bytes.HasPrefix(b, []byte("/*M!"))
	if forMariaDB {
		mark++
	} else if !bytes.HasPrefix(b, []byte("/*!")) {
		r.state, r.keep = blockComment, r.semi && r.text.Len() > 0
		return r.opening(b, 2), nil
	}
	digits := mark
	for digits < len(b) && '0' <= b[digits] && b[digits] <= '9' {
		digits++
	}
	if digits-mark != 5 && digits-mark != 6 {
		return 0, r.refuse("it has an executable comment without a version, %.20q", b)
	}
	version, _ := strconv.Atoi(string(b[mark:digits]))
	if version > r.version || !forMariaDB && 50700 <= version && version <= 50999 {
		r.state, r.keep = blockComment, false
		return digits, nil
	}
	if r.inside {
		return 0, r.refuse("it has an executable comment in another one")
	}
	r.inside = true
	if r.text.Len() > 0 {
		r.text.add(' ')
	}
	return digits, nil
}

// finish passes a statement on.
func (r *Reader) finish() error {
	if r.inside {
		return r.refuse("it ends inside an executable comment")
	}
	s := Statement{Text: strings.TrimSpace(r.text.String()), Line: r.begin, Schema: r.schema}
	r.text.Reset()
	if s.Text == "" {
		return nil
	}
	if err := r.check(r, &s); err != nil {
		return err
	}
	return r.take(s)
}
