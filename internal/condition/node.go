// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/quantity"
)

// OfServer is a node's own server's report, for conditions that need no more.
func OfServer(w galera.Wsrep) Subject {
	return Subject{Database: &galera.Facts{Running: true, Wsrep: w}}
}

// OfManager is a node's own Pacemaker's report, for conditions that need no more. A host without Pacemaker has none.
func OfManager(v pacemaker.ClusterView) Subject {
	if !v.Present {
		return Subject{}
	}
	return Subject{Node: v.Self.Name, Own: &pacemaker.Facts{
		Connected: true, LocalNode: v.Self.Name, Quorum: v.Quorum, MaintenanceMode: v.Maintenance,
		Nodes: []crmmon.Node{v.Self},
	}}
}

// TakesPart refuses a node that does not fully take part in its Galera cluster: it is not in the Primary component, not
// Synced, or accepts no statements.
func TakesPart(w galera.Wsrep) error {
	return First(OfServer(w), nil, NotPrimary, Desynced, Donor, NotSynced, NotReady)
}

// CountedOn refuses a node, or a cluster, that is under maintenance or that cannot act, as the node's own Pacemaker
// sees it.
func CountedOn(v pacemaker.ClusterView) error {
	return First(OfManager(v), nil, NoQuorum, NodeOffline, Unclean, Pending, Standby, Maintenance)
}

// FewMembers reports that fewer other databases than needed are in the Galera cluster; empty if there are enough.
func FewMembers(others, needed int) string {
	if others >= needed {
		return ""
	}
	return fmt.Sprintf("the Galera cluster has %s, and must have %d", quantity.Count(int64(others), "other member"),
		needed)
}

// FewPromoted reports that the database is promoted on fewer other nodes than needed; empty if there are enough.
func FewPromoted(nodes []string, needed int) string {
	if len(nodes) >= needed {
		return ""
	}
	return fmt.Sprintf("the database is promoted on %s in addition, and %s must be able to serve",
		cmp.Or(strings.Join(nodes, ", "), "no other node"), quantity.Count(int64(needed), "other node"))
}
