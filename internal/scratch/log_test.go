// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"fmt"
	"strings"
	"testing"
)

func TestTheServersLogIsReadForDamage(t *testing.T) {
	l := &Log{}
	text := "2026-11-23  8:35:00 4 [ERROR] InnoDB: File './nova/t.ibd' is corrupted\n" +
		strings.Repeat("2026-11-23  8:35:00 4 [Note] InnoDB: 00000000000000000000000000000000\n", 500) +
		"2026-11-23  8:35:00 4 [ERROR] InnoDB: File './nova/t.ibd' is corrupted\n" +
		"2026-11-23  8:35:01 0 [ERROR] Incorrect definition of table mysql.event\n" +
		"2026-11-23  8:35:01 0 [ERROR] Column count of mysql.proc is wrong. Expected 21, found 20. The table is" +
		" probably corrupted\n" +
		"2026-11-23  8:35:01 0 [Warning] without end"
	// The pieces in which the log arrives make no difference.
	for piece := range strings.SplitAfterSeq(text, "0") {
		fmt.Fprint(l, piece)
	}
	damaged, others := l.Found()
	if len(damaged) != 1 || len(others) != 2 || damaged[0] != "[ERROR] InnoDB: File './nova/t.ibd' is corrupted" {
		t.Errorf("%q, %q", damaged, others)
	}
	fmt.Fprint(l, strings.Repeat("x", 1<<20))
	if len(l.line) > maxLogLine {
		t.Errorf("%d bytes of a line without end are kept", len(l.line))
	}
}
