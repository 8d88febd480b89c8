// SPDX-License-Identifier: GPL-3.0-or-later

// Package token splits SQL, such as that of SHOW GRANTS and the default of a column, into words, quoted names and
// symbols.
package token

import (
	"fmt"
	"strings"
)

// Token is a word, a quoted name or one symbol of a GRANT statement.
type Token struct {
	Text   string
	Quoted bool
	End    int // where the text after it begins
}

// Is reports whether the token is a word, in any case.
func (t Token) Is(word string) bool { return !t.Quoted && strings.EqualFold(t.Text, word) }

// Symbol reports whether the token is a symbol.
func (t Token) Symbol(c byte) bool { return !t.Quoted && t.Text == string(c) }

func isSymbol(c byte) bool { return strings.IndexByte("(),@.*;", c) >= 0 }
func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isQuote(c byte) bool  { return c == '`' || c == '\'' || c == '"' }
func endsWord(c byte) bool { return isSpace(c) || isSymbol(c) || isQuote(c) }

// Split splits a statement. A quote that does not end is an error, returned with what came before it.
func Split(s string) ([]Token, error) {
	var tokens []Token
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isSpace(c):
			i++
		case isSymbol(c):
			i++
			tokens = append(tokens, Token{Text: s[i-1 : i], End: i})
		case isQuote(c):
			text, rest, err := quoted(s[i:])
			if err != nil {
				return tokens, err
			}
			i = len(s) - len(rest)
			tokens = append(tokens, Token{Text: text, Quoted: true, End: i})
		default:
			start := i
			for i < len(s) && !endsWord(s[i]) {
				i++
			}
			tokens = append(tokens, Token{Text: s[start:i], End: i})
		}
	}
	return tokens, nil
}

// quoted reads the name that s begins with and returns the rest. A doubled quote stands for one; a backslash escapes in
// strings, never in backticks.
func quoted(s string) (text, rest string, err error) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] != quote:
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == quote:
			i++
			b.WriteByte(quote)
		default:
			return b.String(), s[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("a quote %c is not closed", quote)
}
