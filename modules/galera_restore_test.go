// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/verify"
)

func TestASetThatAVerificationFoundBadIsNotRestored(t *testing.T) {
	destination, _ := smallSet(t)
	o := galeraRestoreOptions{setOptions: setOptions{Destination: destination, Set: "newest"}}
	s, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := &restore.Node{Datadir: filepath.Join(t.TempDir(), "mysql"), Cluster: "another"}
	for _, c := range []struct {
		outcome verify.Outcome
		want    string
	}{
		{verify.Outcome{Problems: []verify.Problem{{File: "nova", Reason: "table instances is corrupt"}}}, "failed: nova: table instances is corrupt; restore another set"},
		{verify.Outcome{OK: true}, "it is of the cluster"}, // what is looked at next
	} {
		if err := s.Write(verify.LevelRestore, c.outcome); err != nil {
			t.Fatal(err)
		}
		if _, err := o.fits(t.Context(), n, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
