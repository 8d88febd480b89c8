// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"testing"

	"overcloud.backup/internal/repository"
)

func TestABrokenTableExcusesNoOther(t *testing.T) {
	broken := map[repository.Name]string{{Schema: "a", Name: "t"}: "why"}
	for line, of := range map[string]string{
		"[ERROR] InnoDB: Table `a`.`t` is corrupted": "a.t", "page of a/t, and nova/t": "a.t",
		"page of beta/t and a/t": "a.t",
		"page of nova/t":         "", "Table `a`.`t2` is corrupted": "", "a.t2 is corrupted": "",
		"beta.t is corrupted": "", "a/t#P#p0": "",
	} {
		if got := names(broken, line); got != of {
			t.Errorf("%s: %q, not %q", line, got, of)
		}
	}
}

func TestALineNamesATable(t *testing.T) {
	broken := map[repository.Name]string{{Schema: "nova", Name: "t"}: "why"}
	for line, want := range map[string]string{
		"Cannot open './nova/t.ibd'": "nova.t", "Table `nova`.`t` is corrupted": "nova.t", "nova.t": "nova.t",
		"File ./nova/t2.ibd is corrupted": "", "nova is corrupt": "",
	} {
		if got := names(broken, line); got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}
