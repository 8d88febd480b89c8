// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// Codes of Pacemaker's view of the node and its galera resource.
const (
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
)

var (
	// stopped are consequences of a server that Pacemaker stopped or is stopping.
	stopped = []Code{NotRunning, NotPrimary, NotSynced, NotReady, ServerDown}
	// lost are consequences of a node that left the cluster.
	lost = append([]Code{NoQuorum, ResourceFailed, PacemakerUnread}, stopped...)
)

var manager = []Condition{
	{
		Code: PacemakerUnread, Meaning: "Pacemaker does not report it", Explains: []Code{ResourceFailed},
		Needs: []string{"pacemaker connected local_node nodes[].name"},
		Seen:  "Pacemaker or its configuration could not be read for it, or is not installed on it",
		Remedy: "See the sources `crm_mon` and `cibadmin` under Facts. A controller without Pacemaker is never" +
			" chosen",
		Check: pacemakerUnread,
	},
	{
		Code: NoQuorum, Meaning: "Pacemaker has no quorum", Explains: stopped, Needs: []string{"pacemaker quorum"},
		Remedy: "Bring controllers back; `corosync-quorumtool -s`", Check: noQuorum,
	},
	{
		Code: Unclean, Meaning: "Pacemaker wants to fence the node", Explains: append([]Code{NodeOffline}, lost...),
		Needs:  []string{"pacemaker nodes[].unclean"},
		Remedy: "Let it, or `pcs stonith confirm NODE` after you have made sure that the node is off",
		Check:  flagged(func(n crmmon.Node) bool { return n.Unclean }, "the node is UNCLEAN"),
	},
	{
		Code: FencingPending, Meaning: "the node is being fenced, or is about to be",
		Needs:  []string{"pacemaker fencing[].target fencing[].status nodes[].container_host"},
		Remedy: "`stonith_admin --history NODE`; wait until that ends", Check: fencingPending,
	},
	{
		Code: NodeOffline, Meaning: "the node is offline for Pacemaker", Explains: lost,
		Needs: []string{"pacemaker nodes[].online"}, Remedy: "Start the cluster there",
		Check: flagged(func(n crmmon.Node) bool { return !n.Online }, "the node is offline"),
	},
	{
		Code: Pending, Meaning: "the node is joining or leaving Pacemaker", Explains: lost,
		Needs: []string{"pacemaker nodes[].pending nodes[].shutdown"},
		Seen:  "the node is joining, leaving or shutting down", Remedy: "Wait",
		Check: either(flagged(func(n crmmon.Node) bool { return n.Shutdown }, "the node is shutting down"),
			flagged(func(n crmmon.Node) bool { return n.Pending }, "the node is pending")),
		Passes: &Passing{When: "yes, when it has joined or left"},
	},
	{
		Code: Standby, Meaning: "the node is in standby", Explains: stopped,
		Needs:  []string{"pacemaker nodes[].standby nodes[].standby_onfail"},
		Remedy: "`pcs node unstandby`; after a failure, correct that first",
		Check: either(flagged(func(n crmmon.Node) bool { return n.StandbyFail },
			"the node is in standby after a failure"),
			flagged(func(n crmmon.Node) bool { return n.Standby }, "the node is in standby")),
	},
	{
		Code: Maintenance, Meaning: "the node or the cluster is in maintenance",
		Explains: append([]Code{ResourceUnmanaged}, stopped...),
		Needs:    []string{"pacemaker maintenance_mode nodes[].maintenance"},
		Seen:     "the node or the whole cluster is in maintenance", Remedy: "Wait until that ends",
		Check: either(ClusterMaintenance, NodeMaintenance),
	},
	{
		Code: NodeHealth, Meaning: "the node's health in Pacemaker is red or unknown",
		Needs:  []string{"pacemaker nodes[].health nodes[].attributes?"},
		Seen:   "the node's health is red, or an unknown value",
		Remedy: "See the node's attributes `#health-…` (`crm_mon -A`): a full disk, a failing one, no link",
		Check:  nodeHealth,
	},
	{
		Code: ResourceFailed, Meaning: "its galera resource failed, is blocked, or is not promoted",
		Explains: []Code{NotRunning, ServerDown, ResourceUnmanaged}, // on-fail=block takes it out of management
		Needs: []string{"pacemaker resources[].failed resources[].blocked resources[].role",
			"pacemaker fail_counts[].resource fail_counts[].node fail_counts[].host fail_counts[].count",
			"pacemaker fail_counts[].migration_threshold"},
		Seen:   "its galera resource failed, is blocked, is not promoted, or its fail count is at the threshold",
		Remedy: "Correct the cause, then `pcs resource cleanup`", Check: resourceFailed,
	},
	{
		Code: ResourceUnmanaged, Meaning: "its galera resource is unmanaged", Remedy: "`pcs resource manage`",
		Needs: []string{"pacemaker resources[].managed resources[].maintenance galera?.managed"},
		Check: resourceUnmanaged,
	},
	{
		Code: Banned, Meaning: "a constraint keeps galera off the node: it is about to be stopped",
		Needs:  []string{"pacemaker bans[].resource bans[].node bans[].weight"},
		Seen:   "a constraint keeps galera off the node",
		Remedy: "Remove the constraint that the message names: `pcs constraint delete`", Check: banned,
	},
	{
		Code: Stopping, Meaning: "Pacemaker is set to stop galera",
		Needs:  []string{"pacemaker stop_all_resources resources[].target_role"},
		Seen:   "`stop-all-resources` is set, or the target role is Stopped",
		Remedy: "An operator or a restore did that. Undo it, or end the restore", Check: stopping,
	},
}

type check = func(Subject, Limits) string

// flagged reports text if any entry of the node has a flag.
func flagged(has func(crmmon.Node) bool, text string) check {
	return func(s Subject, _ Limits) string {
		if slices.ContainsFunc(s.nodes(), has) {
			return text
		}
		return ""
	}
}

// either returns the first check that reports something.
func either(checks ...check) check {
	return func(s Subject, l Limits) string {
		for _, c := range checks {
			if message := c(s, l); message != "" {
				return message
			}
		}
		return ""
	}
}

// ClusterMaintenance is the half of Maintenance that is about all nodes.
func ClusterMaintenance(s Subject, _ Limits) string {
	if slices.ContainsFunc(s.views(), func(view *pacemaker.Facts) bool { return view.MaintenanceMode }) {
		return "the whole cluster is in maintenance mode"
	}
	return ""
}

// NodeMaintenance is the half of Maintenance that is about this node.
var NodeMaintenance = flagged(func(n crmmon.Node) bool { return n.Maintenance }, "the node is in maintenance")

// pacemakerUnread requires the node's own report and the cluster's, each complete. A Pacemaker that does not answer
// where it should run may be about to lose its node.
func pacemakerUnread(s Subject, _ Limits) string {
	switch {
	case s.Silent != "":
		return ""
	case s.Own == nil:
		return s.Unread
	case len(s.nodes()) == 0:
		return "Pacemaker does not list it among its nodes"
	}
	for _, view := range []*pacemaker.Facts{s.Own, s.Cluster} {
		if e := view.Failed(pacemaker.SourceCIB); e != nil {
			return "Pacemaker's configuration was not read: " + e.Message
		}
	}
	return ""
}

func noQuorum(s Subject, _ Limits) string {
	switch {
	case s.Cluster != nil && !s.Cluster.Quorum:
		return "the cluster has no quorum"
	case s.Own != nil && !s.Own.Quorum:
		return "its part of the cluster has no quorum"
	}
	return ""
}

// fencingPending checks the history of fencing: an operator's order, or Pacemaker's own, that has not ended.
func fencingPending(s Subject, _ Limits) string {
	for _, view := range s.views() {
		if s.Node == "" {
			continue
		}
		for _, e := range view.Fencing {
			if e.Status != "success" && e.Status != "failed" && s.isTarget(view, e.Target) {
				return fmt.Sprintf("the fencing of %s (%s) is %s", e.Target, cmp.Or(e.Action, "unknown"),
					cmp.Or(e.Status, "unknown"))
			}
		}
	}
	return ""
}

// isTarget reports that a name is the node, or a guest node whose container runs on it.
func (s Subject) isTarget(view *pacemaker.Facts, name string) bool {
	return alike(name, s.Node) || slices.ContainsFunc(view.Nodes, func(n crmmon.Node) bool {
		return alike(n.Name, name) && n.ContainerOn != "" && alike(n.ContainerOn, s.Node)
	})
}

// nodeHealth uses Pacemaker's rating of the health of a node, which it reports since 2.1 (crm_mon), and before only as
// attributes. Red moves everything away, according to the cluster's node-health-strategy. Yellow is not a reason.
func nodeHealth(s Subject, _ Limits) string {
	for _, n := range s.nodes() {
		switch n.Health {
		case "", "green", "yellow":
		default:
			return "the node's health is " + n.Health
		}
		for _, name := range slices.Sorted(maps.Keys(n.Attributes)) {
			if strings.HasPrefix(name, "#health") && alike(n.Attributes[name], "red") {
				return fmt.Sprintf("the node's health is red (%s)", name)
			}
		}
	}
	return ""
}
