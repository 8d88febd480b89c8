// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"overcloud.backup/tests/messages"
)

// seed adds documents and their halves. Of the recordings it adds what is thinned: the fuzzer's time goes by the
// length of its seeds, and the whole ones have tests of their own.
func seed(f *testing.F, names ...string) {
	for _, name := range names {
		b := recorded(f, name)
		if strings.HasSuffix(name, ".xml") {
			b = thinned(f, b)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(nil))
	f.Add([]byte("<html></html>"))
}

// thinned is a document without the elements that have nothing new: no place, no attribute, and no word where a
// parser tells words apart.
func thinned(t testing.TB, b []byte) []byte {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(b); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	thin(doc.Root(), "", seen)
	for _, token := range slices.Clone(doc.Child) {
		if token != etree.Token(doc.Root()) {
			doc.RemoveChild(token) // where it was recorded
		}
	}
	doc.Indent(etree.NoIndent)
	small, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// thin removes what is not new below e, and says whether anything of e itself or below it is.
func thin(e *etree.Element, place string, seen map[string]bool) (fresh bool) {
	place += "/" + e.Tag
	for _, what := range features(e) {
		if key := place + " " + what; !seen[key] {
			seen[key], fresh = true, true
		}
	}
	for _, child := range e.ChildElements() {
		if thin(child, place, seen) {
			fresh = true
		} else {
			e.RemoveChild(child)
		}
	}
	return fresh
}

// features are an element's attributes, with their values where there are few of them: the words that Pacemaker has for
// roles, types and flags, and the options that are read by name.
func features(e *etree.Element) []string {
	all := []string{""}
	words := []string{"role", "target_role", "type", "class", "resource_agent", "name", "multi_state", "is_dc", "online",
		"blocked", "failed", "orphaned", "managed"}
	for _, a := range e.Attr {
		all = append(all, a.Key)
		if slices.Contains(words, a.Key) && !(a.Key == "name" && e.Tag == "node") {
			all = append(all, a.Key+"="+a.Value)
		}
	}
	return all
}

// The seeds must not lose what the recordings are there for.
func TestThinnedDocumentsKeepEveryFeature(t *testing.T) {
	whole, small := map[string]bool{}, map[string]bool{}
	for _, name := range slices.Concat(statusSeeds, cibSeeds) {
		b := recorded(t, name)
		b2 := thinned(t, b)
		for into, content := range map[*map[string]bool][]byte{&whole: b, &small: b2} {
			doc := etree.NewDocument()
			if err := doc.ReadFromBytes(content); err != nil {
				t.Fatal(err)
			}
			thin(doc.Root(), "", *into)
		}
		if len(b2) > 8000 || len(b2) > len(b) {
			t.Errorf("%s: %d bytes of %d are left", name, len(b2), len(b))
		}
	}
	if !maps.Equal(whole, small) {
		t.Errorf("%d features of %d are left", len(small), len(whole))
	}
}

var (
	statusSeeds = []string{"lab-status.xml", "lab-status-as-xml.xml", "lab-blocked.xml", "lab-banned.xml",
		"bundle-status.xml", "status-1.1.xml"}
	cibSeeds = []string{"lab-cib.xml", "lab-locked-cib.xml", "bundle-cib.xml"}
)

// FuzzParseStatus: an accepted document has a node; names are there; every role is a known one or unknown; a quorum
// needs a DC; no real node is a guest.
func FuzzParseStatus(f *testing.F) {
	seed(f, statusSeeds...)
	f.Add([]byte(good))
	known := map[Role]bool{RoleUnknown: true}
	for _, r := range roleNames {
		known[r] = true
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatus(b)
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
		for _, v := range assemble(sources{status: s}).VIPs {
			if v.Address != "" {
				checkAddress(t, v.Address)
			}
		}
	})
}

// FuzzParseCIB: what is accepted has canonical addresses and whole locks.
func FuzzParseCIB(f *testing.F) {
	seed(f, cibSeeds...)
	f.Add(cibWith(aLock, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCIB(b)
		if err != nil {
			if messages.Check(t, err); c != nil {
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
			messages.Check(t, err)
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

// Whatever stands in the place of a word, what is said of it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	status := func(b []byte) error { _, err := ParseStatus(b); return err }
	cib := func(b []byte) error { _, err := ParseCIB(b); return err }
	for _, name := range []string{"lab-blocked.xml", "bundle-status.xml"} {
		messages.Everywhere(t, string(thinned(t, recorded(t, name))), status)
	}
	for _, name := range []string{"lab-locked-cib.xml", "bundle-cib.xml"} {
		messages.Everywhere(t, string(thinned(t, recorded(t, name))), cib)
	}
	messages.Everywhere(t, `<pacemaker-result><status code="1" message="bad"><errors><error>first</error></errors></status></pacemaker-result>`, status)
	messages.Everywhere(t, `<crm_mon>`, status)
	messages.Everywhere(t, `<?xml version="1.0"?>text<crm_mon/>`, status)
	messages.Everywhere(t, `<!DOCTYPE x><crm_mon/>`, status)
	messages.Everywhere(t, string(recorded(t, "quorum-qdevice.txt")), func(b []byte) error {
		_, err := ParseQuorum(b)
		return err
	})
	many := strings.Repeat("<errors>"+strings.Repeat("<error>it is broken</error>", 1000)+"</errors>", 10)
	messages.Check(t, status([]byte(`<pacemaker-result><status code="1">`+many+`</status></pacemaker-result>`)))
}
