// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

// Code names a reason for programs. Each is explained in the table of gates.
type Code string

// Codes of all reasons.
const (
	AmbiguousNames    Code = "ambiguous_names"
	ClusterIncomplete Code = "cluster_incomplete"
	StaleFacts        Code = "stale_facts"
	Excluded          Code = "excluded"
	Serves            Code = "active"
	ActivityUnknown   Code = "unknown"
	NotRunning        Code = "not_running"
	SplitBrain        Code = "split_brain"
	NotPrimary        Code = "not_primary"
	Desynced          Code = "desynced"
	Donor             Code = "donor"
	NotSynced         Code = "not_synced"
	NotReady          Code = "not_ready"
	FlowControl       Code = "flow_control"
	RecvQueue         Code = "recv_queue"
	Lagging           Code = "lagging"
	PacemakerUnread   Code = "pacemaker_unread"
	NoQuorum          Code = "no_quorum"
	Unclean           Code = "unclean"
	FencingPending    Code = "fencing_pending"
	NodeOffline       Code = "node_offline"
	Pending           Code = "pending"
	Standby           Code = "standby"
	Maintenance       Code = "maintenance"
	NodeHealth        Code = "node_health"
	ResourceFailed    Code = "resource_failed"
	ResourceUnmanaged Code = "resource_unmanaged"
	Banned            Code = "banned"
	Stopping          Code = "stopping"
	ServerDown        Code = "server_down"
	NoSpace           Code = "no_space"
	Locked            Code = "locked"
	LastStandby       Code = "last_standby"
)

// gate rejects a controller for one reason.
type gate struct {
	code    Code
	meaning string
	// check returns the measured value and its limit, or "" to let the controller pass.
	check func(look) string
}

// look is what a gate sees: one controller in its cluster.
type look struct {
	c *cluster
	m *member
	o Options
	// db is the answering server, nil when none was heard. self is the node's own view, node its entries in both views.
	db   *galera.Facts
	self *pacemaker.Facts
	node []pacemaker.Node
}

func (c *cluster) look(m *member, o Options) look {
	l := look{c: c, m: m, o: o, db: m.answering(), self: m.manager()}
	for _, view := range []*pacemaker.Facts{c.view, l.self} {
		if view == nil || view == c.view && len(l.node) > 0 {
			continue
		}
		for _, n := range view.Nodes {
			if m.node != "" && lower(n.Name) == lower(m.node) {
				l.node = append(l.node, n)
			}
		}
	}
	return l
}

// gates are all reasons in the order in which they are shown. LastStandby needs the others' results: it comes last.
var gates = []gate{
	{AmbiguousNames, "a name of the cluster could mean two hosts", func(l look) string { return first(l.c.conflicts) }},
	{StaleFacts, "its facts are older than max_age", staleFacts},
	{ClusterIncomplete, "a member of the cluster was not heard", incomplete},
	{Excluded, "the option exclude names it", excluded},
	{Serves, "it serves clients, or would serve the next one", serves},
	{ActivityUnknown, "whether it serves clients is unknown: a source did not speak", activityUnknown},
	{NotRunning, "MariaDB does not run on it", notRunning},
	{SplitBrain, "nodes of the cluster are in different Primary components", splitBrain},
	{NotPrimary, "it is not in the Primary component", notPrimary},
	{Desynced, "somebody set wsrep_desync", desynced},
	{Donor, "it is the donor of a state transfer", donor},
	{NotSynced, "it is in no state Synced", notSynced},
	{NotReady, "it does not accept statements, or lost its group", notReady},
	{FlowControl, "replication stands still for flow control", flowControl},
	{RecvQueue, "its receive queue is long", recvQueue},
	{Lagging, "it is behind the cluster", lagging},
	{PacemakerUnread, "no Pacemaker told of it", pacemakerUnread},
	{NoQuorum, "Pacemaker has no quorum", noQuorum},
	{Unclean, "Pacemaker wants to fence the node", unclean},
	{FencingPending, "the node is being fenced, or is about to be", fencingPending},
	{NodeOffline, "the node is offline for Pacemaker", nodeOffline},
	{Pending, "the node is joining or leaving Pacemaker", pending},
	{Standby, "the node is in standby", standby},
	{Maintenance, "the node or the cluster is in maintenance", maintenance},
	{NodeHealth, "the node's health is red for Pacemaker, or not known", nodeHealth},
	{ResourceFailed, "its galera resource failed, is blocked, or is not promoted", resourceFailed},
	{ResourceUnmanaged, "its galera resource is unmanaged", resourceUnmanaged},
	{Banned, "a constraint keeps galera off the node: it is about to be stopped", banned},
	{Stopping, "Pacemaker was told to stop galera", stopping},
	{ServerDown, "HAProxy on the VIP holder does not see it up", serverDown},
	{NoSpace, "the datadir's file system is nearly full", noSpace},
	{Locked, "another backup holds the cluster's lock", locked},
	{LastStandby, "without it, fewer than min_spares sound standbys remain", lastStandby},
}

// Meanings explains every code, in the order of the gates.
func Meanings() []Reason {
	all := make([]Reason, 0, len(gates))
	for _, g := range gates {
		all = append(all, Reason{g.code, g.meaning})
	}
	return all
}

// judge gives every candidate its reasons and verdict. It returns warnings.
func (c *cluster) judge(o Options) []string {
	c.observe(o)
	last := len(gates) - 1
	for _, m := range c.members {
		m.reasons = fold(c.pass(m, o, gates[:last]))
	}
	late := map[*member][]Reason{}
	for _, m := range c.members {
		late[m] = c.pass(m, o, gates[last:])
	}
	for _, m := range c.members {
		m.reasons = fold(append(m.reasons, late[m]...))
	}
	return c.choose(o)
}

// pass sends a controller through some gates. A host without a database is only asked whether it was heard.
func (c *cluster) pass(m *member, o Options, gates []gate) []Reason {
	l := c.look(m, o)
	var reasons []Reason
	for _, g := range gates {
		if !m.runsDatabase && g.code != StaleFacts && g.code != ClusterIncomplete {
			continue
		}
		if message := g.check(l); message != "" {
			reasons = append(reasons, Reason{g.code, message})
		}
	}
	return reasons
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
