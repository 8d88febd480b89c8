// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"testing"

	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

func TestALargeClusterFitsInLittleMemory(t *testing.T) {
	doc := pacemakertest.LargeStatus(64, 1000)
	if len(doc) < 650<<10 {
		t.Fatalf("the document has only %d bytes", len(doc))
	}
	allocated := pacemakertest.AllocatedBy(func() {
		s, err := crmmon.Parse(doc)
		if err != nil {
			t.Fatal(err)
		}
		f := assemble(sources{status: s})
		if len(f.Nodes) != 64 || len(f.VIPs) != 1000 || len(f.FailCounts) != 1000 || f.VIPs[999].Node != "node-39" {
			t.Fatalf("%d nodes, %d addresses, %d fail counts", len(f.Nodes), len(f.VIPs), len(f.FailCounts))
		}
	})
	t.Logf("%d bytes of XML, %d bytes allocated", len(doc), allocated)
	if most := uint64(32 << 20); allocated > most {
		t.Errorf("allocated %d bytes, more than %d", allocated, most)
	}
}
