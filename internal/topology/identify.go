// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// identify gives every member its names in Pacemaker, HAProxy and Galera. An ambiguous name is a conflict.
func (c *Cluster) identify() {
	for _, m := range c.Members {
		c.Conflicts = append(c.Conflicts, m.doubts...)
		m.Node = c.nodeOf(m)
		if g := c.config(); g != nil && m.Node != "" {
			m.mapped = mappedName(g.HostMap, m.Node)
		}
		c.nameGalera(m)
	}
	for _, s := range c.servers() {
		c.nameServer(s)
	}
	c.requireUnique("the host name", func(m *Member) string { return m.self })
	c.requireUnique("the Pacemaker node", func(m *Member) string { return Lower(m.Node) })
	c.requireUnique("the Galera node", func(m *Member) string { return Lower(m.Galera) })
	c.requireUnique("the Galera member id", func(m *Member) string { return m.known().gcomm })
	c.onceServer()
	for _, m := range c.Members {
		m.RunsDatabase = c.hasDatabase(m)
	}
	c.Absent = append(c.Absent, c.unheard()...)
	slices.Sort(c.Conflicts)
	c.Conflicts = slices.Compact(c.Conflicts)
}

// nodeOf returns Pacemaker's name for a member: the one that it reports, otherwise the node that has the host's name.
func (c *Cluster) nodeOf(m *Member) string {
	if p := m.Host.Pacemaker; p != nil && p.Connected && p.LocalNode != "" && !m.Host.Unreachable {
		return p.LocalNode
	}
	if c.View == nil {
		return ""
	}
	alike := []string{}
	for _, n := range c.View.Nodes {
		if n.Type == crmmon.NodeGuest {
			continue
		}
		if Lower(n.Name) == m.self {
			return n.Name
		}
		if a, ok := Address(mappedName(c.hostMap(), n.Name)); label(Lower(n.Name)) == label(m.self) ||
			ok && m.Addrs[a] {
			alike = append(alike, n.Name)
		}
	}
	if len(alike) > 1 {
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("%s could be any of the Pacemaker nodes %s", m.Name,
			strings.Join(alike, ", ")))
	}
	if len(alike) != 1 {
		return ""
	}
	return alike[0]
}

// nameGalera uses the server's report. A server that has another host's name was reached by mistake.
func (c *Cluster) nameGalera(m *Member) {
	m.Galera = m.mapped
	g := m.Host.Galera
	if m.Host.Unreachable || g == nil || !g.Running {
		return
	}
	m.Galera = g.Wsrep.NodeName
	if m.Galera == "" {
		m.Galera = g.Server.Hostname
	}
	if host := Lower(g.Server.Hostname); host != "" && label(host) != label(m.self) && host != Lower(m.mapped) {
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("the server read on %s says it runs on %s, the host says it "+
			"is %s", m.Name, host, m.self))
	}
}

// nameServer gives a server line to the one member that it means.
func (c *Cluster) nameServer(s stats.Server) {
	owners := c.Owners(s)
	if len(owners) > 1 {
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("the HAProxy server %s could be %s", DescribeServer(s),
			NameList(owners)))
	}
	for _, m := range owners {
		if m.Server != "" && m.Server != s.Name {
			c.Conflicts = append(c.Conflicts, fmt.Sprintf("the HAProxy servers %s and %s could both be %s", m.Server,
				s.Name, m.Name))
		}
		m.Server = s.Name
	}
}

// requireUnique requires that no two members have the same value. Empty values are not compared.
func (c *Cluster) requireUnique(what string, of func(*Member) string) {
	holder := map[string]*Member{}
	for _, m := range c.Members {
		v := of(m)
		if v == "" {
			continue
		}
		if other := holder[v]; other != nil {
			c.Conflicts = append(c.Conflicts, fmt.Sprintf("%s and %s both claim %s %s", other.Name, m.Name, what, v))
		}
		holder[v] = m
	}
}

// onceServer requires that no two members have the same server id, unless their names and Galera's ids distinguish
// them: it is made from the address of a network card and the port, and machines have been seen with the same ones.
func (c *Cluster) onceServer() {
	for i, m := range c.Members {
		for _, other := range c.Members[:i] {
			a, b := m.known(), other.known()
			if a.uid == "" || a.uid != b.uid || Lower(a.uid) == "unknown" {
				continue
			}
			if a.gcomm == "" || a.gcomm == b.gcomm || b.gcomm == "" || m.self == other.self {
				text := fmt.Sprintf("%s and %s both claim the server id %s", other.Name, m.Name, a.uid)
				c.Conflicts = append(c.Conflicts, text)
			}
		}
	}
}

// identity distinguishes one running server from another.
type identity struct{ gcomm, uid string }

func (m *Member) known() identity {
	g := m.Host.Galera
	if m.Host.Unreachable || g == nil || !g.Running {
		return identity{}
	}
	return identity{gcomm: Lower(g.Wsrep.GcommUUID), uid: g.Server.UID}
}

// hasDatabase reports that a member runs MariaDB or should: according to itself, to Pacemaker or to HAProxy.
func (c *Cluster) hasDatabase(m *Member) bool {
	if m.Server != "" || m.mapped != "" {
		return true
	}
	g := c.config()
	// The installed program by itself proves nothing: OpenStack's images have it on the hosts of every role.
	if facts := m.Host.Galera; facts != nil && facts.Present && (g == nil || facts.Running || facts.Grastate != nil) {
		return true
	}
	if g == nil {
		return m.Silent != "" && (m.Host.Galera == nil || m.Host.Unreachable)
	}
	return slices.ContainsFunc(append(slices.Clone(g.Nodes), g.ClusterAddress...), m.answersTo)
}
