// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Refusal is why a statement is not passed on.
type Refusal struct {
	Line int
	Text string // its beginning
	Why  error
}

// Error names the line and the reason.
func (e *Refusal) Error() string { return fmt.Sprintf("line %d, %s", e.Line, e.Reason()) }

// Reason is the error without the line.
func (e *Refusal) Reason() string {
	return fmt.Sprintf("%s: the dump has a statement that mariadb-dump does not write: %v", e.Text, e.Why)
}

// Unwrap is the reason.
func (e *Refusal) Unwrap() error { return e.Why }

// refuse is a Refusal of a statement.
func (s *Statement) refuse(why error) error { return &Refusal{s.Line, clip(s.Text), why} }

// confidential is what stands before hashes, passwords and rows, which belong into no message.
var confidential = regexp.MustCompile(`(?i)\b(IDENTIFIED|OPTIONS|VALUES)\b`)

// clip is the beginning of a statement, in one line, without what a terminal would obey and without its values.
func clip(text string) string {
	text = strings.Join(strings.Fields(text[:min(len(text), 400)]), " ")
	if at := confidential.FindStringIndex(text); at != nil {
		text = text[:at[1]]
	}
	return strconv.Quote(text[:min(len(text), 80)])
}

// refuse is a Refusal of the statement that is being read.
func (r *Reader) refuse(format string, args ...any) error {
	return &Refusal{r.begin, clip(r.text.String()), fmt.Errorf(format, args...)}
}
