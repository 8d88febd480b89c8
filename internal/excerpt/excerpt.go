// SPDX-License-Identifier: GPL-3.0-or-later

// Package excerpt makes foreign text safe for a message: of bounded length, in one line, and without characters that a
// terminal obeys. The author of an input must not control the length of a message, or the screen that shows it.
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
	// maxWord bounds a name, a number or a line in a message.
	maxWord = 80
	// maxError bounds the error of a foreign parser, or of a server: MariaDB's have up to 512.
	maxError = 600
	// maxLine bounds a line of a program's output.
	maxLine = 2000
	// maxErrors bounds the number of reported errors of one list.
	maxErrors = 10
)

// Of returns the beginning of a text: at most 80 characters, and "..." if there are more.
func Of(text string) string { return UpTo(maxWord, text) }

// UpTo is Of with another limit. A printable text of one line stays unchanged, so that a secret in it is found later.
// In other texts, blanks and line ends become one space, and unprintable characters become "?".
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

// OutputLine returns the beginning of a line that a program with a secret has printed: at most 2000 bytes. The secret
// is removed later, by its spelling: no word is cut in two, and unprintable characters are written as Go quotes them.
func OutputLine(line string) string {
	if !printable(line) {
		quoted := strconv.Quote(line)
		line = quoted[1 : len(quoted)-1]
	}
	if len(line) <= maxLine {
		return line
	}
	// A line without blanks is one word.
	return strings.ToValidUTF8(line[:max(strings.LastIndexByte(line[:maxLine], ' '), 0)], "?") + " ..."
}

// Error shortens the text of an error that repeats its input, as those of the libraries for XML, JSON, YAML and numbers
// do, to at most 600 characters in one line. errors.Is and errors.As still see the original.
func Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if short := UpTo(maxError, text); short != text {
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

// Join is errors.Join for lists of foreign length: it keeps the first ten, and the number of the others.
func Join(errs ...error) error {
	var kept []error
	more := 0
	for _, err := range errs {
		switch {
		case err == nil:
		case len(kept) < maxErrors:
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

// MostNames bounds the names that Names writes; FewNames those in a message of one line.
const (
	MostNames = 200
	FewNames  = 10
)

// Names lists names for a message: the first ones, each of at most 300 characters, and the number of the others.
func Names(names []string) string {
	shown := First(names, MostNames)
	for i, name := range shown {
		shown[i] = UpTo(300, name)
	}
	return strings.Join(shown, ", ")
}

// First returns a copy of the first names, and a text with the number of the others.
func First(names []string, most int) []string {
	if more := len(names) - most; more > 0 {
		return append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", more))
	}
	return slices.Clone(names)
}
