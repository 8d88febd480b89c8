// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

// unheard names those who belong to the cluster by somebody's word and are none of the hosts.
func (c *cluster) unheard() []string {
	absent := []string{}
	add := func(name, by string) {
		if name != "" && !slices.ContainsFunc(c.members, func(m *member) bool { return m.answersTo(name) }) {
			absent = append(absent, fmt.Sprintf("%s (%s) is none of the hosts", name, by))
		}
	}
	for _, key := range sortedKeys(c.hostMap()) {
		add(c.config().Host(key, c.view.Nodes), "cluster_host_map")
	}
	for _, node := range c.galeraNodes() {
		add(node, "the galera resource")
	}
	for _, node := range c.proxyNodes() {
		add(node, "its HAProxy runs")
	}
	for _, s := range c.servers() {
		if len(c.owners(s)) == 0 {
			absent = append(absent, fmt.Sprintf("the HAProxy server %s is none of the hosts", describeServer(s)))
		}
	}
	if len(absent) == 0 {
		absent = append(absent, c.uncounted()...)
	}
	slices.Sort(absent)
	return slices.Compact(absent)
}

// galeraNodes are the Pacemaker nodes that run galera or should. Names of its configuration that are no nodes may be
// aliases which only its resolver knows: those are counted, not looked up.
func (c *cluster) galeraNodes() []string {
	if c.view == nil {
		return nil
	}
	var nodes []string
	for _, r := range c.view.Resources {
		if c.isGalera(r) {
			nodes = append(nodes, r.Node)
		}
	}
	if g := c.config(); g != nil {
		for _, name := range g.Nodes {
			if slices.ContainsFunc(c.view.Nodes, func(n pacemaker.Node) bool { return lower(n.Name) == lower(name) }) {
				nodes = append(nodes, name)
			}
		}
	}
	return nodes
}

func (c *cluster) proxyNodes() []string {
	if c.view == nil {
		return nil
	}
	var nodes []string
	for _, r := range c.view.Resources {
		if r.Active && isProxy(r.ID, r.Parent, r.Agent) {
			nodes = append(nodes, r.Node)
		}
	}
	return nodes
}

// uncounted compares the number of hosts with a database with what Galera says of its size.
func (c *cluster) uncounted() []string {
	have := len(c.matching(func(m *member) bool { return m.runsDatabase }))
	var absent []string
	add := func(want int, what, more string) {
		if want > have {
			absent = append(absent, fmt.Sprintf("%s %d members, the hosts have %s%s", what, want,
				plural(int64(have), "database"), more))
		}
	}
	size, arbitrators := 0, 0
	for _, m := range c.members {
		if g := m.answering(); g != nil && g.Wsrep.ClusterStatus == galera.ClusterPrimary {
			if g.Wsrep.ClusterSize-g.Wsrep.Arbitrators > size-arbitrators {
				size, arbitrators = g.Wsrep.ClusterSize, g.Wsrep.Arbitrators
			}
			want, more := c.listed(gcommMembers(g.Wsrep.ClusterAddress), g.Wsrep.Arbitrators)
			add(want, "wsrep_cluster_address lists", more)
		}
	}
	more := ""
	if arbitrators > 0 {
		more = fmt.Sprintf(", without %s (garbd)", plural(int64(arbitrators), "arbitrator"))
	}
	add(size-arbitrators, "wsrep_cluster_size is", more)
	if g := c.config(); g != nil {
		want, more := c.listed(g.ClusterAddress, arbitrators)
		add(want, "the galera resource lists", more)
	}
	return absent
}

// listed counts the members of a list, each once, whether it is told by name, by address or by both, without the
// arbitrators. more names those that are none of the hosts, where the others are known.
func (c *cluster) listed(names []string, arbitrators int) (want int, more string) {
	known := map[*member]bool{}
	var strange []string
	for _, name := range names {
		hosts := c.matching(func(m *member) bool { return m.answersTo(name) })
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

// same says that two names are one, or two spellings of one address.
func same(a, b string) bool {
	first, ok := address(a)
	second, isAddress := address(b)
	return ok && isAddress && first == second || lower(a) == lower(b)
}

// gcommMembers are the members of gcomm://a,b,c?options.
func gcommMembers(url string) []string {
	_, list, _ := strings.Cut(url, "://")
	list, _, _ = strings.Cut(list, "?")
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
