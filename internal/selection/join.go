// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
)

// joined is what the join makes of the hosts.
type joined struct {
	clusters []*cluster
	warnings []string
}

// cluster is one Galera cluster with the hosts that belong to it.
type cluster struct {
	members []*member
	// view is the Pacemaker document that speaks for the cluster; nil when none can be trusted.
	view *pacemaker.Facts
	vip  vip
	// conflicts are names that could mean two things. One is enough to choose nobody.
	conflicts []string
	// absent says, one line each, who belongs to the cluster and was not heard.
	absent []string
	// distinct says that no other cluster has its name.
	distinct bool
	message  string
}

// join groups the hosts into clusters and gives every host its names there.
func join(members []*member) joined {
	var j joined
	clusters, left := group(members)
	left = place(clusters, left)
	var lost []*member
	for _, m := range left {
		if bystander(m) {
			j.warnings = append(j.warnings, fmt.Sprintf("%s has no database, no Pacemaker and no HAProxy: it is left out", m.name))
			continue
		}
		lost = append(lost, m)
	}
	j.clusters = settle(clusters, lost)
	for _, c := range j.clusters {
		c.identify()
	}
	return j
}

// bystander says that a host has nothing to do with a database.
func bystander(m *member) bool {
	if m.silent != "" || len(m.headers()) < 3 {
		return false
	}
	for _, h := range m.headers() {
		if h.Present || len(h.Errors) > 0 {
			return false
		}
	}
	return true
}

// settle gives the hosts that nothing placed to the only cluster; where there are several, none of them is complete.
func settle(clusters []*cluster, lost []*member) []*cluster {
	switch {
	case len(lost) == 0:
	case len(clusters) == 1:
		clusters[0].members = append(clusters[0].members, lost...)
	default:
		for _, c := range clusters {
			for _, m := range lost {
				c.absent = append(c.absent, fmt.Sprintf("nothing tells which cluster %s belongs to", m.name))
			}
		}
		clusters = append(clusters, &cluster{members: lost})
	}
	names := map[string]int{}
	for _, c := range clusters {
		slices.SortFunc(c.members, func(a, b *member) int { return cmp.Compare(a.name, b.name) })
		c.view = view(c.members)
		names[c.plainName()]++
	}
	for _, c := range clusters {
		c.distinct = names[c.plainName()] == 1
	}
	slices.SortFunc(clusters, func(a, b *cluster) int { return cmp.Compare(a.members[0].name, b.members[0].name) })
	return clusters
}

// group unites hosts that name the same Galera cluster or see the same Pacemaker cluster. left are the others.
func group(members []*member) (clusters []*cluster, left []*member) {
	u := union{}
	byUUID, bySight := map[string][]*member{}, map[string][]*member{}
	for _, m := range members {
		if id := m.uuid(); id != "" {
			byUUID[id] = append(byUUID[id], m)
		}
		if s := sight(m); s != "" {
			bySight[s] = append(bySight[s], m)
		}
	}
	for _, same := range byUUID {
		u.unite(same)
	}
	for _, same := range bySight {
		if onePacemaker(same) {
			u.unite(same)
		}
	}
	sets := map[*member]*cluster{}
	for _, m := range members {
		root := u.root(m)
		if root == nil {
			left = append(left, m)
			continue
		}
		if sets[root] == nil {
			sets[root] = &cluster{}
			clusters = append(clusters, sets[root])
		}
		sets[root].members = append(sets[root].members, m)
	}
	return clusters, left
}

// sight is what a host's Pacemaker looks like from there: its name and its nodes. Hosts of one cluster have the same.
func sight(m *member) string {
	p := m.host.Pacemaker
	if m.host.Unreachable || p == nil || !p.Connected || len(p.Nodes) == 0 {
		return ""
	}
	names := []string{}
	for _, n := range p.Nodes {
		if n.Type != pacemaker.NodeGuest {
			names = append(names, lower(n.Name))
		}
	}
	slices.Sort(names)
	return p.ClusterName + "\n" + strings.Join(names, "\n")
}

// onePacemaker says that hosts which see the same names are in one cluster. Two overclouds often have the same names:
// then two hosts claim one node, and only the Galera clusters' ids tell them apart.
func onePacemaker(same []*member) bool {
	ids, claims := map[string]bool{}, map[string]int{}
	twice := false
	for _, m := range same {
		if id := m.uuid(); id != "" {
			ids[id] = true
		}
		n := lower(m.host.Pacemaker.LocalNode)
		claims[n]++
		twice = twice || n != "" && claims[n] > 1
	}
	return len(ids) <= 1 || !twice
}

// union is a forest of members that belong together.
type union map[*member]*member

func (u union) root(m *member) *member {
	for u[m] != nil && u[m] != m {
		u[m] = u[u[m]]
		m = u[m]
	}
	return u[m]
}

func (u union) unite(same []*member) {
	for _, m := range same {
		if u[m] == nil {
			u[m] = m
		}
		u[u.root(m)] = u.root(same[0])
	}
}

// view picks the document that speaks for the cluster: with quorum before without, with the configuration before
// without, the DC's own before another's.
func view(members []*member) *pacemaker.Facts {
	var best *pacemaker.Facts
	score := func(p *pacemaker.Facts) int {
		s := 0
		if p.Quorum {
			s += 4
		}
		if p.Failed(sourceCIB) == nil {
			s += 2
		}
		if p.DC != "" && lower(p.DC) == lower(p.LocalNode) {
			s++
		}
		return s
	}
	for _, m := range members {
		if p := m.manager(); p != nil && (best == nil || score(p) > score(best)) {
			best = p
		}
	}
	return best
}
