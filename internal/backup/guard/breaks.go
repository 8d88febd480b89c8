// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"time"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/quantity"
)

func over(age float64, limit time.Duration) bool { return age >= limit.Seconds() }

func leaseLost(s Sample, l limits) string {
	if l.LeaseTimeout == 0 || !over(s.LeaseAge, l.LeaseTimeout) {
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

func clients(s Sample, l limits) string {
	who := condition.Sessions(s.Server.Sessions)
	if l.AllowClients || who == "" {
		return ""
	}
	return "clients are connected to this node: " + who
}

func flowControl(s Sample, _ limits) string {
	if s.Server.Desync || s.Server.FlowControlSent == 0 {
		return ""
	}
	return fmt.Sprintf("this node stops the writers of the cluster (flow control sent %s within a second, %s in its "+
		"receive queue)%s", quantity.Count(s.Server.FlowControlSent, "time"),
		quantity.Count(int64(s.Server.RecvQueue), "write-set"), because(s.Server.DesyncError))
}

func spaceDestination(s Sample, l limits) string {
	if s.Tool.FreeDestination < 0 || s.Tool.FreeDestination >= l.destination {
		return ""
	}
	return fmt.Sprintf("no space is left for the backup: %s are free at %s, and %s must stay",
		quantity.Bytes(s.Tool.FreeDestination), l.path, quantity.Bytes(l.destination))
}

func spaceDatadir(s Sample, l limits) string {
	if s.Tool.FreeDatadir < 0 || s.Tool.FreeDatadir >= l.datadir {
		return ""
	}
	return fmt.Sprintf("the database is running out of space: %s are free in its datadir, and %s must stay",
		quantity.Bytes(s.Tool.FreeDatadir), quantity.Bytes(l.datadir))
}

// redoOverrun is broken before the server overwrites what the tool has not read yet, after which the data read so far
// is useless.
func redoOverrun(s Sample, l limits) string {
	behind := s.Server.LSN - s.Tool.RedoLSN
	if l.redo == 0 || s.Server.LSN == 0 || s.Tool.RedoLSN == 0 || float64(behind) <= redoShare*float64(l.redo) {
		return ""
	}
	return fmt.Sprintf("the tool is %s behind in the redo log of %s, which the server is about to overwrite; "+
		"raise innodb_log_file_size, or back up at a quieter time",
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
	return fmt.Sprintf("the destination %s has accepted no data for %.0f s", l.path, s.Tool.Stalled)
}

func clusterSilent(s Sample, _ limits) string {
	if !over(s.Cluster.Silent, clusterSilence) {
		return ""
	}
	return fmt.Sprintf("Pacemaker has not reported its state for %.0f s%s", s.Cluster.Silent, because(s.Cluster.Error))
}

// desyncedOnPurpose reports whether a node is a donor because of our desync, or because of the tool's own while it
// holds the stages that cause one.
func desyncedOnPurpose(s Sample) bool {
	return s.Server.State == galera.StateDonorDesync && (s.Server.Desync || s.Tool.Stage.HoldsCommits())
}

// longQueued checks only a desynced node: the queue of another one is limited by its flow control.
func longQueued(s Sample, _ limits) string {
	limits := condition.Limits{condition.MaxRecvQueue.Name: longQueue}
	if err := condition.First(s.node(), limits, condition.RecvQueue); err != nil {
		return err.Error() + "; it would take long to be a spare again"
	}
	return ""
}

func fewMembers(s Sample, l limits) string {
	return l.lacking(s, func(needed int) string { return condition.FewMembers(s.Server.ClusterSize-1, needed) })
}

func fewPromoted(s Sample, l limits) string {
	if !s.Cluster.Present {
		return ""
	}
	return l.lacking(s, func(needed int) string { return condition.FewPromoted(s.Cluster.Others, needed) })
}

// lacking reports that too few can serve, with this node if it can stay in service, and without it if not.
func (l limits) lacking(s Sample, few func(needed int) string) string {
	why := few(l.With)
	switch {
	case why != "" && l.With < l.Without:
		return "this node is needed as a spare: " + why + ", even while this one stays in service"
	case why != "":
		return "this node is needed as a spare: " + why
	case s.Server.SpareError == "":
		return ""
	}
	if why = few(l.Without); why == "" {
		return ""
	}
	return "this node is needed as a spare: " + why + " unless this one serves, which it cannot now: " +
		s.Server.SpareError
}
