// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// splitWords splits a line of haproxy.cfg into words, according to section 2 of HAProxy's configuration manual: blanks
// separate words, # begins a comment, \ removes the meaning of the next character, "..." keeps blanks and # and
// contains $variables, '...' keeps everything. env knows the variables that the configuration itself sets. The words
// before an error are returned with it.
func splitWords(line string, env map[string]string) ([]string, error) {
	c := tokenizer{rest: line, env: env}
	for c.rest != "" && c.err == nil && !c.comment {
		c.step()
	}
	if c.err == nil && c.quoted {
		c.err = errors.New("a quote is not closed")
	}
	if c.err == nil {
		c.end()
	}
	return c.words, c.err
}

type tokenizer struct {
	rest    string
	env     map[string]string
	words   []string
	word    strings.Builder
	open    bool // a word has begun, even if it is empty
	quoted  bool // inside "..."
	comment bool
	err     error
}

func (c *tokenizer) end() {
	if c.open {
		c.words = append(c.words, c.word.String())
	}
	c.word.Reset()
	c.open = false
}

func (c *tokenizer) put(s string) {
	c.word.WriteString(s)
	c.open = true
}

// step takes one character, escape, variable or strong quote.
func (c *tokenizer) step() {
	b := c.rest[0]
	c.rest = c.rest[1:]
	switch {
	case b == '"':
		c.quoted, c.open = !c.quoted, true
	case b == '\\':
		c.escape()
	case b == '$' && c.quoted:
		c.variable()
	case b == '\'' && !c.quoted:
		c.strong()
	case c.quoted:
		c.put(string([]byte{b}))
	case b == '#':
		c.comment = true
	case b == ' ' || b == '\t' || b == '\r':
		c.end()
	default:
		c.put(string([]byte{b}))
	}
}

func (c *tokenizer) strong() {
	text, rest, ok := strings.Cut(c.rest, "'")
	if !ok {
		c.err = errors.New("a quote is not closed")
		return
	}
	c.put(text)
	c.rest = rest
}

func (c *tokenizer) escape() {
	if c.rest == "" {
		c.err = errors.New("the line ends in a backslash")
		return
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	switch b {
	case 'n':
		c.put("\n")
	case 'r':
		c.put("\r")
	case 't':
		c.put("\t")
	case 'x':
		c.hex()
	case ' ', '#', '\\', '\'', '"', '$', '\t':
		c.put(string([]byte{b}))
	default: // stands for itself, including the backslash
		c.put(string([]byte{'\\', b}))
	}
}

func (c *tokenizer) hex() {
	if len(c.rest) >= 2 {
		if n, err := strconv.ParseUint(c.rest[:2], 16, 8); err == nil {
			c.put(string([]byte{byte(n)}))
			c.rest = c.rest[2:]
			return
		}
	}
	c.err = errors.New(`\x is not followed by two hexadecimal digits`)
}

// variable inserts the value of $NAME, ${NAME}, ${NAME-default} or ${NAME[*]}.
func (c *tokenizer) variable() {
	name, fallback, hasFallback := "", "", false
	if inner, ok := strings.CutPrefix(c.rest, "{"); ok {
		body, rest, closed := strings.Cut(inner, "}")
		if !closed {
			c.err = errors.New("${ is not closed")
			return
		}
		c.rest = rest
		name, fallback, hasFallback = strings.Cut(body, "-")
		name = strings.TrimSuffix(name, "[*]")
	} else {
		n := 0
		for n < len(c.rest) && isNameByte(c.rest[n]) {
			n++
		}
		name, c.rest = c.rest[:n], c.rest[n:]
	}
	value, ok := c.env[name]
	switch {
	case ok:
		c.put(value)
	case hasFallback:
		c.put(fallback)
	default:
		c.err = fmt.Errorf("the value of $%s is known only to the process", excerpt.Of(name))
	}
}

func isNameByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
