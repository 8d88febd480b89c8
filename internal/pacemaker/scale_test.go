// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// largeStatus is crm_mon's document of a large cluster: 64 nodes and 1000 instances are 0.7 MB, like the real one.
func largeStatus(nodes, resources int) []byte {
	var b strings.Builder
	b.WriteString(`<pacemaker-result api-version="2.25" request="crm_mon -1 --output-as=xml"><summary><current_dc present="true" version="2.1.5" name="node-0" id="0" with_quorum="true"/></summary><nodes>`)
	for i := range nodes {
		fmt.Fprintf(&b, `<node name="node-%d" id="%d" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="3.16.1" shutdown="false" expected_up="true" is_dc="%t" resources_running="16" type="member"/>`+"\n", i, i, i == 0)
	}
	b.WriteString("</nodes><resources>")
	for i := range resources {
		fmt.Fprintf(&b, `<resource id="ip-10.%d.%d.%d" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true" orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1"><node name="node-%d" id="%d" cached="true"/></resource>`+"\n",
			i>>16, i>>8&255, i&255, i%nodes, i%nodes)
	}
	b.WriteString("</resources><node_history>")
	for n := range nodes {
		fmt.Fprintf(&b, `<node name="node-%d">`, n)
		for i := n; i < resources; i += nodes {
			fmt.Fprintf(&b, `<resource_history id="ip-%d" orphan="false" migration-threshold="1000000" fail-count="1"><operation_history call="12" task="start" rc="0" rc_text="ok" last-rc-change="Fri May  8 15:21:03 2020" exec-time="2044ms" queue-time="0ms"/><operation_history call="13" task="monitor" rc="0" rc_text="ok" interval="10000ms" last-rc-change="Fri May  8 15:21:05 2020" exec-time="2031ms" queue-time="0ms"/></resource_history>`+"\n", i)
		}
		b.WriteString("</node>")
	}
	b.WriteString(`</node_history><status code="0" message="OK"/></pacemaker-result>`)
	return []byte(b.String())
}

func TestALargeClusterFitsInLittleMemory(t *testing.T) {
	doc := largeStatus(64, 1000)
	if len(doc) < 650<<10 {
		t.Fatalf("the document has only %d bytes", len(doc))
	}
	allocated := allocatedBy(func() {
		s, err := ParseStatus(doc)
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

// TestTheWorstDocumentFitsInMemory has as much markup as is let through: that is what memory costs.
func TestTheWorstDocumentFitsInMemory(t *testing.T) {
	for name, doc := range map[string]string{
		"elements":   "<a>" + strings.Repeat("<a/>", maxMarkup-10) + "</a>",
		"attributes": "<a>" + strings.Repeat(`<a b="" c="" d="" e="" f="" g=""/>`, maxMarkup/7-10) + "</a>",
		"text":       "<a>" + strings.Repeat("x", maxDocument-10) + "</a>",
	} {
		allocated := allocatedBy(func() {
			if _, err := ParseStatus([]byte(doc)); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		t.Logf("%s: %d bytes of XML, %d bytes allocated", name, len(doc), allocated)
		if most := uint64(96 << 20); allocated > most {
			t.Errorf("%s: allocated %d bytes, more than %d", name, allocated, most)
		}
	}
}

func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkParseStatus(b *testing.B) {
	doc := largeStatus(64, 1000)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseStatus(doc); err != nil {
			b.Fatal(err)
		}
	}
}
