// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/quantity"
)

// Rule is one reason to stop a backup.
type Rule struct {
	Name string
	// Seen and Remedy are for docs/troubleshooting.md: the observation, and what to do.
	Seen, Remedy string
	// Here says that the rule is about this controller: another one may do better.
	Here bool

	// times is how many consecutive answers of its source break the rule; why gives the reason for the number.
	times int
	why   string
	from  func(Sample) time.Time
	// see describes what breaks the rule; empty if nothing does.
	see func(Sample, limits) string
	// age, if set, returns how long this has been so already, in seconds.
	age func(Sample) float64
}

// Rules returns all rules in the order in which they are reported, and what else stops a backup.
func Rules() []Rule { return slices.Concat(rules, []Rule{stallRule, failedRule}) }

// Sources: an answer that appears in several samples counts once.
func ofServer(s Sample) time.Time { return s.Server.At }

func ofCluster(s Sample) time.Time { return s.Cluster.At }

func ofGuard(s Sample) time.Time { return s.At }

// finding returns what breaks a rule.
type finding = func(Sample, limits) string

// server is a rule built from conditions of the server.
func server(codes ...condition.Code) finding {
	return func(s Sample, _ limits) string { return message(condition.First(s.node(), nil, codes...)) }
}

// manager is a rule built from conditions of Pacemaker.
func manager(codes ...condition.Code) finding {
	return func(s Sample, _ limits) string { return message(condition.First(s.manager(), nil, codes...)) }
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// unless excludes what is not a breach.
func unless(allowed func(Sample) bool, is finding) finding {
	return func(s Sample, l limits) string {
		if allowed(s) {
			return ""
		}
		return is(s, l)
	}
}

// rules are in the order in which they are reported: causes before their consequences.
var rules = []Rule{
	{
		Name: "lease_lost", times: 1, why: "the timeout is the tolerance", from: ofGuard, see: leaseLost,
		age:    func(s Sample) float64 { return s.LeaseAge },
		Seen:   "with `on_lost_caller: stop`, nobody has asked for the job for `lease` seconds",
		Remedy: "Start it again; raise `controller_backup_lease` if the network is unreliable",
	},
	{
		Name: "server_silent", times: 1, why: "5 s: a server under load answers within one", from: ofGuard,
		see: serverSilent, Here: true, age: func(s Sample) float64 { return s.Server.Silent },
		Seen:   fmt.Sprintf("the server has not answered for %.0f s", serverSilence.Seconds()),
		Remedy: "Check its load and log",
	},
	{
		Name: "not_primary", times: 1, why: "outside of the Primary component the node's data is not the cluster's",
		from: ofServer,
		see:  server(condition.NotPrimary), Here: true,
		Seen: "the node left the Primary component", Remedy: "Check the network between the nodes",
	},
	{
		Name: "maintenance", times: 1, why: "an operator requested it", from: ofCluster,
		see:  func(s Sample, _ limits) string { return condition.ClusterMaintenance(s.manager(), nil) },
		Seen: "the cluster was set to maintenance-mode", Remedy: "Back up when the maintenance is over",
	},
	{
		Name: "node_standby", times: 1, why: "an operator requested it", from: ofCluster,
		see:  manager(condition.Standby),
		Here: true, Seen: "the node was set to standby", Remedy: "As above",
	},
	{
		Name: "node_unfit", times: 1, why: "Pacemaker is about to act on the node", from: ofCluster, Here: true,
		see:    manager(condition.NodeOffline, condition.Unclean, condition.Pending, condition.Maintenance),
		Seen:   "Pacemaker does not count on the node (offline, unclean, pending, shutting down, in maintenance)",
		Remedy: "`pcs status`",
	},
	{
		Name: "no_quorum", times: 1, why: "Pacemaker is about to stop everything", from: ofCluster,
		see:  manager(condition.NoQuorum),
		Seen: "this partition lost its quorum", Remedy: "Bring controllers back",
	},
	{
		Name: "clients", times: 2, from: ofServer, see: clients, Here: true,
		why: "one session that comes and goes within a second is a probe, not a fail-over",
		Seen: fmt.Sprintf("clients are connected to this node, in two checks; or, if the server counts logins, %s"+
			" within a minute found new ones of a user. The message has user and address",
			quantity.Count(loginsChecks, "check")),
		Remedy: "A failover happened, or somebody connects past HAProxy. Add monitoring users to" +
			" `controller_backup_ignore_users`",
	},
	{
		Name: "clients", times: 1, why: "the logins of a minute are in one answer", from: ofServer,
		see: visited, age: visitedFor, Here: true,
	},
	{
		Name: "last_spare", times: 1, why: "wsrep_cluster_size changes when a member is gone, not before",
		from: ofServer,
		see:  fewMembers, Here: true,
		Seen: "too few can serve: another controller is gone, and this one, which counts while it stays in service," +
			" is not enough or cannot be resynced at once",
		Remedy: "Bring the other controller back",
	},
	{
		Name: "last_spare", times: 2, why: "a resource that is being monitored may be shown as not promoted once",
		from: ofCluster, see: fewPromoted, Here: true,
	},
	{
		Name: "foreign_desync", times: 1, why: "someone works on this node and relies on it", from: ofServer,
		Here: true,
		see:  unless(func(s Sample) bool { return s.Server.Ours }, server(condition.Desynced)),
		Seen: "someone else set `wsrep_desync`", Remedy: "Find out who; do not run two backup tools at once",
	},
	{
		Name: "not_ready", times: 2, why: "a change of the group's view is over within a second", from: ofServer,
		see: server(condition.NotReady), Here: true,
		Seen: "`wsrep_ready` or `wsrep_connected` went OFF", Remedy: "As `not_primary`",
	},
	{
		Name: "not_synced", times: 3, why: "the tool's own desync heals within milliseconds; an SST takes longer",
		from: ofServer, see: unless(desyncedOnPurpose, server(condition.NotSynced)), Here: true,
		Seen:   "the node left Synced, but neither the job nor the tool caused it",
		Remedy: "A state transfer runs from it",
	},
	{
		Name: "flow_control", times: 3, from: ofServer, see: flowControl, Here: true,
		why:  "one pulse delays the writers by milliseconds, three seconds of it by seconds",
		Seen: "the node has paused the writers for 3 s",
		Remedy: "`desync: auto` needs the privilege `SUPER`; or use `desync: always`. The only spare is never" +
			" desynced: bring the other controllers back, or back up at a quieter time",
	},
	{
		Name: "recv_queue", times: 3, why: "a queue that shrinks again needs no help", from: ofServer, Here: true,
		see:    unless(func(s Sample) bool { return !s.Server.Desync }, longQueued),
		Seen:   fmt.Sprintf("the queue of the desynced node exceeds %d write-sets", longQueue),
		Remedy: "Back up at a quieter time",
	},
	{
		Name: "space_destination", times: 1, why: "the floor is the tolerance", from: ofGuard, see: spaceDestination,
		Seen:   fmt.Sprintf("less than %d MiB are free at the destination", destinationFloor>>20),
		Remedy: "Make room, remove old sets",
	},
	{
		Name: "space_datadir", times: 1, why: "the floor is the tolerance", from: ofGuard, see: spaceDatadir,
		Here:   true,
		Seen:   fmt.Sprintf("less than %d MiB are free in the datadir", datadirFloor>>20),
		Remedy: "Make room",
	},
	{
		Name: "redo_overrun", times: 1, why: "20 % of the log is what is left", from: ofGuard, see: redoOverrun,
		Here:   true,
		Seen:   fmt.Sprintf("the tool is %.0f %% of the redo log behind", redoShare*100),
		Remedy: "Raise `innodb_log_file_size`, back up at a quieter time, or use a faster destination",
	},
	{
		Name: "sink_stalled", times: 1, from: ofGuard, see: sinkStalled,
		why: "60 s: NFS clients wait that long for a server that restarts; 5 min for the last sync",
		age: func(s Sample) float64 { return s.Tool.Stalled },
		Seen: fmt.Sprintf("the destination accepted no data for %.0f s (%.0f min at the last sync)",
			sinkStall.Seconds(),
			closingStall.Minutes()),
		Remedy: "Check the NFS server or disk",
	},
	{
		Name: "cluster_silent", times: 1, from: ofGuard, see: clusterSilent, Here: true,
		why:    "15 s: crm_mon answers within one, and the membership is known from Galera, too",
		age:    func(s Sample) float64 { return s.Cluster.Silent },
		Seen:   fmt.Sprintf("Pacemaker has not reported its state for %.0f s", clusterSilence.Seconds()),
		Remedy: "See `crm_mon` under Facts",
	},
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

func (r Rule) judge(history []Sample, l limits) *Breach {
	var (
		answers int
		last    time.Time
		b       Breach
	)
	for _, s := range slices.Backward(history) {
		found := r.see(s, l)
		if found == "" {
			break
		}
		at := r.from(s)
		if at.IsZero() {
			break
		}
		if b.Message == "" {
			b = Breach{Rule: r.Name, Message: found, Here: r.Here}
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

func (r Rule) since(s Sample, at time.Time) time.Time {
	if r.age == nil {
		return at
	}
	return s.At.Add(-time.Duration(r.age(s) * float64(time.Second)))
}

// stallRule and failedRule are broken without samples.
var (
	stallRule = Rule{
		Name: "commit_stall", Here: true,
		Seen: fmt.Sprintf("the tool kept the node from committing for longer than `max_commit_stall` (1 s, and at most"+
			" %.1f s while the node is needed as a spare)", SpareStall.Seconds()),
		Remedy: "Back up at a quieter time, or raise `controller_backup_buffer`; before MariaDB 10.8 raise" +
			" `controller_backup_max_commit_stall`. If the destination stalled, no other controller is tried",
	}
	failedRule = Rule{
		Name: "guard_failed", Seen: "the guard itself had a defect", Remedy: "Report it with the whole text",
	}
)
