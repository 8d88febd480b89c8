// SPDX-License-Identifier: GPL-3.0-or-later

package table

import (
	"strings"
	"testing"
)

func TestTables(t *testing.T) {
	long := strings.Repeat("word ", 30)
	for name, c := range map[string]struct {
		header []string
		rows   [][]string
		want   string
	}{
		"next to it": {[]string{"NAME", "NOTE"}, [][]string{{"a", "one", "two"}, {"bcdefg"}},
			"NAME    NOTE\na       one\n        two\nbcdefg\n"},
		"below": {[]string{"NAME", "NOTE"}, [][]string{{strings.Repeat("x", 100), "why"}},
			"NAME\n" + strings.Repeat("x", 100) + "\n    why\n"},
		"wrapped": {[]string{"NAME", "NOTE"}, [][]string{{"a", long}},
			"NAME  NOTE\na     " + strings.TrimSpace(strings.Repeat("word ", 22)) + "\n      " +
				strings.TrimSpace(strings.Repeat("word ", 8)) + "\n"},
		"hostile": {[]string{"NAME", "NOTE"}, [][]string{{"a\nb", "\x1b[2J\r\u202e"}}, "NAME  NOTE\na b   ?[2J??\n"},
		"empty":   {[]string{"NAME", "NOTE"}, [][]string{{"a", ""}}, "NAME  NOTE\na\n"},
	} {
		var b strings.Builder
		Write(&b, c.header, c.rows)
		if b.String() != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, b.String(), c.want)
		}
	}
}
