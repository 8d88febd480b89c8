// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/quantity"
)

// limits are what the rules hold a sample against.
type limits struct {
	allowClients bool
	// others is how many other nodes must be able to serve; 0 does not look.
	others int
	// lease is how long the caller may be silent; 0 does not look.
	lease time.Duration
	// Bytes that must stay free; redo is the size of the redo log, 0 when it is unknown.
	destination, datadir, redo int64
	// path is the destination, for messages.
	path string
}

// What the rules allow; the reasons stand beside the rules.
const (
	serverSilence  = 5 * time.Second
	clusterSilence = 15 * time.Second
	sinkStall      = 60 * time.Second
	closingStall   = 5 * time.Minute
	longQueue      = 100_000 // write-sets
	redoShare      = 0.8
)

// rule is one reason to stop a backup.
type rule struct {
	name string
	// times is how many answers of its source, one after the other, break it; why says why it is so many.
	times int
	why   string
	from  func(Sample) time.Time
	// see says what breaks it; empty when it holds.
	see func(Sample, limits) string
	// here says that it is about this controller: another one may do better.
	here bool
	// age, where there is one, is for how long it has been so already, in seconds.
	age func(Sample) float64
}

// Sources: an answer that is seen in several samples counts once.
func ofServer(s Sample) time.Time  { return s.Server.At }
func ofCluster(s Sample) time.Time { return s.Cluster.At }
func ofGuard(s Sample) time.Time   { return s.At }

// rules stand in the order in which they are told: causes before what follows from them.
var rules = []rule{
	{"lease_lost", 1, "the timeout is the tolerance", ofGuard, leaseLost, false, func(s Sample) float64 { return s.LeaseAge }},
	{"server_silent", 1, "5 s: a server under load answers within one", ofGuard, serverSilent, true, func(s Sample) float64 { return s.Server.Silent }},
	{"not_primary", 1, "without its component the node's data are nobody's", ofServer, notPrimary, true, nil},
	{"maintenance", 1, "an operator said so", ofCluster, maintenance, false, nil},
	{"node_standby", 1, "an operator said so", ofCluster, nodeStandby, true, nil},
	{"node_unfit", 1, "Pacemaker is about to act on the node", ofCluster, nodeUnfit, true, nil},
	{"no_quorum", 1, "Pacemaker is about to stop everything", ofCluster, noQuorum, false, nil},
	{"clients", 2, "one session that comes and goes within a second is a probe, not a fail-over", ofServer, clients, true, nil},
	{"last_spare", 1, "wsrep_cluster_size changes when a member is gone, not before", ofServer, fewMembers, true, nil},
	{"last_spare", 2, "a resource that is being monitored may be shown as not promoted once", ofCluster, fewPromoted, true, nil},
	{"foreign_desync", 1, "somebody works on this node and relies on it", ofServer, foreignDesync, true, nil},
	{"not_ready", 2, "a change of the group's view is over within a second", ofServer, notReady, true, nil},
	{"not_synced", 3, "the tool's own desync heals within milliseconds; an SST takes longer", ofServer, notSynced, true, nil},
	{"flow_control", 3, "one pulse delays the writers by milliseconds, three seconds of it by seconds", ofServer, flowControl, true, nil},
	{"recv_queue", 3, "a queue that shrinks again needs no help", ofServer, recvQueue, true, nil},
	{"space_destination", 1, "the floor is the tolerance", ofGuard, spaceDestination, false, nil},
	{"space_datadir", 1, "the floor is the tolerance", ofGuard, spaceDatadir, true, nil},
	{"redo_overrun", 1, "20 % of the log is what is left", ofGuard, redoOverrun, true, nil},
	{"sink_stalled", 1, "60 s: NFS clients wait that long for a server that restarts; 5 min for the last sync", ofGuard, sinkStalled, false, func(s Sample) float64 { return s.Tool.Stalled }},
	{"cluster_silent", 1, "15 s: crm_mon answers within one, and the membership is known from Galera, too", ofGuard, clusterSilent, true, func(s Sample) float64 { return s.Cluster.Silent }},
}

// judge returns the first rule that a history, oldest sample first, breaks.
func judge(history []Sample, l limits) *Breach {
	for _, r := range rules {
		if b := r.judge(history, l); b != nil {
			return b
		}
	}
	return nil
}

func (r rule) judge(history []Sample, l limits) *Breach {
	var (
		answers int
		last    time.Time
		b       Breach
	)
	for _, s := range slices.Backward(history) {
		said := r.see(s, l)
		if said == "" {
			break
		}
		at := r.from(s)
		if at.IsZero() {
			break
		}
		if b.Message == "" {
			b = Breach{Rule: r.name, Message: said, Here: r.here}
		}
		if !at.Equal(last) {
			answers++
			last = at
		}
		b.Since = r.since(s, at)
	}
	if answers < r.times {
		return nil
	}
	return &b
}

func (r rule) since(s Sample, at time.Time) time.Time {
	if r.age == nil {
		return at
	}
	return s.At.Add(-time.Duration(r.age(s) * float64(time.Second)))
}

func over(age float64, limit time.Duration) bool { return age >= limit.Seconds() }

func leaseLost(s Sample, l limits) string {
	if l.lease == 0 || !over(s.LeaseAge, l.lease) {
		return ""
	}
	return fmt.Sprintf("the caller has not asked for %.0f s, and on_lost_caller is stop", s.LeaseAge)
}

func serverSilent(s Sample, _ limits) string {
	if !over(s.Server.Silent, serverSilence) {
		return ""
	}
	return fmt.Sprintf("the database server has not answered for %.1f s%s", s.Server.Silent, because(s.Server.Error))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func notPrimary(s Sample, _ limits) string {
	if s.Server.ClusterStatus == galera.ClusterPrimary {
		return ""
	}
	return fmt.Sprintf("this node is not in the Primary component (wsrep_cluster_status %q)", s.Server.ClusterStatus)
}

func notReady(s Sample, _ limits) string {
	if s.Server.Ready && s.Server.Connected {
		return ""
	}
	return fmt.Sprintf("this node does not take part in the cluster (wsrep_ready %t, wsrep_connected %t)", s.Server.Ready, s.Server.Connected)
}

// notSynced tolerates a desync of ours, and the tool's own while it holds the stages that make one.
func notSynced(s Sample, _ limits) string {
	donor := s.Server.State == galera.StateDonorDesync
	switch {
	case s.Server.State == galera.StateSynced, donor && s.Server.Desync, donor && s.Tool.Stage.HoldsCommits():
		return ""
	}
	return fmt.Sprintf("this node is not Synced (wsrep_local_state_comment %q), and neither we nor the tool made it so", s.Server.State)
}

func foreignDesync(s Sample, _ limits) string {
	if !s.Server.Desync || s.Server.Ours {
		return ""
	}
	return "somebody else set wsrep_desync=ON on this node"
}

func clients(s Sample, l limits) string {
	if l.allowClients || len(s.Server.Sessions) == 0 {
		return ""
	}
	var who []string
	for _, session := range s.Server.Sessions {
		who = append(who, fmt.Sprintf("%d of %s from %s", session.Count, session.User, session.Source))
	}
	return "clients are connected to this node: " + strings.Join(who, ", ")
}

func fewMembers(s Sample, l limits) string {
	if others := s.Server.ClusterSize - 1; others < l.others {
		return fmt.Sprintf("this node is needed as a spare: %d other members are left in the Galera cluster, and %d must be", others, l.others)
	}
	return ""
}

func fewPromoted(s Sample, l limits) string {
	if !s.Cluster.Present || len(s.Cluster.Others) >= l.others {
		return ""
	}
	return fmt.Sprintf("this node is needed as a spare: the database is promoted on %s besides, and %d others must be able to serve", nodes(s.Cluster.Others), l.others)
}

// recvQueue looks only at a desynced node: the queue of another one is bounded by its flow control.
func recvQueue(s Sample, _ limits) string {
	if !s.Server.Desync || s.Server.RecvQueue <= longQueue {
		return ""
	}
	return fmt.Sprintf("the receive queue of this desynced node holds %d write-sets; it would take long to be a spare again", s.Server.RecvQueue)
}

func flowControl(s Sample, _ limits) string {
	if s.Server.Desync || s.Server.FlowControlSent == 0 {
		return ""
	}
	return fmt.Sprintf("this node stops the writers of the cluster (flow control sent %d times within a second, %d write-sets in its receive queue)%s",
		s.Server.FlowControlSent, s.Server.RecvQueue, because(s.Server.DesyncError))
}

func spaceDestination(s Sample, l limits) string {
	if s.Tool.FreeDestination < 0 || s.Tool.FreeDestination >= l.destination {
		return ""
	}
	return fmt.Sprintf("no space is left for the backup: %s are free at %s, and %s must stay", quantity.Bytes(s.Tool.FreeDestination), l.path, quantity.Bytes(l.destination))
}

func spaceDatadir(s Sample, l limits) string {
	if s.Tool.FreeDatadir < 0 || s.Tool.FreeDatadir >= l.datadir {
		return ""
	}
	return fmt.Sprintf("the database is running out of space: %s are free in its datadir, and %s must stay", quantity.Bytes(s.Tool.FreeDatadir), quantity.Bytes(l.datadir))
}

// redoOverrun comes before the server writes over what the tool has not read yet, after which no backup can be made of
// what was read.
func redoOverrun(s Sample, l limits) string {
	behind := s.Server.LSN - s.Tool.RedoLSN
	if l.redo == 0 || s.Server.LSN == 0 || s.Tool.RedoLSN == 0 || float64(behind) <= redoShare*float64(l.redo) {
		return ""
	}
	return fmt.Sprintf("the tool is %s behind in the redo log of %s, which the server is about to write over; raise innodb_log_file_size, or back up at a quieter time",
		quantity.Bytes(behind), quantity.Bytes(l.redo))
}

// sinkStalled leaves a stall during the tool's last locks to the faster commit_stall.
func sinkStalled(s Sample, l limits) string {
	limit := sinkStall
	if s.Tool.Closing {
		limit = closingStall
	}
	if s.Tool.Stage.HoldsCommits() || !over(s.Tool.Stalled, limit) {
		return ""
	}
	return fmt.Sprintf("the destination %s has taken nothing for %.0f s", l.path, s.Tool.Stalled)
}

func maintenance(s Sample, _ limits) string {
	if !s.Cluster.Present || !s.Cluster.Maintenance {
		return ""
	}
	return "the Pacemaker cluster was set to maintenance-mode"
}

func nodeStandby(s Sample, _ limits) string {
	if !s.Cluster.Present || !s.Cluster.Standby {
		return ""
	}
	return "this node was set to standby"
}

func nodeUnfit(s Sample, _ limits) string {
	if !s.Cluster.Present || len(s.Cluster.Unfit) == 0 {
		return ""
	}
	return "Pacemaker does not count on this node: it is " + strings.Join(s.Cluster.Unfit, ", ")
}

func noQuorum(s Sample, _ limits) string {
	if !s.Cluster.Present || s.Cluster.Quorum {
		return ""
	}
	return "this node's partition of the Pacemaker cluster has lost its quorum"
}

func clusterSilent(s Sample, _ limits) string {
	if !over(s.Cluster.Silent, clusterSilence) {
		return ""
	}
	return fmt.Sprintf("Pacemaker has not told its state for %.0f s%s", s.Cluster.Silent, because(s.Cluster.Error))
}

func nodes(names []string) string {
	if len(names) == 0 {
		return "no other node"
	}
	return strings.Join(names, ", ")
}
