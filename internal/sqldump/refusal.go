// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Refusal says why a statement is not passed on.
type Refusal struct {
	Line int
	Text string // its beginning
	Why  error
}

// Error names the line and the reason.
func (e *Refusal) Error() string { return fmt.Sprintf("line %d, %s", e.Line, e.Reason()) }

// Reason returns the error without the line.
func (e *Refusal) Reason() string {
	return fmt.Sprintf("%s: the dump has a statement that mariadb-dump does not write: %v", e.Text, e.Why)
}

// Unwrap returns the reason.
func (e *Refusal) Unwrap() error { return e.Why }

// refuse returns a Refusal of a statement.
func (s *Statement) refuse(why error) error { return &Refusal{s.Line, clip(s.Text), why} }

// confidential are the words before hashes, passwords and rows, which must not appear in messages.
var confidential = regexp.MustCompile(`(?i)\b(IDENTIFIED|OPTIONS|VALUES)\b`)

// clip returns the beginning of a statement, in one line, without characters that a terminal would obey and without its
// values.
func clip(text string) string {
	text = strings.Join(strings.Fields(text[:min(len(text), 400)]), " ")
	if at := confidential.FindStringIndex(text); at != nil {
		text = text[:at[1]]
	}
	return strconv.Quote(text[:min(len(text), 80)])
}

// refuse returns a Refusal of the statement that is being read.
func (r *Reader) refuse(format string, args ...any) error {
	return &Refusal{r.begin, clip(r.text.String()), fmt.Errorf(format, args...)}
}

var errUnknown = errors.New("such a statement is in no dump")
