// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/topology"
)

// subject is what is known about a controller, for the conditions.
func (j *judgement) subject(s *standing) condition.Subject {
	m, c := s.m, j.Cluster
	subject := condition.Subject{
		Conflicts: c.Conflicts, Silent: m.Silent, Stale: m.Stale, Missing: c.Missing(), Excluded: j.excludes(m),
		Clients: condition.Clients{
			Seen: j.Evidence(m, decision.Active), Unknown: j.Unread(m), Welcome: j.o.Policy != decision.RequireIdle,
			SeenPasses: j.Passes(m, decision.Active), UnknownPasses: j.Passes(m, decision.Unknown),
		},
		Database: m.Answering(), Peers: j.peers(), Self: m.Name,
		Node: m.Node, Cluster: c.View, Own: m.Manager(), Unread: unreadManager(m),
		UUID: c.UUID(), Locks: j.locks(), Now: j.o.Now, Divided: j.divided(),
		Proxy: m.Proxy(), Spares: j.spares(s), Spare: s.spare(),
	}
	subject.Backend, subject.Balancer = j.Backend(m, j.o.rules())
	subject.Stopped, subject.Starting = j.stopped(m, subject), j.starting(m)
	return subject
}

func (j *judgement) excludes(m *topology.Member) bool {
	return slices.ContainsFunc(j.o.Exclude, func(name string) bool {
		return slices.Contains(m.Called(),
			topology.Lower(name))
	})
}

func (j *judgement) peers() (list []condition.Peer) {
	for _, m := range j.Cluster.Members {
		if db := m.Answering(); db != nil {
			list = append(list, condition.Peer{Name: m.Name, UUID: m.UUID(), Database: db})
		}
	}
	return list
}

// locks returns the backup locks of the cluster, as its hosts report them.
func (j *judgement) locks() (list []cib.Lock) {
	for _, m := range j.Cluster.Members {
		if p := m.Manager(); p != nil {
			list = append(list, p.Locks...)
		}
	}
	return list
}

// divided reports that a lock is not in the report of every Pacemaker that answered. They share one configuration.
func (j *judgement) divided() bool {
	locks := j.locks()
	return slices.ContainsFunc(j.Cluster.Members, func(m *topology.Member) bool {
		p := m.Manager()
		return p != nil && slices.ContainsFunc(locks, func(l cib.Lock) bool {
			return !slices.ContainsFunc(p.Locks, func(own cib.Lock) bool { return own.Is(l) })
		})
	})
}

// unreadManager says why a host has no report of its own Pacemaker.
func unreadManager(m *topology.Member) string {
	switch {
	case m.Host.Pacemaker == nil:
		return topology.MissingDocument(m, "pacemaker")
	case !m.Host.Pacemaker.Present:
		return "Pacemaker is not installed on it"
	}
	return "Pacemaker on it did not answer" + topology.FirstError(m.Host.Pacemaker.Header)
}

// stopped says why a server does not run; empty for one that may.
func (j *judgement) stopped(m *topology.Member, s condition.Subject) string {
	g := m.Database()
	if g == nil || g.Running || !j.DatabaseDown(m) {
		return ""
	}
	if !g.Present {
		return "no MariaDB was found on it"
	}
	if why := cmp.Or(condition.Ban(s), condition.Stop(s)); why != "" {
		return "MariaDB does not run: " + why
	}
	if j.starting(m) {
		return "MariaDB does not run yet: Pacemaker is starting it"
	}
	return "MariaDB does not run"
}

// starting reports that Pacemaker is starting a controller's server, and will not stop it again.
func (j *judgement) starting(m *topology.Member) bool {
	return slices.ContainsFunc(j.Cluster.View.GaleraOn(m.Node), func(r crmmon.Resource) bool {
		return r.Role == crmmon.RoleStarting && r.Target != crmmon.RoleStopped && r.Target != crmmon.RoleUnpromoted
	})
}
