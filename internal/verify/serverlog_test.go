// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
)

func TestTheServersLogIsReadForDamage(t *testing.T) {
	l := &serverLog{}
	text := "2026-11-23  8:35:00 4 [ERROR] InnoDB: File './nova/t.ibd' is corrupted\n" +
		strings.Repeat("2026-11-23  8:35:00 4 [Note] InnoDB: 00000000000000000000000000000000\n", 500) +
		"2026-11-23  8:35:00 4 [ERROR] InnoDB: File './nova/t.ibd' is corrupted\n" +
		"2026-11-23  8:35:01 0 [ERROR] Incorrect definition of table mysql.event\n" +
		"2026-11-23  8:35:01 0 [ERROR] Column count of mysql.proc is wrong. Expected 21, found 20. The table is probably corrupted\n" +
		"2026-11-23  8:35:01 0 [Warning] without end"
	// However it is cut into pieces.
	for piece := range strings.SplitAfterSeq(text, "0") {
		fmt.Fprint(l, piece)
	}
	damaged, others := l.found()
	if len(damaged) != 1 || len(others) != 2 || damaged[0] != "[ERROR] InnoDB: File './nova/t.ibd' is corrupted" {
		t.Errorf("%q, %q", damaged, others)
	}
	fmt.Fprint(l, strings.Repeat("x", 1<<20))
	if len(l.line) > maxLogLine {
		t.Errorf("%d bytes of a line without end are kept", len(l.line))
	}
}

func TestALineNamesATable(t *testing.T) {
	broken := map[repository.Name]string{{Schema: "nova", Name: "t"}: "why"}
	for line, want := range map[string]string{
		"Cannot open './nova/t.ibd'": "nova.t", "Table `nova`.`t` is corrupted": "nova.t", "nova.t": "nova.t", "File ./nova/t2.ibd is corrupted": "", "nova is corrupt": "",
	} {
		if got := names(broken, line); got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}
