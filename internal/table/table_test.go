// SPDX-License-Identifier: GPL-3.0-or-later

package table

import (
	"strings"
	"testing"
)

func written(header []string, rows ...[]string) string {
	var b strings.Builder
	Write(&b, header, rows)
	return b.String()
}

func TestTextsOfTheLastColumnAreWrappedThere(t *testing.T) {
	long := strings.Repeat("word ", 40)
	got := written([]string{"HOST", "CHECK", "WHY"}, []string{"c0", "space", "short", long}, []string{"c1", "x"})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if lines[0] != "HOST  CHECK  WHY" || lines[1] != "c0    space  short" || lines[len(lines)-1] != "c1    x" {
		t.Errorf("%q", lines)
	}
	for _, line := range lines[2 : len(lines)-1] {
		if len(line) > Width || !strings.HasPrefix(line, strings.Repeat(" ", 13)+"word") {
			t.Errorf("%q", line)
		}
	}
}

func TestLongNamesPutTheLastColumnUnderTheRow(t *testing.T) {
	got := written([]string{"HOST", "WHY"}, []string{strings.Repeat("n", 100), "because"})
	if got != "HOST\n"+strings.Repeat("n", 100)+"\n    because\n" {
		t.Errorf("%q", got)
	}
}

func TestNoTextLeavesItsCell(t *testing.T) {
	got := written([]string{"HOST", "WHY"}, []string{"a\nb", "c\nc1  ok \x1b[2J\u202e\u00e9"})
	if strings.Count(got, "\n") != 2 || strings.ContainsFunc(got, func(r rune) bool { return r > '~' || r == 0x1b }) {
		t.Errorf("%q", got)
	}
}
