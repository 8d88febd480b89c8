// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"slices"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// Away reports that a host which did not answer takes no part in the cluster, as one without power: every host that
// answered says so. For the Pacemaker of each, which has a quorum, its node is offline, and not merely expected to be
// fenced; and the Primary component that each of their servers reports consists of those servers alone. So it has
// neither the virtual address, nor clients, nor a lock, nor a later commit. Facts that are too old do not count as
// silence: that host was there.
func (c *Cluster) Away(m *Member) bool {
	return m.Silent != "" && !m.Stale && m.Node != "" && len(c.Absent) == 0 && c.offline(m.Node) && c.primaryIsHeard()
}

// offline reports that the Pacemaker of every host that answered has a quorum, and the node offline.
func (c *Cluster) offline(node string) bool {
	asked := 0
	for _, m := range c.Members {
		if m.Silent != "" {
			continue
		}
		p := m.Manager()
		if p == nil || !p.Quorum {
			return false
		}
		i := slices.IndexFunc(p.Nodes, func(n crmmon.Node) bool { return Lower(n.Name) == Lower(node) })
		if i < 0 || p.Nodes[i].Online || p.Nodes[i].Unclean || p.Nodes[i].Pending {
			return false
		}
		asked++
	}
	return asked > 0
}

// primaryIsHeard reports that the servers that answered are all members of the Primary component.
func (c *Cluster) primaryIsHeard() bool {
	primary := c.Matching(func(m *Member) bool {
		g := m.Answering()
		return g != nil && g.Wsrep.ClusterStatus == galera.ClusterPrimary
	})
	for _, m := range primary {
		if m.Answering().Wsrep.Databases() != len(primary) {
			return false
		}
	}
	return len(primary) > 0
}

// LastOne reports that no other server is in the Primary component, which must be known of each.
func (c *Cluster) LastOne(m *Member) bool {
	return !slices.ContainsFunc(c.Members, func(o *Member) bool {
		if o == m || !o.RunsDatabase || c.Away(o) {
			return false
		}
		if g := o.Answering(); g != nil {
			return g.Wsrep.ClusterStatus != galera.ClusterNonPrimary
		}
		return o.Database() == nil || !c.DatabaseDown(o)
	})
}
