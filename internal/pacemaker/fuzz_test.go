// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"net/netip"
	"strings"
	"testing"
)

func seed(f *testing.F, names ...string) {
	for _, name := range names {
		b := recorded(f, name)
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(nil))
	f.Add([]byte("<html></html>"))
}

// FuzzParseStatus: an accepted document has a node; names are there; every role is a known one or unknown; a quorum
// needs a DC; no real node is a guest.
func FuzzParseStatus(f *testing.F) {
	seed(f, "lab-status.xml", "lab-status-as-xml.xml", "lab-blocked.xml", "bundle-status.xml", "status-1.1.xml")
	f.Add([]byte(good))
	known := map[Role]bool{RoleUnknown: true}
	for _, r := range roleNames {
		known[r] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatus(b)
		if err != nil {
			if s != nil || strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000 {
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
		for _, v := range assemble(sources{status: s}).VIPs {
			if v.Address != "" {
				checkAddress(t, v.Address)
			}
		}
	})
}

// FuzzParseCIB: what is accepted has canonical addresses and whole locks.
func FuzzParseCIB(f *testing.F) {
	seed(f, "lab-cib.xml", "bundle-cib.xml")
	f.Add(cibWith(aLock, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCIB(b)
		if err != nil {
			if c != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%+v, %q", c, err)
			}
			return
		}
		for _, address := range c.Addresses {
			checkAddress(t, address)
		}
		for _, l := range c.Locks {
			if l.Cluster == "" || l.Holder == "" || l.Job == "" || !(l.Since > 0) || !(l.Expires > 0) {
				t.Fatalf("lock: %+v", l)
			}
		}
		assemble(sources{cib: c})
	})
}

// FuzzParseQuorum: what is accepted has members with ids, and no negative votes.
func FuzzParseQuorum(f *testing.F) {
	seed(f, "lab-quorum.txt", "quorum-qdevice.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseQuorum(b)
		if err != nil {
			return
		}
		if len(c.Members) == 0 || c.Expected < 0 || c.Total < 0 || c.Needed < 0 {
			t.Fatalf("accepted: %+v", c)
		}
		for _, m := range c.Members {
			if m.ID == "" || m.ID == "0" || m.Votes < -1 {
				t.Fatalf("member: %+v", m)
			}
		}
	})
}

func checkAddress(t *testing.T, text string) {
	t.Helper()
	if addr, err := netip.ParseAddr(text); err != nil || addr.Unmap().String() != text {
		t.Fatalf("%q is no canonical address", text)
	}
}
