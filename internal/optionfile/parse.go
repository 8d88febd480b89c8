// SPDX-License-Identifier: GPL-3.0-or-later

// Package optionfile reads MariaDB option files (my.cnf) the way the server's own client library does: comments,
// quotes, escapes, !include and !includedir. Parsing is pure; only Load touches files.
package optionfile

import (
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Item is one meaningful line of an option file: an option, or an order to read more.
type Item struct {
	// Line counts from 1.
	Line int
	// Include is the path after !include, IncludeDir the one after !includedir; then nothing else is set.
	Include, IncludeDir string
	// Group is the [section] the option stands in.
	Group string
	// Name is the option with dashes for underscores; the client takes both for one.
	Name string
	// Value is what follows the first "=", without quotes and escapes.
	Value string
	// Bare says that there was no "=".
	Bare bool
}

// Parse reads one option file's bytes. What was read before an error is returned with it.
func Parse(data []byte) ([]Item, error) {
	var items []Item
	group := ""
	for i, raw := range strings.Split(string(data), "\n") {
		line := strings.TrimLeft(raw, spaces)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			name, _, closed := strings.Cut(line[1:], "]")
			if !closed {
				return items, fmt.Errorf("line %d: a group's name without the closing ]", i+1)
			}
			group = strings.TrimRight(name, spaces)
			continue
		}
		item, err := parseLine(line)
		if err == nil && item.Name != "" && group == "" {
			err = fmt.Errorf("option %q stands before any [group]", excerpt.Of(item.Name))
		}
		if err != nil {
			return items, fmt.Errorf("line %d: %w", i+1, err)
		}
		item.Line, item.Group = i+1, group
		if item.Name == "" {
			item.Group = ""
		}
		items = append(items, item)
	}
	return items, nil
}

// spaces are those of the client library's latin1 character set in the C locale.
const spaces = " \t\r\v\f"

func parseLine(line string) (Item, error) {
	if line[0] == '!' {
		return parseDirective(line)
	}
	line = cutComment(line)
	name, value, found := strings.Cut(line, "=")
	name = strings.ReplaceAll(strings.TrimRight(name, spaces), "_", "-")
	if name == "" {
		return Item{}, fmt.Errorf("a value without the name of its option")
	}
	if !found {
		return Item{Name: name, Bare: true}, nil
	}
	return Item{Name: name, Value: unescape(unquote(strings.Trim(value, spaces)))}, nil
}

func parseDirective(line string) (Item, error) {
	word, path, _ := strings.Cut(strings.Map(tabToSpace, line[1:]), " ")
	path = strings.Trim(path, spaces)
	switch {
	case path == "":
		return Item{}, fmt.Errorf("!%s without a path", excerpt.Of(word))
	case word == "include":
		return Item{Include: path}, nil
	case word == "includedir":
		return Item{IncludeDir: path}, nil
	}
	return Item{}, fmt.Errorf("!%s is neither !include nor !includedir", excerpt.Of(word))
}

func tabToSpace(r rune) rune {
	if r == '\t' {
		return ' '
	}
	return r
}

// cutComment drops everything from a # that stands outside of quotes. No space is needed before it: an unquoted
// password=a#b is the password "a", for the client too.
func cutComment(line string) string {
	var quote byte
	escaped := false
	for i := 0; i < len(line); i++ {
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

// unescape resolves the eight escapes that the client knows; any other backslash is itself.
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

// Quote writes a value so that Parse, and MariaDB's own programs, read it back unchanged.
// It cannot carry a NUL byte, which the client's C strings end at.
func Quote(value string) (string, error) {
	if strings.IndexByte(value, 0) >= 0 {
		return "", fmt.Errorf("an option file cannot carry a NUL byte")
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(value); i++ {
		at := strings.IndexByte(escapeBytes, value[i])
		if at < 0 || value[i] == ' ' || value[i] == '\'' {
			b.WriteByte(value[i])
			continue
		}
		b.WriteByte('\\')
		b.WriteByte(escapeLetters[at])
	}
	b.WriteByte('"')
	return b.String(), nil
}
