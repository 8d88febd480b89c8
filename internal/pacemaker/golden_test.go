// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mustStatus(t testing.TB, name string) *crmmon.Status {
	t.Helper()
	s, err := crmmon.Parse(pacemakertest.Recorded(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

func mustCIB(t testing.TB, name string) *cib.CIB {
	t.Helper()
	c, err := cib.Parse(pacemakertest.Recorded(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// TestFactsOfRecordedClusters compares whole facts documents, null lists included.
func TestFactsOfRecordedClusters(t *testing.T) {
	for _, c := range []struct{ name, status, cib, quorum, local string }{
		{"lab", "lab-status.xml", "lab-cib.xml", "lab-quorum.txt", "controller-0"},
		{"bundle", "bundle-status.xml", "bundle-cib.xml", "", "controller-1"},
		{"one-one", "status-1.1.xml", "", "", "overcloud-controller-0"},
		{"osp13", "osp13-status.xml", "osp13-cib.xml", "", "overcloud-controller-0"},
		{"nothing", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sources{local: c.local}
			if c.status != "" {
				s.status = mustStatus(t, c.status)
			}
			if c.cib != "" {
				s.cib = mustCIB(t, c.cib)
			}
			if c.quorum != "" {
				q, err := ParseQuorum(pacemakertest.Recorded(t, c.quorum))
				if err != nil {
					t.Fatal(err)
				}
				s.corosync = &q
			}
			got, err := json.MarshalIndent(assemble(s), "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", c.name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := pacemakertest.Recorded(t, c.name+".golden.json"); string(want) != string(got)+"\n" {
				t.Errorf("facts differ from %s; look at `go test -update` and git diff", golden)
			}
		})
	}
}
