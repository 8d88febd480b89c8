// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// joined is the result of joining the hosts.
type joined struct {
	Clusters []*Cluster
	Warnings []string
}

// Join groups the hosts into clusters and gives every host its names there.
func Join(members []*Member) joined {
	var j joined
	clusters, left := group(members)
	left = assign(clusters, left)
	var lost []*Member
	for _, m := range left {
		if isUnrelated(m) {
			j.Warnings = append(j.Warnings, fmt.Sprintf("%s has no database, no Pacemaker and no HAProxy: it is "+
				"left out", m.Name))
			continue
		}
		lost = append(lost, m)
	}
	j.Clusters = assignLost(clusters, lost)
	for _, c := range j.Clusters {
		c.identify()
	}
	return j
}

// isUnrelated reports that a host has nothing to do with a database.
func isUnrelated(m *Member) bool {
	if m.Silent != "" || len(m.headers()) < 3 {
		return false
	}
	for _, h := range m.headers() {
		if h.Present || len(h.Errors) > 0 {
			return false
		}
	}
	return true
}

// assignLost gives the hosts that could not be placed to the only cluster; if there are several, none of them is
// complete.
func assignLost(clusters []*Cluster, lost []*Member) []*Cluster {
	switch {
	case len(lost) == 0:
	case len(clusters) == 1:
		clusters[0].Members = append(clusters[0].Members, lost...)
	default:
		for _, c := range clusters {
			for _, m := range lost {
				c.Absent = append(c.Absent, fmt.Sprintf("it is not known which cluster %s belongs to", m.Name))
			}
		}
		clusters = append(clusters, &Cluster{Members: lost})
	}
	names := map[string]int{}
	for _, c := range clusters {
		slices.SortFunc(c.Members, func(a, b *Member) int { return cmp.Compare(a.Name, b.Name) })
		c.View = view(c.Members)
		names[c.plainName()]++
	}
	for _, c := range clusters {
		c.distinct = names[c.plainName()] == 1
	}
	slices.SortFunc(clusters, func(a, b *Cluster) int { return cmp.Compare(a.Members[0].Name, b.Members[0].Name) })
	return clusters
}

// group unites hosts that name the same Galera cluster or see the same Pacemaker cluster. left are the others.
func group(members []*Member) (clusters []*Cluster, left []*Member) {
	u := union{}
	byUUID, bySight := map[string][]*Member{}, map[string][]*Member{}
	for _, m := range members {
		if id := m.UUID(); id != "" {
			byUUID[id] = append(byUUID[id], m)
		}
		if s := pacemakerView(m); s != "" {
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
	sets := map[*Member]*Cluster{}
	for _, m := range members {
		root := u.root(m)
		if root == nil {
			left = append(left, m)
			continue
		}
		if sets[root] == nil {
			sets[root] = &Cluster{}
			clusters = append(clusters, sets[root])
		}
		sets[root].Members = append(sets[root].Members, m)
	}
	return clusters, left
}

// pacemakerView is the name and the nodes of a host's Pacemaker, as seen from there. Hosts of one cluster have the
// same.
func pacemakerView(m *Member) string {
	p := m.Host.Pacemaker
	if m.Host.Unreachable || p == nil || !p.Connected || len(p.Nodes) == 0 {
		return ""
	}
	names := []string{}
	for _, n := range p.Nodes {
		if n.Type != crmmon.NodeGuest {
			names = append(names, Lower(n.Name))
		}
	}
	slices.Sort(names)
	return p.ClusterName + "\n" + strings.Join(names, "\n")
}

// onePacemaker reports that hosts which see the same names are in one cluster. Two overclouds often have the same
// names: then two hosts claim one node, and only the Galera clusters' ids distinguish them.
func onePacemaker(same []*Member) bool {
	ids, claims := map[string]bool{}, map[string]int{}
	twice := false
	for _, m := range same {
		if id := m.UUID(); id != "" {
			ids[id] = true
		}
		n := Lower(m.Host.Pacemaker.LocalNode)
		claims[n]++
		twice = twice || n != "" && claims[n] > 1
	}
	return len(ids) <= 1 || !twice
}

// union is a forest of members that belong together.
type union map[*Member]*Member

func (u union) root(m *Member) *Member {
	for u[m] != nil && u[m] != m {
		u[m] = u[u[m]]
		m = u[m]
	}
	return u[m]
}

func (u union) unite(same []*Member) {
	for _, m := range same {
		if u[m] == nil {
			u[m] = m
		}
		u[u.root(m)] = u.root(same[0])
	}
}

// view picks the document that speaks for the cluster: one with quorum first, then one with the configuration, then the
// DC's own.
func view(members []*Member) *pacemaker.Facts {
	var best *pacemaker.Facts
	score := func(p *pacemaker.Facts) int {
		s := 0
		if p.Quorum {
			s += 4
		}
		if p.Failed(pacemaker.SourceCIB) == nil {
			s += 2
		}
		if p.DC != "" && Lower(p.DC) == Lower(p.LocalNode) {
			s++
		}
		return s
	}
	for _, m := range members {
		if p := m.Manager(); p != nil && (best == nil || score(p) > score(best)) {
			best = p
		}
	}
	return best
}

// Members puts the hosts in the order of their names, so that nothing later depends on the caller's order.
func Members(hosts []Host, now, maxAge float64) ([]*Member, error) {
	members := make([]*Member, 0, len(hosts))
	for _, h := range hosts {
		if h.Name == "" {
			return nil, errors.New("facts: a host has no name; give the inventory's")
		}
		members = append(members, newMember(h, now, maxAge))
	}
	slices.SortFunc(members, func(a, b *Member) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(members); i++ {
		if members[i].Name == members[i-1].Name {
			return nil, fmt.Errorf("facts: host %q is given twice; give each host of the inventory once",
				members[i].Name)
		}
	}
	return members, nil
}
