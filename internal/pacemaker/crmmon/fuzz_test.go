// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import (
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
	"overcloud.backup/tests/pacemakertest"
)

// FuzzParseStatus checks accepted documents: there is a node; names are not empty; every role is a known one or
// unknown; a quorum needs a DC; no real node is a guest.
func FuzzParseStatus(f *testing.F) {
	pacemakertest.Seed(f, pacemakertest.StatusSeeds...)
	f.Add([]byte(pacemakertest.SmallStatus))
	known := map[Role]bool{RoleUnknown: true}
	for _, r := range roleNames {
		known[r] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			if messages.Check(t, err); s != nil {
				t.Fatalf("%+v, %q", s, err)
			}
			return
		}
		if len(s.Nodes) == 0 || s.Quorum && s.DC == "" {
			t.Fatalf("accepted: %+v", s)
		}
		guests := map[string]bool{}
		for _, n := range s.Nodes {
			if n.Name == "" {
				t.Fatalf("a node without a name: %+v", n)
			}
			guests[n.Name] = n.Type == NodeGuest
		}
		for _, r := range s.Resources {
			if r.ID == "" || !known[r.Role] || !known[r.Target] {
				t.Fatalf("resource: %+v", r)
			}
		}
	})
}

func TestHostileStatusIsRefusedInLittleTimeAndMemory(t *testing.T) {
	pacemakertest.RefusesHostile(t, "pacemaker-result", func(b []byte) error { _, err := Parse(b); return err })
}

// Any text may replace a word: the message about it is short.
func TestErrorsOfAStatusRepeatLittle(t *testing.T) {
	status := func(b []byte) error { _, err := Parse(b); return err }
	for _, name := range []string{"lab-blocked.xml", "bundle-status.xml"} {
		messages.Everywhere(t, string(pacemakertest.Thinned(t, pacemakertest.Recorded(t, name))), status)
	}
	messages.Everywhere(t,
		`<pacemaker-result><status code="1" message="bad"><errors><error>first</error></errors></status>`+
			`</pacemaker-result>`, status)
	messages.Everywhere(t, `<crm_mon>`, status)
	messages.Everywhere(t, `<?xml version="1.0"?>text<crm_mon/>`, status)
	messages.Everywhere(t, `<!DOCTYPE x><crm_mon/>`, status)
	many := strings.Repeat("<errors>"+strings.Repeat("<error>it is broken</error>", 1000)+"</errors>", 10)
	messages.Check(t, status([]byte(`<pacemaker-result><status code="1">`+many+`</status></pacemaker-result>`)))
}
