// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"testing"

	"overcloud.backup/internal/repository"
)

func TestSummarySaysWhatWhereAndWhen(t *testing.T) {
	made := &Result{
		Path: "/b/c/20261122T191500Z_physical_controller-2", Bytes: 3 << 20, RawBytes: 1 << 30, Duration: 2.44,
		Manifest: &repository.Manifest{Method: "physical", Controller: "controller-2"},
		Position: repository.Position{UUID: "0bf81e81", Seqno: 47, SeqnoEnd: 47},
	}
	want := "physical backup of controller-2 at 0bf81e81:47: 3.0 MiB stored of 1.0 GiB, 2.4 s, " + made.Path
	if got := made.Summary(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	made.Position.SeqnoEnd, made.RawBytes = 49, 17
	want = "physical backup of controller-2 at 0bf81e81:47 to 49: 3.0 MiB stored of 17 bytes, 2.4 s, " + made.Path
	if got := made.Summary(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
