// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"math"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/quantity"
)

// Codes of the database server and its place in the Galera cluster.
const (
	NotRunning  Code = "not_running"
	SplitBrain  Code = "split_brain"
	NotPrimary  Code = "not_primary"
	Desynced    Code = "desynced"
	Donor       Code = "donor"
	NotSynced   Code = "not_synced"
	NotReady    Code = "not_ready"
	FlowControl Code = "flow_control"
	RecvQueue   Code = "recv_queue"
	Lagging     Code = "lagging"
)

// Limits of how far a node may fall behind.
var (
	MaxRecvQueue = Limit{
		Name: "max_recv_queue", Default: 16, Whole: true, Unit: "write-sets",
		Meaning: "Longest receive queue allowed, in write-sets.",
	}
	MaxLag = Limit{
		Name: "max_lag", Default: 500, Unit: "write-sets",
		Meaning: "Number of write-sets that a node may be behind the most advanced one.",
	}
	MaxFlowControl = Limit{
		Name: "max_flow_control", Default: 0.01, Most: 1, Unit: "of the time",
		Meaning: "Largest fraction of the sampling window in which replication may be paused, from 0 to 1.",
	}
)

// burst is how replication that cannot keep up catches up.
var burst = Passing{When: "yes, when the burst of writes is over"}

// behind are consequences of a node that falls behind on purpose.
var behind = []Code{NotSynced, NotReady, RecvQueue, Lagging, ServerDown}

var database = []Condition{
	{
		Code: NotRunning, Meaning: "MariaDB does not run on it", Explains: []Code{ServerDown},
		Needs:  []string{"galera running grastate?.seqno"},
		Remedy: "`pcs status`; start it, or find out why Pacemaker does not",
		Check:  func(s Subject, _ Limits) string { return s.Stopped },
		Passes: &Passing{When: "only while Pacemaker starts it", If: func(s Subject) bool { return s.Starting }},
	},
	{
		Code: SplitBrain, Meaning: "nodes of the cluster are in different Primary components",
		Needs: []string{"galera wsrep.cluster_state_uuid wsrep.cluster_conf_id wsrep.cluster_status"},
		Seen:  "nodes are in different Primary components, or their membership changed during the reading",
		Remedy: "Read again. If it persists, compare `wsrep_cluster_state_uuid` and `wsrep_cluster_conf_id` of all" +
			" nodes before anything is written",
		Check: splitBrain,
	},
	{
		Code: NotPrimary, Meaning: "it is not in the Primary component",
		Needs: []string{"galera wsrep.on wsrep.cluster_status"},
		Explains: []Code{Desynced, Donor, NotSynced, NotReady, FlowControl, RecvQueue, Lagging, ResourceFailed,
			ServerDown},
		Seen:   "it is not in the Primary component, or `wsrep_on` is OFF",
		Remedy: "Check the network between the nodes and `wsrep_cluster_status`", Check: notPrimary,
	},
	{
		Code: Desynced, Meaning: "somebody set wsrep_desync", Explains: behind,
		Needs: []string{"galera wsrep.desync wsrep.desync_count wsrep.state"},
		Seen:  "somebody set `wsrep_desync`",
		Remedy: "Find out who. If a dead job did: `state: recovered` there. Otherwise `SET GLOBAL wsrep_desync=OFF`" +
			" when its queue is empty",
		Check: desynced,
		Passes: &Passing{
			When: "only during a backup of this collection or a statement that desyncs, such as " +
				"`FLUSH TABLES WITH READ LOCK`",
			If: desyncEnds,
		},
	},
	{
		Code: Donor, Meaning: "it is the donor of a state transfer", Explains: behind,
		Needs: []string{"galera wsrep.state wsrep.desync"},
		Seen:  "it is the donor of a state transfer, or another tool backs it up", Remedy: "Wait until that ends",
		Check: donor, Passes: &Passing{When: "yes, when the transfer or backup ends"},
	},
	{
		Code: NotSynced, Meaning: "it is not Synced", Explains: []Code{NotReady, RecvQueue, Lagging, ServerDown},
		Needs: []string{"galera wsrep.state"}, Seen: "its state is not Synced",
		Remedy: "Wait until it has joined; see its server's log", Check: notSynced,
		Passes: &Passing{When: "yes, while it joins or catches up", If: joins},
	},
	{
		Code: NotReady, Meaning: "it does not accept statements, or lost its cluster connection",
		Explains: []Code{ServerDown},
		Needs:    []string{"galera wsrep.connected wsrep.ready"}, Seen: "`wsrep_ready` or `wsrep_connected` is OFF",
		Remedy: "As `not_primary`", Check: notReady,
	},
	{
		Code: FlowControl, Meaning: "flow control pauses replication", Limit: &MaxFlowControl,
		Needs:  []string{"galera wsrep.flow_control_active sample.flow_control"},
		Remedy: "Find the slow node; back up at a quieter time", Check: flowControl, Passes: &burst,
	},
	{
		Code: RecvQueue, Meaning: "its receive queue is long", Limit: &MaxRecvQueue, Explains: []Code{Lagging},
		Needs: []string{"galera wsrep.local_recv_queue sample.window sample.recv_queue_min"},
		Check: recvQueue, Passes: &burst,
		Remedy: "Wait; if it persists, the node is too slow for the writers",
	},
	{
		Code: Lagging, Meaning: "it is behind the cluster", Limit: &MaxLag,
		Needs:  []string{"galera wsrep.last_committed sample.committed wsrep.cluster_status"},
		Remedy: "As `recv_queue`", Check: lagging, Passes: &burst,
	},
}

// splitBrain compares the Primary components. If one node reports another view than the rest, any of them may be wrong,
// or the membership changed during the reading: nobody is chosen either way.
func splitBrain(s Subject, _ Limits) string {
	var other *Peer
	for _, p := range s.Peers {
		if p.Database.Wsrep.ClusterStatus != galera.ClusterPrimary {
			continue
		}
		if other == nil {
			other = &p
			continue
		}
		if p.UUID != other.UUID {
			return fmt.Sprintf("%s is in the cluster %q, %s in %q", other.Name, other.UUID, p.Name, p.UUID)
		}
		if a, b := other.Database.Wsrep.ClusterConfID, p.Database.Wsrep.ClusterConfID; a != b {
			return fmt.Sprintf("%s has membership %d, %s has %d: read again if nodes were joining or leaving",
				other.Name, a, p.Name, b)
		}
	}
	return ""
}

func notPrimary(s Subject, _ Limits) string {
	switch {
	case s.Database == nil || s.Database.Wsrep.ClusterStatus == galera.ClusterPrimary && s.Database.Wsrep.On:
		return ""
	case !s.Database.Wsrep.On:
		return "wsrep_on is OFF"
	}
	return "wsrep_cluster_status is " + cmp.Or(string(s.Database.Wsrep.ClusterStatus), "unknown")
}

// desynced reports that wsrep_desync was set. A donor of a state transfer has a count as well, which does not count
// here.
func desynced(s Subject, _ Limits) string {
	if s.Database == nil {
		return ""
	}
	w := s.Database.Wsrep
	if w.Desync && w.DesyncCount > 0 {
		return fmt.Sprintf("wsrep_desync is ON (count %d)", w.DesyncCount)
	}
	if w.Desync {
		return "wsrep_desync is ON"
	}
	if w.DesyncCount > 0 && w.State != galera.StateDonorDesync {
		return fmt.Sprintf("wsrep_desync_count is %d", w.DesyncCount)
	}
	return ""
}

// desyncEnds reports a desync that its owner is known to end: a statement of the server's own, which counts without the
// variable, or a job that holds the cluster's lock on this node.
func desyncEnds(s Subject) bool {
	if s.Database != nil && !s.Database.Wsrep.Desync {
		return true
	}
	k := s.lock()
	return k != nil && k.Expires > 0 && s.Node != "" && alike(k.Holder, s.Node)
}

func donor(s Subject, _ Limits) string {
	if s.Database == nil || s.Database.Wsrep.State != galera.StateDonorDesync || s.Database.Wsrep.Desync {
		return ""
	}
	return "state is Donor/Desynced while wsrep_desync is OFF: a state transfer or a backup runs"
}

func notSynced(s Subject, _ Limits) string {
	if s.Database == nil || s.Database.Wsrep.State == galera.StateSynced {
		return ""
	}
	return "state is " + cmp.Or(string(s.Database.Wsrep.State), "unknown")
}

// joins reports a node on its way to Synced.
func joins(s Subject) bool {
	return s.Database != nil &&
		(s.Database.Wsrep.State == galera.StateJoining || s.Database.Wsrep.State == galera.StateJoined)
}

func notReady(s Subject, _ Limits) string {
	switch {
	case s.Database == nil:
		return ""
	case !s.Database.Wsrep.Connected:
		return "wsrep_connected is OFF"
	case !s.Database.Wsrep.Ready:
		return "wsrep_ready is OFF"
	}
	return ""
}

func flowControl(s Subject, l Limits) string {
	limit := l.Of(MaxFlowControl)
	switch {
	case s.Database == nil:
		return ""
	case s.Database.Wsrep.FlowControlActive:
		return "flow control is active"
	case s.Database.Sample.FlowControl > limit:
		return fmt.Sprintf("flow control %s > %s of the time", quantity.Number(s.Database.Sample.FlowControl),
			quantity.Number(limit))
	}
	return ""
}

func recvQueue(s Subject, l Limits) string {
	if s.Database == nil {
		return ""
	}
	queue := s.Database.Wsrep.RecvQueue
	if s.Database.Sample.Window > 0 {
		queue = s.Database.Sample.RecvQueueMin // a burst that was gone at the second reading is not a backlog
	}
	limit := int(l.Whole(MaxRecvQueue))
	if queue <= limit {
		return ""
	}
	return fmt.Sprintf("receive queue %d > %d", queue, limit)
}

// lagging compares with the node that has committed most, at the time when this one was read.
func lagging(s Subject, l Limits) string {
	if s.Database == nil {
		return ""
	}
	lag, ahead := 0.0, ""
	for _, p := range s.Peers {
		if p.Name == s.Self || p.Database.Wsrep.ClusterStatus != galera.ClusterPrimary {
			continue
		}
		later := p.Database.GatheredAt - s.Database.GatheredAt
		then := float64(p.Database.Wsrep.LastCommitted) - math.Max(p.Database.Sample.Committed, 0)*later
		if d := then - float64(s.Database.Wsrep.LastCommitted); d > lag {
			lag, ahead = d, p.Name
		}
	}
	limit := l.Of(MaxLag)
	if lag <= limit {
		return ""
	}
	return fmt.Sprintf("%.0f write-sets behind %s > %s", lag, ahead, quantity.Number(limit))
}
