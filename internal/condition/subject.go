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

// Subject is one node and what is known of the cluster around it, at one moment. A caller leaves out what was not read:
// conditions about a source that is nil are not met, and another condition reports that it was not read.
type Subject struct {
	// Conflicts are names of the cluster that could mean two things.
	Conflicts []string
	// Silent says why nothing about the node counts: unreachable, or facts too old (Stale). Empty for a node that
	// answered.
	Silent string
	Stale  bool
	// Missing lists, one line each, which other members of the cluster did not answer.
	Missing []string
	// Excluded says that the operator excludes it.
	Excluded bool

	// Clients describes its clients, according to the sources.
	Clients Clients

	// Database is the server's own report; nil if none answered. Stopped says why none runs, for a server that is known
	// not to run; Starting that Pacemaker is starting it.
	Database *galera.Facts
	Stopped  string
	Starting bool
	// Peers are the other nodes of the cluster whose servers answered, Self is the name of this one.
	Peers []Peer
	Self  string

	// Node is Pacemaker's name for the node. Cluster is the report that speaks for the cluster, Own that of this node;
	// either is nil if it was not read. Unread says why Own is nil.
	Node         string
	Cluster, Own *pacemaker.Facts
	Unread       string
	// UUID is that of the Galera cluster, Locks the cluster's backup locks as the nodes report them, Now the time that
	// they are compared with, in seconds since the epoch.
	UUID  string
	Locks []cib.Lock
	Now   float64
	// Divided says that some of the nodes that answered do not report the lock that others do.
	Divided bool

	// Proxy is the report of the node's own HAProxy; nil if it was not read. Backend is the node's server at the
	// HAProxy of the host Balancer, which has the virtual address; nil if that is not known.
	Proxy    *haproxy.Facts
	Backend  *stats.Server
	Balancer string

	// Spares are the other standbys that could take over the clients. Spare says that this node is one, too.
	Spares []string
	Spare  bool
	// SparesReturn says that enough standbys can take over as soon as conditions that pass have passed.
	SparesReturn bool
}

// Clients describes the clients of a node, according to the sources.
type Clients struct {
	// Seen is the evidence of clients, Unknown why a source reports nothing.
	Seen, Unknown []string
	// SeenPasses says that all that was seen comes and goes, UnknownPasses that each source reports in a while.
	SeenPasses, UnknownPasses bool
	// Welcome says that the node may be chosen although it serves clients.
	Welcome bool
}

// Peer is another node whose server answered.
type Peer struct {
	Name     string
	UUID     string
	Database *galera.Facts
}

// views returns the reports of Pacemaker: the one that speaks for the cluster, then the node's own.
func (s Subject) views() (list []*pacemaker.Facts) {
	for _, view := range []*pacemaker.Facts{s.Cluster, s.Own} {
		if view != nil {
			list = append(list, view)
		}
	}
	return list
}

// nodes returns the entries of the node in the reports of Pacemaker.
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

// galera returns the instances of the galera resource on the node.
func (s Subject) galera() []crmmon.Resource { return s.Cluster.GaleraOn(s.Node) }

// alike reports that two names mean the same node.
func alike(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// Listed reports that Pacemaker has an entry for the node.
func (s Subject) Listed() bool { return len(s.nodes()) > 0 }
