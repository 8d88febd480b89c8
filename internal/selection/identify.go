// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
)

// identify gives every member its names at Pacemaker, HAProxy and Galera. What could mean two members is a conflict.
func (c *cluster) identify() {
	for _, m := range c.members {
		c.conflicts = append(c.conflicts, m.doubts...)
		m.node = c.nodeOf(m)
		if g := c.config(); g != nil && m.node != "" {
			m.mapped = mappedName(g.HostMap, m.node)
		}
		c.nameGalera(m)
	}
	for _, s := range c.servers() {
		c.nameServer(s)
	}
	c.once("the host name", func(m *member) string { return m.self })
	c.once("the Pacemaker node", func(m *member) string { return lower(m.node) })
	c.once("the Galera node", func(m *member) string { return lower(m.galera) })
	c.once("the Galera member id", func(m *member) string { return m.known().gcomm })
	c.onceServer()
	for _, m := range c.members {
		m.runsDatabase = c.hasDatabase(m)
	}
	c.absent = append(c.absent, c.unheard()...)
	slices.Sort(c.conflicts)
	c.conflicts = slices.Compact(c.conflicts)
}

// nodeOf is Pacemaker's name for a member: its own word, else the node that is called like the host.
func (c *cluster) nodeOf(m *member) string {
	if p := m.host.Pacemaker; p != nil && p.Connected && p.LocalNode != "" && !m.host.Unreachable {
		return p.LocalNode
	}
	if c.view == nil {
		return ""
	}
	alike := []string{}
	for _, n := range c.view.Nodes {
		if n.Type == pacemaker.NodeGuest {
			continue
		}
		if lower(n.Name) == m.self {
			return n.Name
		}
		if a, ok := address(mappedName(c.hostMap(), n.Name)); label(lower(n.Name)) == label(m.self) || ok && m.addrs[a] {
			alike = append(alike, n.Name)
		}
	}
	if len(alike) > 1 {
		c.conflicts = append(c.conflicts, fmt.Sprintf("%s could be any of the Pacemaker nodes %s", m.name, strings.Join(alike, ", ")))
	}
	if len(alike) != 1 {
		return ""
	}
	return alike[0]
}

// nameGalera takes the server's word. A server that calls itself like another host was reached by mistake.
func (c *cluster) nameGalera(m *member) {
	m.galera = m.mapped
	g := m.host.Galera
	if m.host.Unreachable || g == nil || !g.Running {
		return
	}
	m.galera = g.Wsrep.NodeName
	if m.galera == "" {
		m.galera = g.Server.Hostname
	}
	if host := lower(g.Server.Hostname); host != "" && label(host) != label(m.self) && host != lower(m.mapped) {
		c.conflicts = append(c.conflicts, fmt.Sprintf("the server read on %s says it runs on %s, the host says it is %s", m.name, host, m.self))
	}
}

// servers are the database servers of every HAProxy of the cluster, each name and address once.
func (c *cluster) servers() []haproxy.Server {
	type line struct{ name, address string }
	seen := map[line]bool{}
	var all []haproxy.Server
	for _, m := range c.members {
		if m.host.HAProxy == nil || m.host.Unreachable {
			continue
		}
		for _, s := range m.host.HAProxy.DatabaseServers() {
			if l := (line{s.Name, s.Address}); !seen[l] {
				seen[l] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// nameServer gives a server line to the one member it means.
func (c *cluster) nameServer(s haproxy.Server) {
	owners := c.owners(s)
	if len(owners) > 1 {
		c.conflicts = append(c.conflicts, fmt.Sprintf("the HAProxy server %s could be %s", describeServer(s), nameList(owners)))
	}
	for _, m := range owners {
		if m.server != "" && m.server != s.Name {
			c.conflicts = append(c.conflicts, fmt.Sprintf("the HAProxy servers %s and %s could both be %s", m.server, s.Name, m.name))
		}
		m.server = s.Name
	}
}

// owners are the members a server line could mean: by its whole name, else by its first label; and by its address,
// which must not say otherwise.
func (c *cluster) owners(s haproxy.Server) []*member {
	name := lower(s.Name)
	owners := c.matching(func(m *member) bool {
		return name == m.self || name == lower(m.node) || m.mapped != "" && name == lower(m.mapped)
	})
	if len(owners) == 0 {
		owners = c.matching(func(m *member) bool {
			return label(name) == label(m.self) || m.node != "" && label(name) == label(lower(m.node))
		})
	}
	for _, text := range []string{s.Address, s.Name} {
		a, ok := address(text)
		if !ok {
			continue
		}
		for _, m := range c.matching(func(m *member) bool { return m.addrs[a] }) {
			if !slices.Contains(owners, m) {
				owners = append(owners, m)
			}
		}
	}
	return owners
}

func (c *cluster) matching(want func(*member) bool) []*member {
	var found []*member
	for _, m := range c.members {
		if want(m) {
			found = append(found, m)
		}
	}
	return found
}

// once demands that no two members have the same value. Empty values are not compared.
func (c *cluster) once(what string, of func(*member) string) {
	holder := map[string]*member{}
	for _, m := range c.members {
		v := of(m)
		if v == "" {
			continue
		}
		if other := holder[v]; other != nil {
			c.conflicts = append(c.conflicts, fmt.Sprintf("%s and %s both claim %s %s", other.name, m.name, what, v))
		}
		holder[v] = m
	}
}

// onceServer demands that no two members have the same server id, unless their names and Galera's ids tell them apart:
// it is made of the address of a network card and the port, and machines have been seen with the same ones.
func (c *cluster) onceServer() {
	for i, m := range c.members {
		for _, other := range c.members[:i] {
			a, b := m.known(), other.known()
			if a.uid == "" || a.uid != b.uid || lower(a.uid) == "unknown" {
				continue
			}
			if a.gcomm == "" || a.gcomm == b.gcomm || b.gcomm == "" || m.self == other.self {
				text := fmt.Sprintf("%s and %s both claim the server id %s", other.name, m.name, a.uid)
				c.conflicts = append(c.conflicts, text)
			}
		}
	}
}

// identity is by what a running server can be told from its like.
type identity struct{ gcomm, uid string }

func (m *member) known() identity {
	g := m.host.Galera
	if m.host.Unreachable || g == nil || !g.Running {
		return identity{}
	}
	return identity{gcomm: lower(g.Wsrep.GcommUUID), uid: g.Server.UID}
}

// hasDatabase says that a member runs MariaDB or should: by its own word, by Pacemaker's or by HAProxy's.
func (c *cluster) hasDatabase(m *member) bool {
	if m.server != "" || m.mapped != "" {
		return true
	}
	g := c.config()
	// The program alone proves nothing: OpenStack's images have it on the hosts of every role.
	if facts := m.host.Galera; facts != nil && facts.Present && (g == nil || facts.Running || facts.Grastate != nil) {
		return true
	}
	if g == nil {
		return m.silent != "" && (m.host.Galera == nil || m.host.Unreachable)
	}
	return slices.ContainsFunc(append(slices.Clone(g.Nodes), g.ClusterAddress...), m.answersTo)
}

// config is the galera resource, nil when Pacemaker has none or was not read.
func (c *cluster) config() *pacemaker.Galera {
	if c.view == nil {
		return nil
	}
	return c.view.Galera
}

func (c *cluster) hostMap() map[string]string {
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
		if lower(key) == lower(node) {
			return hostMap[key]
		}
	}
	return ""
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func describeServer(s haproxy.Server) string {
	if s.Address == "" {
		return s.Name
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Address)
}

func nameList(members []*member) string {
	names := []string{}
	for _, m := range members {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}
