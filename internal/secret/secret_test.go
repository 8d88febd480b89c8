// SPDX-License-Identifier: GPL-3.0-or-later

package secret

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestEverySpellingIsRemoved(t *testing.T) {
	for _, word := range []string{
		"hunter2", " with blanks ", `q"uo\te`, "a@b c,d:e", "<&>", "ümlaut/é", "a b+c%",
		"line\nbreak", "\x01", "tab\t",
	} {
		var s Set
		s.Add(Spellings(word)...)
		inJSON, err := json.Marshal(word)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			word, strings.TrimSpace(word), strconv.Quote(word), strconv.QuoteToASCII(word), fmt.Sprintf("%q", word),
			string(inJSON), url.QueryEscape(word),
			(&url.URL{Scheme: "http", User: url.UserPassword("root", word), Host: "h"}).String(),
			"mysql://root:" + url.PathEscape(word) + "@host/",
		} {
			got := s.Scrub("before " + text + " after")
			if strings.Contains(got, strings.TrimSpace(word)) || !strings.Contains(got, Hidden) ||
				!strings.HasPrefix(got, "before") || !strings.HasSuffix(got, "after") {
				t.Errorf("%q in %q became %q", word, text, got)
			}
		}
	}
}

func TestABlankSecretHidesNothing(t *testing.T) {
	var s Set
	s.Add(Spellings("")...)
	s.Add(Spellings(" \n")...)
	s.Add("")
	if got := s.Scrub("a b\nc"); got != "a b\nc" || len(s.All()) != 0 {
		t.Errorf("%q, %q", got, s.All())
	}
}

// A secret that is part of another one must not leave the rest of it visible.
func TestTheLongestSpellingGoesFirst(t *testing.T) {
	var s Set
	s.Add("pass", "password", "word")
	for text, want := range map[string]string{
		"the password": "the " + Hidden, "a pass": "a " + Hidden,
		"wordpass": Hidden + Hidden, "passwords": Hidden + "s",
	} {
		if got := s.Scrub(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestASecretIsKeptOnce(t *testing.T) {
	var s Set
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 50 {
				s.Add(fmt.Sprint("secret", i))
				_ = s.Scrub("secret1")
			}
		})
	}
	all.Wait()
	if got := s.All(); len(got) != 50 {
		t.Errorf("%d", len(got))
	}
	given := s.All()
	given[0] = "changed"
	if slices.Contains(s.All(), "changed") {
		t.Error("the set was changed from outside")
	}
}

func TestLinesOfASecretThatHasSeveral(t *testing.T) {
	for secret, want := range map[string][]string{
		"":                      nil,
		"one line":              nil,
		"first\n  second \nabc": {"first", "second"},
		"abcd\n\n\r\nefgh\n":    {"abcd", "efgh"},
	} {
		if got := Lines(secret); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", secret, got, want)
		}
	}
}

func FuzzNothingOfASecretIsLeft(f *testing.F) {
	f.Add("hunter2", "login with hunter2 failed")
	f.Add("a", "aaa")
	f.Add("*", "**")
	f.Fuzz(func(t *testing.T, secret, text string) {
		var s Set
		s.Add(Spellings(secret)...)
		got := s.Scrub(text)
		trimmed := strings.TrimSpace(secret)
		if trimmed == "" {
			if got != text {
				t.Errorf("%q became %q for a blank secret", text, got)
			}
			return
		}
		// Text around Hidden must not join to form the secret again.
		for _, part := range strings.Split(got, Hidden) {
			if strings.Contains(part, trimmed) {
				t.Errorf("%q became %q, with %q in it", text, got, trimmed)
			}
		}
	})
}
