// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"maps"
	"slices"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// assign gives a host without a report of a server or of Pacemaker to the one cluster that knows its name or address.
func assign(clusters []*Cluster, left []*Member) []*Member {
	if len(left) == 0 {
		return nil
	}
	known := map[string][]*Cluster{}
	for _, c := range clusters {
		for _, name := range c.knows() {
			known[name] = append(known[name], c)
		}
	}
	var lost []*Member
	for _, m := range left {
		if c := only(known, m.aliases()); c != nil {
			c.Members = append(c.Members, m)
		} else if c := only(known, m.fronts()); c != nil {
			c.Members = append(c.Members, m)
		} else {
			lost = append(lost, m)
		}
	}
	return lost
}

// only returns the one cluster that the names point to. A name that several clusters know does not help.
func only(known map[string][]*Cluster, names []string) *Cluster {
	var found *Cluster
	for _, n := range names {
		if len(known[n]) != 1 {
			continue
		}
		if found != nil && found != known[n][0] {
			return nil
		}
		found = known[n][0]
	}
	return found
}

// aliases returns the names that others could use for a member.
func (m *Member) aliases() []string {
	names := []string{m.self, label(m.self)}
	for a := range m.Addrs {
		names = append(names, a)
	}
	return names
}

// owned marks an address as a host's own. Own addresses are only compared with those of servers: hosts of any cluster
// may share the address of some inner bridge.
func owned(a string) string { return "own " + a }

// fronts returns the servers behind a host's own HAProxy: one that only runs the proxy belongs to their cluster.
func (m *Member) fronts() []string {
	if m.Host.HAProxy == nil || m.Host.Unreachable {
		return nil
	}
	var names []string
	for _, s := range m.Host.HAProxy.DatabaseServers() {
		names = append(names, Lower(s.Name), label(Lower(s.Name)))
		if a, ok := Address(s.Address); ok {
			names = append(names, a, owned(a))
		}
	}
	return names
}

// knows returns all names and addresses that the documents of a cluster mention, each once.
func (c *Cluster) knows() []string {
	seen := map[string]bool{}
	add := func(names ...string) {
		for _, name := range names {
			if a, ok := Address(name); ok {
				seen[a] = true
			} else if name = Lower(name); name != "" {
				seen[name], seen[label(name)] = true, true
			}
		}
	}
	for _, m := range c.Members {
		add(m.self)
		add(m.fronts()...)
		add(namedByPacemaker(m.Host.Pacemaker)...)
		for a := range m.Addrs {
			seen[owned(a)] = true
		}
	}
	return slices.Collect(maps.Keys(seen))
}

// namedByPacemaker returns the real nodes and the members of the galera resource.
func namedByPacemaker(p *pacemaker.Facts) []string {
	if p == nil {
		return nil
	}
	var names []string
	for _, n := range p.Nodes {
		if n.Type != crmmon.NodeGuest {
			names = append(names, n.Name)
		}
	}
	if p.Galera != nil {
		names = append(names, p.Galera.ClusterAddress...)
		names = append(names, p.Galera.Nodes...)
		for node, mapped := range p.Galera.HostMap {
			names = append(names, node, mapped)
		}
	}
	return names
}
