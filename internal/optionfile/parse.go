// SPDX-License-Identifier: GPL-3.0-or-later

// Package optionfile reads MariaDB option files (my.cnf) the way the server's own client library does: comments,
// quotes, escapes, !include and !includedir. Parsing is pure; only Load touches files.
package optionfile

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Item is one meaningful line of an option file: an option, or an include directive.
type Item struct {
	// Line counts from 1.
	Line int
	// Include is the path after !include, IncludeDir the one after !includedir; then nothing else is set.
	Include, IncludeDir string
	// Group is the [section] of the option.
	Group string
	// Name is the option with dashes for underscores; the client treats both alike.
	Name string
	// Value is what follows the first "=", without quotes and escapes.
	Value string
	// Bare reports that there was no "=".
	Bare bool
}

// Parse parses the content of one option file. Items before an error are returned with it.
func Parse(data []byte) ([]Item, error) {
	p := &parser{}
	for i, line := range bytes.SplitAfter(data, []byte("\n")) {
		for text := range reads(line) {
			if err := p.take(trimLeft(text), i+1); err != nil {
				return p.items, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	return p.items, nil
}

// parser is the state of a partly parsed file.
type parser struct {
	items []Item
	group string
	// grouped reports that there was a [group].
	grouped bool
}

// take reads a line without leading spaces. MariaDB also skips "=x".
func (p *parser) take(line string, number int) error {
	switch {
	case line == "" || line[0] == '#' || line[0] == ';':
		return nil
	case line[0] == '!':
		return p.takeDirective(line, number)
	case line[0] == '[':
		name, _, closed := strings.Cut(line[1:], "]")
		if !closed {
			return errors.New("a group's name without the closing ]")
		}
		p.group, p.grouped = trimRight(name), true
		return nil
	}
	item := parseOption(line)
	if !p.grouped {
		return fmt.Errorf("option %q is before any [group]", excerpt.Of(item.Name))
	}
	if item.Line, item.Group = number, p.group; item.Name != "" {
		p.items = append(p.items, item)
	}
	return nil
}

// maxRead is the length that MariaDB reads at once, including the line feed. The rest becomes a line of its own.
const maxRead = 4094

// reads yields the C strings that MariaDB reads from a line, with its line feed. A NUL byte hides the text after it.
func reads(line []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part := range slices.Chunk(line, maxRead) {
			text, _, _ := strings.Cut(string(part), "\x00")
			if !yield(text) {
				return
			}
		}
	}
}

// isSpace is that of the client library's latin1 character set. A byte 0xA0 is also the last byte of the UTF-8 of à:
// the client removes it from the end of an unquoted value.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }

func trimLeft(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func parseOption(line string) Item {
	name, value, found := strings.Cut(cutComment(line), "=")
	name = strings.ReplaceAll(trimRight(name), "_", "-")
	if !found {
		return Item{Name: name, Bare: true}
	}
	return Item{Name: name, Value: unescape(unquote(trimRight(trimLeft(value))))}
}

// takeDirective reads !include and !includedir. MariaDB skips any other word, and treats the last byte of the line as
// its line feed, whatever it is.
func (p *parser) takeDirective(line string, number int) error {
	line = trimLeft(line[1:])
	for _, word := range []string{"includedir", "include"} {
		path, is := strings.CutPrefix(line, word)
		if !is || path == "" || !isSpace(path[0]) {
			continue
		}
		if path = trimLeft(path); path != "" {
			path = trimRight(path[:len(path)-1])
		}
		if path == "" {
			return fmt.Errorf("!%s without a path", word)
		}
		item := Item{Line: number, Include: path}
		if word == "includedir" {
			item.Include, item.IncludeDir = "", path
		}
		p.items = append(p.items, item)
	}
	return nil
}

// cutComment drops everything from a # outside of quotes. No space is needed before it: an unquoted password=a#b is the
// password "a", as for the client.
func cutComment(line string) string {
	var quote byte
	escaped := false
	for i := range len(line) {
		c := line[i]
		if (c == '\'' || c == '"') && !escaped {
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		}
		if quote == 0 && c == '#' {
			return line[:i]
		}
		escaped = quote != 0 && c == '\\' && !escaped
	}
	return line
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// unescape resolves the eight escapes that the client knows; any other backslash stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i == len(s)-1 {
			b.WriteByte(s[i])
			continue
		}
		i++
		if at := strings.IndexByte(escapeLetters, s[i]); at >= 0 {
			b.WriteByte(escapeBytes[at])
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(s[i])
	}
	return b.String()
}

const (
	escapeLetters = `ntrbs"'\`
	escapeBytes   = "\n\t\r\b \"'\\"
)

// maxQuoted leaves room in a line for the option's name.
const maxQuoted = maxRead - 94

// Quote writes a value so that Parse and MariaDB's own programs read it back unchanged. It cannot contain a NUL byte,
// at which the client's C strings end, or more than the client reads of a line.
func Quote(value string) (string, error) {
	if strings.IndexByte(value, 0) >= 0 {
		return "", fmt.Errorf("an option file cannot contain a NUL byte")
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(value) {
		at := strings.IndexByte(escapeBytes, value[i])
		if at < 0 || value[i] == ' ' || value[i] == '\'' {
			b.WriteByte(value[i])
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(escapeLetters[at])
	}
	b.WriteByte('"')
	if b.Len() > maxQuoted {
		return "", fmt.Errorf("an option file cannot contain a value of %d bytes", len(value))
	}
	return b.String(), nil
}
