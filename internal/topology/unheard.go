// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/quantity"
)

// unheard lists those who belong to the cluster according to some source and are not one of the hosts.
func (c *Cluster) unheard() []string {
	absent := []string{}
	add := func(name, by string) {
		if name != "" && !slices.ContainsFunc(c.Members, func(m *Member) bool { return m.answersTo(name) }) {
			absent = append(absent, fmt.Sprintf("%s (%s) is not one of the hosts", name, by))
		}
	}
	for _, key := range sortedKeys(c.hostMap()) {
		add(pacemaker.HostOf(c.config(), key, c.View.Nodes), "cluster_host_map")
	}
	for _, node := range c.galeraNodes() {
		add(node, "the galera resource")
	}
	for _, node := range c.proxyNodes() {
		add(node, "its HAProxy runs")
	}
	for _, s := range c.servers() {
		if len(c.Owners(s)) == 0 {
			absent = append(absent, fmt.Sprintf("the HAProxy server %s is not one of the hosts", DescribeServer(s)))
		}
	}
	if len(absent) == 0 {
		absent = append(absent, c.uncounted()...)
	}
	slices.Sort(absent)
	return slices.Compact(absent)
}

// galeraNodes returns the Pacemaker nodes that run galera or should. Names in its configuration that are not nodes may
// be aliases which only its resolver knows: those are counted, not looked up.
func (c *Cluster) galeraNodes() []string {
	if c.View == nil {
		return nil
	}
	var nodes []string
	for _, r := range c.View.Resources {
		if c.View.IsGalera(r) {
			nodes = append(nodes, r.Node)
		}
	}
	if g := c.config(); g != nil {
		for _, name := range g.Nodes {
			if slices.ContainsFunc(c.View.Nodes, func(n crmmon.Node) bool { return Lower(n.Name) == Lower(name) }) {
				nodes = append(nodes, name)
			}
		}
	}
	return nodes
}

func (c *Cluster) proxyNodes() []string {
	if c.View == nil {
		return nil
	}
	var nodes []string
	for _, r := range c.View.Resources {
		if r.Active && pacemaker.IsProxy(r.ID, r.Parent, r.Agent) {
			nodes = append(nodes, r.Node)
		}
	}
	return nodes
}

// uncounted compares the number of hosts with a database with the size that Galera reports.
func (c *Cluster) uncounted() []string {
	have := len(c.Matching(func(m *Member) bool { return m.RunsDatabase }))
	var absent []string
	add := func(want int, what, more string) {
		if want > have {
			absent = append(absent, fmt.Sprintf("%s %s, the hosts have %s%s", what,
				quantity.Count(int64(want), "member"), quantity.Count(int64(have), "database"), more))
		}
	}
	size, arbitrators := 0, 0
	for _, m := range c.Members {
		if g := m.Answering(); g != nil && g.Wsrep.ClusterStatus == galera.ClusterPrimary {
			if g.Wsrep.ClusterSize-g.Wsrep.Arbitrators > size-arbitrators {
				size, arbitrators = g.Wsrep.ClusterSize, g.Wsrep.Arbitrators
			}
			want, more := c.listed(gcommMembers(g.Wsrep.ClusterAddress), g.Wsrep.Arbitrators)
			add(want, "wsrep_cluster_address lists", more)
		}
	}
	more := ""
	if arbitrators > 0 {
		more = fmt.Sprintf(", without %s (garbd)", quantity.Count(int64(arbitrators), "arbitrator"))
	}
	add(size-arbitrators, "wsrep_cluster_size is", more)
	if g := c.config(); g != nil {
		want, more := c.listed(g.ClusterAddress, arbitrators)
		add(want, "the galera resource lists", more)
	}
	return absent
}

// listed counts the members of a list, each once, whether it is given by name, by address or by both, without the
// arbitrators. more names those that are not one of the hosts, if the others are known.
func (c *Cluster) listed(names []string, arbitrators int) (want int, more string) {
	known := map[*Member]bool{}
	var strange []string
	for _, name := range names {
		hosts := c.Matching(func(m *Member) bool { return m.answersTo(name) })
		for _, m := range hosts {
			known[m] = true
		}
		if len(hosts) == 0 && !slices.ContainsFunc(strange, func(s string) bool { return same(s, name) }) {
			strange = append(strange, name)
		}
	}
	if len(known) > 0 && len(strange) > 0 {
		more = fmt.Sprintf(": %s is another host, an arbitrator (garbd) that is not connected, or left over",
			strings.Join(strange, ", "))
	}
	return len(known) + max(0, len(strange)-arbitrators), more
}

// same reports that two names are one, or two spellings of one address.
func same(a, b string) bool {
	first, ok := Address(a)
	second, isAddress := Address(b)
	return ok && isAddress && first == second || Lower(a) == Lower(b)
}

// gcommMembers returns the members of gcomm://a,b,c?options.
func gcommMembers(url string) []string {
	_, list, _ := strings.Cut(url, "://")
	list, _, _ = strings.Cut(list, "?")
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// AnySilent reports that a host of the cluster did not answer, and is not away.
func (c *Cluster) AnySilent() bool {
	return slices.ContainsFunc(c.Members, func(m *Member) bool { return m.Silent != "" && !c.Away(m) })
}

// Missing lists, one line each, which members of the cluster did not answer, and are not away.
func (c *Cluster) Missing() []string {
	lines := slices.Clone(c.Absent)
	for _, m := range c.Members {
		if m.Silent != "" && !c.Away(m) {
			lines = append(lines, fmt.Sprintf("%s %s", m.Name, m.Silent))
		}
	}
	return lines
}
