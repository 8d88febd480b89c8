// SPDX-License-Identifier: GPL-3.0-or-later

// Package messages checks the messages of parsers about foreign input.
package messages

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Most is the maximum length of an error about one thing, in characters: enough for a few excerpts, each of them
// quoted.
const Most = 1500

// Check fails the test if an error is long, has several lines, or contains terminal escapes. No error is fine.
func Check(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if why := wrong(err); why != "" {
		t.Fatal(why)
	}
}

// wrong returns what is wrong with a message, or "".
func wrong(err error) string {
	text := err.Error()
	bad := strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control,
			r)
	})
	if utf8.RuneCountInString(text) > Most || bad >= 0 || !utf8.ValidString(text) {
		return fmt.Sprintf("a message of %d bytes, with a control character at %d: %.300q", len(text), bad, text)
	}
	return ""
}

// long are texts that no message should repeat, in place of a name, a number, a key or a line of an input. All but the
// last three may appear in XML.
var long = map[string]string{
	"letters": strings.Repeat("x", 2500),
	"digits":  strings.Repeat("9", 2500),
	"zeros":   strings.Repeat("0", 2500),
	"words":   strings.Repeat("word ", 500),
	"wide":    strings.Repeat("\U000e0001", 2000),
	"bidi":    "a\u202eb\u2066c",
	"C1":      "a\u009b2Jb",
	"lines":   "a\nb\r\nc",
	"escape":  "a\x1b]0;title\x07b",
	"invalid": strings.Repeat("\xff\xfe", 1000),
	"NUL":     "a\x00b",
}

// token is a name, a number or a word of an input.
var token = regexp.MustCompile(`[\pL\pN_.@*-]+`)

// Everywhere replaces every word of a sample, one after the other, with long and hostile texts, has it parsed, and
// checks the parser's message. The sample should be small, and have every feature once.
func Everywhere(t *testing.T, sample string, parse func(input []byte) error) {
	t.Helper()
	said, tried := 0, map[string]bool{}
	for _, at := range token.FindAllStringIndex(sample, -1) {
		if like := sample[max(0, at[0]-12):at[1]]; tried[like] {
			continue
		} else {
			tried[like] = true
		}
		for name, text := range long {
			err := parse([]byte(sample[:at[0]] + text + sample[at[1]:]))
			if err == nil {
				continue
			}
			said++
			if why := wrong(err); why != "" {
				t.Errorf("%s in the place of %q: %s", name, sample[at[0]:at[1]], why)
			}
		}
	}
	if said == 0 {
		t.Error("nothing was refused: the sample is none of this parser's")
	}
}
