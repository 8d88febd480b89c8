// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// member is one host while it is judged.
type member struct {
	host Host
	name string // the inventory's
	self string // its own word for itself, in lower case; the inventory's name when it said nothing
	// addrs are its addresses, canonical.
	addrs map[string]bool
	// node, server and galera are its names elsewhere, set by the join; mapped is what cluster_host_map calls it.
	node, server, galera, mapped string
	// runsDatabase makes it a candidate.
	runsDatabase bool

	// silent says why nothing it told counts: unreachable, or facts too old. Empty for a member that was heard.
	silent string
	stale  bool
	// doubts are contradictions within its own facts about who it is.
	doubts []string

	activity Activity
	words    []word
	reasons  []Reason
	verdict  Verdict
	rank     int
}

func newMember(h Host, o Options) *member {
	m := &member{host: h, name: h.Name, addrs: map[string]bool{}}
	if a, ok := address(h.Name); ok {
		m.addrs[a] = true
	}
	for _, head := range m.headers() {
		m.introduce(head.Host)
	}
	if m.self == "" {
		m.self = lower(h.Name)
	}
	m.listen(o)
	return m
}

// headers are those of the documents that are there.
func (m *member) headers() []*reading.Header {
	var heads []*reading.Header
	if m.host.Galera != nil {
		heads = append(heads, &m.host.Galera.Header)
	}
	if m.host.Pacemaker != nil {
		heads = append(heads, &m.host.Pacemaker.Header)
	}
	if m.host.HAProxy != nil {
		heads = append(heads, &m.host.HAProxy.Header)
	}
	return heads
}

// introduce takes a document's word for who the host is. All documents of one host must agree.
func (m *member) introduce(h reading.Host) {
	name := lower(h.Name)
	if m.self == "" {
		m.self = name
	} else if name != "" && name != m.self {
		m.doubts = append(m.doubts, fmt.Sprintf("the facts of %s come from two hosts: %s and %s", m.name, m.self, name))
	}
	for _, a := range h.Addresses {
		if a, ok := address(a); ok {
			m.addrs[a] = true
		}
	}
}

// listen says whether what the member told counts.
func (m *member) listen(o Options) {
	heads := m.headers()
	if m.host.Unreachable || len(heads) == 0 {
		m.silent = "is unreachable or gave no facts"
		return
	}
	for _, h := range heads {
		if age := o.Now - h.GatheredAt; math.Abs(age) > o.MaxAge {
			m.stale, m.silent = true, ageText(age)+fmt.Sprintf(" (limit %s s)", number(o.MaxAge))
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

// database, cluster manager and proxy are the documents that count: nil when missing, too old or out of reach.

func (m *member) database() *galera.Facts {
	if m.silent != "" {
		return nil
	}
	return m.host.Galera
}

func (m *member) manager() *pacemaker.Facts {
	if m.silent != "" || m.host.Pacemaker == nil || !m.host.Pacemaker.Connected {
		return nil
	}
	return m.host.Pacemaker
}

func (m *member) proxy() *haproxy.Facts {
	if m.silent != "" {
		return nil
	}
	return m.host.HAProxy
}

// server is the answering database, nil when none answered.
func (m *member) answering() *galera.Facts {
	if g := m.database(); g != nil && g.Running {
		return g
	}
	return nil
}

// uuid is the cluster's that its server names; empty when it has none.
func (m *member) uuid() string {
	if m.host.Unreachable || m.host.Galera == nil || !m.host.Galera.Running {
		return ""
	}
	id := lower(m.host.Galera.Wsrep.ClusterStateUUID)
	if strings.Trim(id, "0-") == "" {
		return ""
	}
	return id
}

// called are all the names that mean this member, in lower case.
func (m *member) called() []string {
	names := []string{lower(m.name), m.self, label(m.self)}
	for _, n := range []string{m.node, m.server, m.galera, m.mapped} {
		if n != "" {
			names = append(names, lower(n))
		}
	}
	return names
}

// answersTo says whether a name from somebody's configuration means this member.
func (m *member) answersTo(name string) bool {
	if a, ok := address(name); ok {
		return m.addrs[a]
	}
	name = lower(name)
	for _, own := range []string{m.name, m.self, m.node, m.server, m.galera, m.mapped} {
		if own != "" && name == lower(own) {
			return true
		}
	}
	return label(name) == label(m.self) || m.node != "" && label(name) == label(lower(m.node))
}

func lower(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// label is a name's first DNS label; an address stays whole.
func label(name string) string {
	if _, ok := address(name); ok {
		return name
	}
	first, _, _ := strings.Cut(name, ".")
	return first
}

// address is the canonical text of an IP address, with or without a port or brackets.
func address(s string) (string, bool) {
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
