// SPDX-License-Identifier: GPL-3.0-or-later

// Package secret removes passwords from texts for people: results, messages, logs. A secret is found in every spelling
// that it may have there, and the longest spelling is replaced first, so that no part of it remains.
package secret

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Hidden stands for a secret inside a text.
const Hidden = "********"

// Set holds spellings of secrets, each once. The zero Set is empty and ready; several goroutines may use one. It grows
// while secrets are found.
type Set struct {
	mutex sync.Mutex
	found []string
}

// Add adds spellings. An empty one is not a secret.
func (s *Set) Add(spellings ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, spelling := range spellings {
		if spelling != "" && !slices.Contains(s.found, spelling) {
			s.found = append(s.found, spelling)
		}
	}
}

// All returns the spellings that are known now, in the order in which they were found.
func (s *Set) All() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.found)
}

// Scrub replaces every spelling in a text.
func (s *Set) Scrub(text string) string { return Replacer(s.All()).Replace(text) }

// Replacer replaces these spellings in texts. If one is a part of another, the longer one counts.
func Replacer(spellings []string) *strings.Replacer {
	longest := slices.Clone(spellings)
	slices.SortStableFunc(longest, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(longest))
	for _, spelling := range longest {
		if spelling != "" {
			pairs = append(pairs, spelling, Hidden)
		}
	}
	return strings.NewReplacer(pairs...)
}

// Spellings returns the forms that a secret may have in a message: unchanged, trimmed, quoted by Go or as JSON (with
// and without escaping for HTML), or escaped for a part of a URL. A blank secret has none.
func Spellings(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	if trimmed == "" {
		return nil
	}
	spellings := []string{
		secret, trimmed, url.QueryEscape(secret), url.PathEscape(secret), inUserinfo(secret),
		unquoted(strconv.Quote(secret)), unquoted(strconv.QuoteToASCII(secret)),
	}
	for _, html := range []bool{true, false} {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(html)
		if encoder.Encode(secret) == nil {
			spellings = append(spellings, unquoted(strings.TrimSuffix(b.String(), "\n")))
		}
	}
	slices.Sort(spellings)
	return slices.Compact(spellings)
}

// inUserinfo returns a secret as the password of a URL, whose escapes differ from those of a path.
func inUserinfo(secret string) string {
	return strings.TrimPrefix(url.UserPassword("", secret).String(), ":")
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// minLine is the minimum length of a line of a secret that is removed by itself: shorter ones are part of many words.
const minLine = 4

// Lines returns the lines of a secret that has several, for a log that is scrubbed line by line. A line that is too
// short to be distinguished from other words is left out.
func Lines(secret string) []string {
	if !strings.Contains(secret, "\n") {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(secret, "\n") {
		if line = strings.TrimSpace(line); len(line) >= minLine {
			lines = append(lines, line)
		}
	}
	return lines
}
