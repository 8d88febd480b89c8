// SPDX-License-Identifier: GPL-3.0-or-later

// Package excerpt makes what a stranger wrote fit to stand in a message: of bounded length, in one line, and without
// characters that a terminal obeys. Whoever writes to an input must not choose how long a message gets, nor what it
// does to the screen it is shown on.
package excerpt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits, in characters.
const (
	// most is what a name, a number or a line may take in a message.
	most = 80
	// mostError is what the error of somebody else's parser, or of a server, may take: MariaDB's have up to 512.
	mostError = 600
	// mostSaid is what a line of a program may take.
	mostSaid = 2000
	// mostErrors is how many errors of one list are told.
	mostErrors = 10
)

// Of is the beginning of a text: at most 80 characters, and "..." where there are more.
func Of(text string) string { return UpTo(most, text) }

// UpTo is Of with another limit. A text that is one line and can be printed is not changed, so that a secret in it is
// found later. In others blanks and line ends become one space, and what cannot be printed becomes "?".
func UpTo(limit int, text string) string {
	if len(text) <= limit && printable(text) {
		return text
	}
	var b strings.Builder
	count, blank := 0, false
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		if unicode.IsSpace(r) {
			blank = count > 0
			continue
		}
		if blank {
			count++
		}
		if count >= limit {
			return b.String() + "..."
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}

// LastLine returns the last line of a text that is not empty.
func LastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Said is the beginning of a line of a program that was trusted with a secret: at most 2000 bytes. The secret is taken
// out later, by its spelling: no word is cut in two, and what cannot be printed is written as Go quotes it.
func Said(line string) string {
	if !printable(line) {
		quoted := strconv.Quote(line)
		line = quoted[1 : len(quoted)-1]
	}
	if len(line) <= mostSaid {
		return line
	}
	// A line without blanks is all one word.
	return strings.ToValidUTF8(line[:max(strings.LastIndexByte(line[:mostSaid], ' '), 0)], "?") + " ..."
}

// Error gives an error whose text repeats what was parsed, as those of the libraries for XML, JSON, YAML and numbers
// do, a text of at most 600 characters in one line. errors.Is and errors.As see what they saw before.
func Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if short := UpTo(mostError, text); short != text {
		return &clipped{text: short, err: err}
	}
	return err
}

type clipped struct {
	text string
	err  error
}

func (c *clipped) Error() string { return c.text }
func (c *clipped) Unwrap() error { return c.err }

// Join is errors.Join for lists whose length is somebody else's choice: it keeps the first ten, and says how many more
// there are.
func Join(errs ...error) error {
	var kept []error
	more := 0
	for _, err := range errs {
		switch {
		case err == nil:
		case len(kept) < mostErrors:
			kept = append(kept, err)
		default:
			more++
		}
	}
	if more > 0 {
		kept = append(kept, fmt.Errorf("and %d more", more))
	}
	return errors.Join(kept...)
}

// MostNames is how many Names writes; FewNames how many a message of one line names.
const (
	MostNames = 200
	FewNames  = 10
)

// Names writes names into a message: the first ones, each of at most 300 characters, and how many more there are.
func Names(names []string) string {
	shown := First(names, MostNames)
	for i, name := range shown {
		shown[i] = UpTo(300, name)
	}
	return strings.Join(shown, ", ")
}

// First is a copy of the first names, and of how many there are besides.
func First(names []string, most int) []string {
	if more := len(names) - most; more > 0 {
		return append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", more))
	}
	return slices.Clone(names)
}
