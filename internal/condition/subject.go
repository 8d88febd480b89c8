// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// Subject is one node and what is known of the cluster around it, at one moment. Whoever fills it in leaves out what
// was not read: conditions about a source that is nil do not hold, and that it was not read is another condition's to
// report.
type Subject struct {
	// Conflicts are names of the cluster that could mean two things.
	Conflicts []string
	// Silent says why nothing of the node counts: unreachable, or facts too old (Stale). Empty for one that was heard.
	Silent string
	Stale  bool
	// Missing says, one line each, who else of the cluster was not heard.
	Missing []string
	// Excluded says that the operator does not want it.
	Excluded bool

	// Clients is what the sources say about its clients.
	Clients Clients

	// Database is the server's own report; nil when none answered. Stopped says why none runs, for a server that is
	// known not to run.
	Database *galera.Facts
	Stopped  string
	// Peers are the other nodes of the cluster whose servers answered, Self is the name of this one.
	Peers []Peer
	Self  string

	// Node is Pacemaker's name for the node. Cluster is the report that speaks for the whole cluster, Own that of this
	// node; either is nil where it was not read. Unread says why Own is nil.
	Node         string
	Cluster, Own *pacemaker.Facts
	Unread       string
	// UUID is that of the Galera cluster, Locks the cluster's backup locks as the nodes report them, Now the time that
	// they are held against, in seconds since the epoch.
	UUID  string
	Locks []cib.Lock
	Now   float64

	// Proxy is the report of the node's own HAProxy; nil where it was not read. Backend is the node's server at the
	// HAProxy of the host Balancer, which has the virtual address; nil when that is not known.
	Proxy    *haproxy.Facts
	Backend  *stats.Server
	Balancer string

	// Spares are the other standbys that could take over the clients.
	Spares []string
}

// Clients is what the sources say about the clients of a node.
type Clients struct {
	// Seen is the evidence of clients, Unknown why a source says nothing.
	Seen, Unknown []string
	// Welcome says that the node may be taken although it serves clients.
	Welcome bool
}

// Peer is another node whose server answered.
type Peer struct {
	Name     string
	UUID     string
	Database *galera.Facts
}

// views are the reports of Pacemaker: the one that speaks for the cluster, then the node's own.
func (s Subject) views() (list []*pacemaker.Facts) {
	for _, view := range []*pacemaker.Facts{s.Cluster, s.Own} {
		if view != nil {
			list = append(list, view)
		}
	}
	return list
}

// nodes are the entries of the node in the reports of Pacemaker.
func (s Subject) nodes() (list []crmmon.Node) {
	for i, view := range s.views() {
		if i > 0 && view == s.Cluster && len(list) > 0 {
			continue
		}
		for _, n := range view.Nodes {
			if s.Node != "" && strings.EqualFold(strings.TrimSpace(n.Name), strings.TrimSpace(s.Node)) {
				list = append(list, n)
			}
		}
	}
	return list
}

// galera are the instances of the galera resource on the node.
func (s Subject) galera() []crmmon.Resource { return s.Cluster.GaleraOn(s.Node) }

// alike says that two names mean the same node.
func alike(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// Listed says that Pacemaker has an entry for the node.
func (s Subject) Listed() bool { return len(s.nodes()) > 0 }
