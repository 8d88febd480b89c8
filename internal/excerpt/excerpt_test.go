// SPDX-License-Identifier: GPL-3.0-or-later

package excerpt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"overcloud.backup/tests/messages"
)

func TestAnExcerptIsShortAndOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"galera":                         "galera",
		"two\nlines \t and\r\nmore\n":    "two lines and more",
		"\x1b]0;title\x07":               "?]0;title?",
		"a\x00b\u009bc\u202ed\ufeffe":    "a?b?c?d?e",
		"half \xff\xfe":                  "half ??",
		"naïve 東京 😀":                     "naïve 東京 😀",
		strings.Repeat("x", 80):          strings.Repeat("x", 80),
		strings.Repeat("x", 81):          strings.Repeat("x", 80) + "...",
		strings.Repeat("é", 4096):        strings.Repeat("é", 80) + "...",
		strings.Repeat("x", 80) + "  \n": strings.Repeat("x", 80),
		"two  blanks":                    "two  blanks",
		strings.Repeat(" ", 100) + "end": "end",
	} {
		if got := Of(text); got != want || !utf8.ValidString(got) {
			t.Errorf("%.100q became %q, want %q", text, got, want)
		}
	}
}

func TestALineOfAProgramKeepsItsWords(t *testing.T) {
	word := strings.Repeat("s", 300)
	for line, want := range map[string]string{
		"":                             "",
		"two  blanks":                  "two  blanks",
		"a \x1b[2J\u009b \"b\"":        `a \x1b[2J\u009b \"b\"`,
		strings.Repeat(word+" ", 1000): strings.Repeat(word+" ", 6) + "...",
		strings.Repeat("x", 1<<20):     " ...",
	} {
		if got := OutputLine(line); got != want {
			t.Errorf("%.100q became %q, want %q", line, got, want)
		}
	}
}

func TestAShortenedErrorKeepsItsIdentity(t *testing.T) {
	if Error(nil) != nil {
		t.Error("no error became one")
	}
	plain := errors.New("it is not there")
	if Error(plain) != plain {
		t.Error("a short error was wrapped")
	}
	long := Error(&fs.PathError{Op: "open", Path: "/" + strings.Repeat("x\n", 9000), Err: fs.ErrNotExist})
	var path *fs.PathError
	if !errors.Is(long, fs.ErrNotExist) || !errors.As(long, &path) {
		t.Errorf("%v is of no type any more", long)
	}
	messages.Check(t, long)
	var into struct{ Format int }
	err := json.Unmarshal([]byte(`{"Format":`+strings.Repeat("9", 1<<20)+`}`), &into)
	messages.Check(t, Error(err))
}

func TestALongListIsCutShort(t *testing.T) {
	if Join() != nil || Join(nil, nil) != nil {
		t.Error("no errors became one")
	}
	var errs []error
	for i := range 1000 {
		errs = append(errs, nil, fmt.Errorf("number %d", i))
	}
	lines := strings.Split(Join(errs...).Error(), "\n")
	if len(lines) != 11 || lines[9] != "number 9" || lines[10] != "and 990 more" {
		t.Errorf("%q", lines)
	}
}

// FuzzOf checks that an excerpt is bounded and printable, and that text which already is stays unchanged.
func FuzzOf(f *testing.F) {
	f.Add("a\x1b[2J\nb")
	f.Add("a name")
	f.Add("\xff\u202e" + strings.Repeat("é ", 60))
	f.Fuzz(func(t *testing.T, text string) {
		got := Of(text)
		messages.Check(t, errors.New(got))
		if n := utf8.RuneCountInString(got); n > maxWord+len("...") {
			t.Fatalf("%d characters of %q", n, text)
		}
		plain := !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
		if plain && len(text) <= maxWord && got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestNamesAreCutShort(t *testing.T) {
	many := make([]string, MostNames+7)
	for i := range many {
		many[i] = "a\x1b[2J" + strings.Repeat("x", 1000)
	}
	if got := Names(many); !strings.HasSuffix(got, ", and 7 more") || len(got) > MostNames*320 ||
		strings.Contains(got, "\x1b") {
		t.Errorf("%d bytes, %.100q", len(got), got)
	}
	if got := Names([]string{"nova.a", "nova.b"}) + Names(nil); got != "nova.a, nova.b" {
		t.Errorf("%q", got)
	}
}
