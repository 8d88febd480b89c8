// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"slices"
	"testing"
)

func TestTheNamesOfFailedUnitsAreReadInEveryForm(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil,
		"overcloud-backup-a.service loaded failed failed job a\n": {"overcloud-backup-a.service"},
		"● overcloud-backup-a.service loaded failed failed x.service\n* overcloud-backup-b.service loaded\n": {
			"overcloud-backup-a.service", "overcloud-backup-b.service",
		},
		"0 loaded units listed.\n": nil,
	} {
		if got := parseUnits(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
