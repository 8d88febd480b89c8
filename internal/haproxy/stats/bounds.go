// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"overcloud.backup/internal/excerpt"
)

// Limits of an answer, in addition to maxAnswer: a controller's HAProxy has some hundred lines of half a kilobyte.
// Lines that are almost empty would take a hundred times their size here.
const (
	maxRows    = 20_000
	maxEntries = 50_000 // of a stick table
	maxRow     = 64 << 10
	maxCell    = 2048 // the longest line of a configuration, so of a name in it
)

// bounded refuses an answer of too many lines, or with one that is too long.
func bounded(b []byte, rows int) error {
	n := 0
	for line := range bytes.Lines(b) {
		if n++; n > rows {
			return fmt.Errorf("it has more than %d lines", rows)
		}
		if len(line) > maxRow {
			return fmt.Errorf("line %d is longer than %d KiB", n, maxRow>>10)
		}
	}
	return nil
}

// plainText refuses characters that no name or word of HAProxy's contains, and that a terminal would obey.
func plainText(text string) error {
	if len(text) > maxCell {
		return fmt.Errorf("%q is longer than %d bytes", excerpt.Of(text), maxCell)
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("%q contains a control character", excerpt.Of(text))
	}
	return nil
}

// MaxAnswer limits one answer: "show stat" of 2000 servers is 0.6 MB.
const MaxAnswer = 8 << 20
