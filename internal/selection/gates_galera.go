// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"math"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

func notRunning(l look) string {
	g := l.m.database()
	if g == nil || g.Running || !l.c.databaseDown(l.m) {
		return ""
	}
	if !g.Present {
		return "no MariaDB was found on it"
	}
	if why := cmp.Or(l.c.banOn(l.m), l.c.stopOn(l.m)); why != "" {
		return "MariaDB does not run: " + why
	}
	for _, r := range l.c.galeraOn(l.m) {
		if r.Role == pacemaker.RoleStarting {
			return "MariaDB does not run yet: Pacemaker is starting it"
		}
	}
	return "MariaDB does not run"
}

// splitBrain compares the Primary components. One node that reports another view than the rest may be any of them, or
// the membership changed while we read: nobody is chosen either way.
func splitBrain(l look) string {
	var other *member
	for _, m := range l.c.members {
		g := m.answering()
		if g == nil || g.Wsrep.ClusterStatus != galera.ClusterPrimary {
			continue
		}
		if other == nil {
			other = m
			continue
		}
		if m.uuid() != other.uuid() {
			return fmt.Sprintf("%s is in the cluster %q, %s in %q", other.name, other.uuid(), m.name, m.uuid())
		}
		if a, b := other.answering().Wsrep.ClusterConfID, g.Wsrep.ClusterConfID; a != b {
			return fmt.Sprintf("%s has membership %d, %s has %d: read again if nodes were joining or leaving", other.name, a, m.name, b)
		}
	}
	return ""
}

func notPrimary(l look) string {
	switch {
	case l.db == nil || l.db.Wsrep.ClusterStatus == galera.ClusterPrimary && l.db.Wsrep.On:
		return ""
	case !l.db.Wsrep.On:
		return "wsrep_on is OFF"
	}
	return "wsrep_cluster_status is " + orUnknown(string(l.db.Wsrep.ClusterStatus))
}

// desynced tells what somebody set. A donor of a state transfer has a count as well, and is no case for this.
func desynced(l look) string {
	if l.db == nil {
		return ""
	}
	if l.db.Wsrep.Desync {
		return fmt.Sprintf("wsrep_desync is ON (count %d)", l.db.Wsrep.DesyncCount)
	}
	if l.db.Wsrep.DesyncCount > 0 && l.db.Wsrep.State != galera.StateDonorDesync {
		return fmt.Sprintf("wsrep_desync_count is %d", l.db.Wsrep.DesyncCount)
	}
	return ""
}

func donor(l look) string {
	if l.db == nil || l.db.Wsrep.State != galera.StateDonorDesync || l.db.Wsrep.Desync {
		return ""
	}
	return "state is Donor/Desynced while wsrep_desync is OFF: a state transfer or a backup runs"
}

func notSynced(l look) string {
	if l.db == nil || l.db.Wsrep.State == galera.StateSynced {
		return ""
	}
	return "state is " + orUnknown(string(l.db.Wsrep.State))
}

func notReady(l look) string {
	switch {
	case l.db == nil:
		return ""
	case !l.db.Wsrep.Connected:
		return "wsrep_connected is OFF"
	case !l.db.Wsrep.Ready:
		return "wsrep_ready is OFF"
	}
	return ""
}

func flowControl(l look) string {
	switch {
	case l.db == nil:
		return ""
	case l.db.Wsrep.FlowControlActive:
		return "flow control is active"
	case l.db.Sample.FlowControl > l.o.MaxFlowControl:
		return fmt.Sprintf("flow control %s > %s of the time", number(l.db.Sample.FlowControl), number(l.o.MaxFlowControl))
	}
	return ""
}

func recvQueue(l look) string {
	if l.db == nil {
		return ""
	}
	queue := l.db.Wsrep.RecvQueue
	if l.db.Sample.Window > 0 {
		queue = l.db.Sample.RecvQueueMin // a burst that went away while we looked is no backlog
	}
	if queue <= l.o.MaxRecvQueue {
		return ""
	}
	return fmt.Sprintf("receive queue %d > %d", queue, l.o.MaxRecvQueue)
}

// lagging compares with the node that has committed most, as it stood when this one was read.
func lagging(l look) string {
	if l.db == nil {
		return ""
	}
	lag, ahead := 0.0, ""
	for _, m := range l.c.members {
		g := m.answering()
		if g == nil || m == l.m || g.Wsrep.ClusterStatus != galera.ClusterPrimary {
			continue
		}
		later := g.GatheredAt - l.db.GatheredAt
		then := float64(g.Wsrep.LastCommitted) - math.Max(g.Sample.Committed, 0)*later
		if d := then - float64(l.db.Wsrep.LastCommitted); d > lag {
			lag, ahead = d, m.name
		}
	}
	if lag <= l.o.MaxLag {
		return ""
	}
	return fmt.Sprintf("%.0f write-sets behind %s > %s", lag, ahead, number(l.o.MaxLag))
}

func noSpace(l look) string {
	if l.db == nil || l.o.MinFreeSpace == 0 {
		return ""
	}
	s := l.db.Storage
	if s.DatadirTotal <= 0 {
		return "free space of the datadir's file system is unknown"
	}
	if s.DatadirFree >= l.o.MinFreeSpace {
		return ""
	}
	return fmt.Sprintf("free %s < %s of %s", size(s.DatadirFree), size(l.o.MinFreeSpace), size(s.DatadirTotal))
}
