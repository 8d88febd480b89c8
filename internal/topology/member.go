// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/reading"
)

// Member is one host of a cluster, with its names there.
type Member struct {
	Host Host
	Name string // the inventory's
	self string // its own name for itself, in lower case; the inventory's name if it reported none
	// Addrs are its addresses, canonical.
	Addrs map[string]bool
	// Node, server and galera are its names elsewhere, set by the join; mapped is its name in cluster_host_map.
	Node, Server, Galera, mapped string
	// RunsDatabase makes it a candidate.
	RunsDatabase bool

	// Silent says why nothing that it reported counts: unreachable, or facts too old. Empty for a member that answered.
	Silent string
	Stale  bool
	// doubts are contradictions within its own facts about its identity.
	doubts []string
}

func newMember(h Host, now, maxAge float64) *Member {
	m := &Member{Host: h, Name: h.Name, Addrs: map[string]bool{}}
	if a, ok := Address(h.Name); ok {
		m.Addrs[a] = true
	}
	for _, head := range m.headers() {
		m.introduce(head.Host)
	}
	if m.self == "" {
		m.self = Lower(h.Name)
	}
	m.listen(now, maxAge)
	return m
}

// headers returns those of the existing documents.
func (m *Member) headers() []*reading.Header {
	var heads []*reading.Header
	if m.Host.Galera != nil {
		heads = append(heads, &m.Host.Galera.Header)
	}
	if m.Host.Pacemaker != nil {
		heads = append(heads, &m.Host.Pacemaker.Header)
	}
	if m.Host.HAProxy != nil {
		heads = append(heads, &m.Host.HAProxy.Header)
	}
	return heads
}

// introduce uses a document's report of the host's identity. All documents of one host must agree.
func (m *Member) introduce(h reading.Host) {
	name := Lower(h.Name)
	if m.self == "" {
		m.self = name
	} else if name != "" && name != m.self {
		m.doubts = append(m.doubts, fmt.Sprintf("the facts of %s come from two hosts: %s and %s", m.Name, m.self, name))
	}
	for _, a := range h.Addresses {
		if a, ok := Address(a); ok {
			m.Addrs[a] = true
		}
	}
}

// listen finds out whether the report of the member counts.
func (m *Member) listen(now, maxAge float64) {
	heads := m.headers()
	if m.Host.Unreachable || len(heads) == 0 {
		m.Silent = "is unreachable or gave no facts"
		return
	}
	for _, h := range heads {
		if age := now - h.GatheredAt; math.Abs(age) > maxAge {
			m.Stale, m.Silent = true, ageText(age)+fmt.Sprintf(" (limit %s s)", quantity.Number(maxAge))
			return
		}
	}
}

func ageText(age float64) string {
	if age < 0 {
		return fmt.Sprintf("has facts from %.0f s in the future", -age)
	}
	return fmt.Sprintf("has facts %.0f s old", age)
}

// Database returns the document of the host's database; nil if it is missing, too old or out of reach.
func (m *Member) Database() *galera.Facts {
	if m.Silent != "" {
		return nil
	}
	return m.Host.Galera
}

// Manager returns that of a Pacemaker that answered; nil as for Database.
func (m *Member) Manager() *pacemaker.Facts {
	if m.Silent != "" || m.Host.Pacemaker == nil || !m.Host.Pacemaker.Connected {
		return nil
	}
	return m.Host.Pacemaker
}

// Proxy returns that of HAProxy; nil as for Database.
func (m *Member) Proxy() *haproxy.Facts {
	if m.Silent != "" {
		return nil
	}
	return m.Host.HAProxy
}

// Answering returns the answering database, or nil if none answered.
func (m *Member) Answering() *galera.Facts {
	if g := m.Database(); g != nil && g.Running {
		return g
	}
	return nil
}

// UUID returns the cluster's that its server names; empty if it has none.
func (m *Member) UUID() string {
	if m.Host.Unreachable || m.Host.Galera == nil || !m.Host.Galera.Running {
		return ""
	}
	id := Lower(m.Host.Galera.Wsrep.ClusterStateUUID)
	if strings.Trim(id, "0-") == "" {
		return ""
	}
	return id
}

// Called returns all names that mean this member, in lower case.
func (m *Member) Called() []string {
	names := []string{Lower(m.Name), m.self, label(m.self)}
	for _, n := range []string{m.Node, m.Server, m.Galera, m.mapped} {
		if n != "" {
			names = append(names, Lower(n))
		}
	}
	return names
}

// answersTo reports whether a name from a configuration means this member.
func (m *Member) answersTo(name string) bool {
	if a, ok := Address(name); ok {
		return m.Addrs[a]
	}
	name = Lower(name)
	for _, own := range []string{m.Name, m.self, m.Node, m.Server, m.Galera, m.mapped} {
		if own != "" && name == Lower(own) {
			return true
		}
	}
	return label(name) == label(m.self) || m.Node != "" && label(name) == label(Lower(m.Node))
}

// Lower returns a name in the form in which names are compared.
func Lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// label returns a name's first DNS label; an address is not shortened.
func label(name string) string {
	if _, ok := Address(name); ok {
		return name
	}
	first, _, _ := strings.Cut(name, ".")
	return first
}

// Address returns the canonical text of an IP address, with or without a port or brackets.
func Address(s string) (string, bool) {
	if strings.IndexByte(s, ':') < 0 && strings.Trim(s, "0123456789. ") != "" {
		return "", false // a name: parsing would only make an error
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[] "))
	if err != nil {
		ap, err := netip.ParseAddrPort(strings.TrimSpace(s))
		if err != nil {
			return "", false
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone("").String(), true
}
