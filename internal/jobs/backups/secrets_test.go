// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"strings"
	"testing"
)

func TestALogHasNoSecretInAnySpelling(t *testing.T) {
	s := &secrets{hide: func(string) {}}
	s.add("plain-one")
	s.add("first line\nx\nthird \"line\"")
	for _, text := range []string{
		"login with plain-one failed", "first line", "third \"line\"", `password="first line\nx\nthird \"line\""`,
		"it is first line\nx\nthird \"line\"",
	} {
		if got := s.scrub(text); strings.Contains(got, "plain-one") || strings.Contains(got, "first line") ||
			strings.Contains(got, "third") {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := s.scrub("an x is no secret"); got != "an x is no secret" {
		t.Errorf("%q", got)
	}
}
