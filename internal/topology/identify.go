// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
)

// identify gives every member its names at Pacemaker, HAProxy and Galera. What could mean two members is a conflict.
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
	c.once("the host name", func(m *Member) string { return m.self })
	c.once("the Pacemaker node", func(m *Member) string { return Lower(m.Node) })
	c.once("the Galera node", func(m *Member) string { return Lower(m.Galera) })
	c.once("the Galera member id", func(m *Member) string { return m.known().gcomm })
	c.onceServer()
	for _, m := range c.Members {
		m.RunsDatabase = c.hasDatabase(m)
	}
	c.Absent = append(c.Absent, c.unheard()...)
	slices.Sort(c.Conflicts)
	c.Conflicts = slices.Compact(c.Conflicts)
}

// nodeOf is Pacemaker's name for a member: its own word, else the node that is called like the host.
func (c *Cluster) nodeOf(m *Member) string {
	if p := m.Host.Pacemaker; p != nil && p.Connected && p.LocalNode != "" && !m.Host.Unreachable {
		return p.LocalNode
	}
	if c.View == nil {
		return ""
	}
	alike := []string{}
	for _, n := range c.View.Nodes {
		if n.Type == pacemaker.NodeGuest {
			continue
		}
		if Lower(n.Name) == m.self {
			return n.Name
		}
		if a, ok := Address(mappedName(c.hostMap(), n.Name)); label(Lower(n.Name)) == label(m.self) || ok && m.Addrs[a] {
			alike = append(alike, n.Name)
		}
	}
	if len(alike) > 1 {
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("%s could be any of the Pacemaker nodes %s", m.Name, strings.Join(alike, ", ")))
	}
	if len(alike) != 1 {
		return ""
	}
	return alike[0]
}

// nameGalera takes the server's word. A server that calls itself like another host was reached by mistake.
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
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("the server read on %s says it runs on %s, the host says it is %s", m.Name, host, m.self))
	}
}

// servers are the database servers of every HAProxy of the cluster, each name and address once.
func (c *Cluster) servers() []haproxy.Server {
	type line struct{ name, address string }
	seen := map[line]bool{}
	var all []haproxy.Server
	for _, m := range c.Members {
		if m.Host.HAProxy == nil || m.Host.Unreachable {
			continue
		}
		for _, s := range m.Host.HAProxy.DatabaseServers() {
			if l := (line{s.Name, s.Address}); !seen[l] {
				seen[l] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// nameServer gives a server line to the one member it means.
func (c *Cluster) nameServer(s haproxy.Server) {
	owners := c.Owners(s)
	if len(owners) > 1 {
		c.Conflicts = append(c.Conflicts, fmt.Sprintf("the HAProxy server %s could be %s", DescribeServer(s), NameList(owners)))
	}
	for _, m := range owners {
		if m.Server != "" && m.Server != s.Name {
			c.Conflicts = append(c.Conflicts, fmt.Sprintf("the HAProxy servers %s and %s could both be %s", m.Server, s.Name, m.Name))
		}
		m.Server = s.Name
	}
}

// Owners are the members a server line could mean: by its whole name, else by its first label; and by its address,
// which must not say otherwise.
func (c *Cluster) Owners(s haproxy.Server) []*Member {
	name := Lower(s.Name)
	owners := c.Matching(func(m *Member) bool {
		return name == m.self || name == Lower(m.Node) || m.mapped != "" && name == Lower(m.mapped)
	})
	if len(owners) == 0 {
		owners = c.Matching(func(m *Member) bool {
			return label(name) == label(m.self) || m.Node != "" && label(name) == label(Lower(m.Node))
		})
	}
	for _, text := range []string{s.Address, s.Name} {
		a, ok := Address(text)
		if !ok {
			continue
		}
		for _, m := range c.Matching(func(m *Member) bool { return m.Addrs[a] }) {
			if !slices.Contains(owners, m) {
				owners = append(owners, m)
			}
		}
	}
	return owners
}

func (c *Cluster) Matching(want func(*Member) bool) []*Member {
	var found []*Member
	for _, m := range c.Members {
		if want(m) {
			found = append(found, m)
		}
	}
	return found
}

// once demands that no two members have the same value. Empty values are not compared.
func (c *Cluster) once(what string, of func(*Member) string) {
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

// onceServer demands that no two members have the same server id, unless their names and Galera's ids tell them apart:
// it is made of the address of a network card and the port, and machines have been seen with the same ones.
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

// identity is by what a running server can be told from its like.
type identity struct{ gcomm, uid string }

func (m *Member) known() identity {
	g := m.Host.Galera
	if m.Host.Unreachable || g == nil || !g.Running {
		return identity{}
	}
	return identity{gcomm: Lower(g.Wsrep.GcommUUID), uid: g.Server.UID}
}

// hasDatabase says that a member runs MariaDB or should: by its own word, by Pacemaker's or by HAProxy's.
func (c *Cluster) hasDatabase(m *Member) bool {
	if m.Server != "" || m.mapped != "" {
		return true
	}
	g := c.config()
	// The program alone proves nothing: OpenStack's images have it on the hosts of every role.
	if facts := m.Host.Galera; facts != nil && facts.Present && (g == nil || facts.Running || facts.Grastate != nil) {
		return true
	}
	if g == nil {
		return m.Silent != "" && (m.Host.Galera == nil || m.Host.Unreachable)
	}
	return slices.ContainsFunc(append(slices.Clone(g.Nodes), g.ClusterAddress...), m.answersTo)
}

// config is the galera resource, nil when Pacemaker has none or was not read.
func (c *Cluster) config() *pacemaker.Galera {
	if c.View == nil {
		return nil
	}
	return c.View.Galera
}

func (c *Cluster) hostMap() map[string]string {
	if g := c.config(); g != nil {
		return g.HostMap
	}
	return nil
}

// mappedName looks a Pacemaker node up in cluster_host_map, whatever the case of its letters.
func mappedName(hostMap map[string]string, node string) string {
	if name, ok := hostMap[node]; ok {
		return name
	}
	for _, key := range sortedKeys(hostMap) {
		if Lower(key) == Lower(node) {
			return hostMap[key]
		}
	}
	return ""
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func DescribeServer(s haproxy.Server) string {
	if s.Address == "" {
		return s.Name
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Address)
}

func NameList(members []*Member) string {
	names := []string{}
	for _, m := range members {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}
