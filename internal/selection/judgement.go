// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
	"overcloud.backup/internal/traffic"
)

// judgement is a cluster while its controllers are judged.
type judgement struct {
	*topology.Cluster
	*traffic.Traffic
	o Options
	// standings are those of the members, in their order.
	standings []*standing
	message   string
}

// standing is one controller while it is judged.
type standing struct {
	m        *topology.Member
	activity decision.Activity
	findings []condition.Finding
	// spares are the others that could take over the clients; stays says that it must remain a spare as well.
	spares  []string
	stays   bool
	verdict decision.Verdict
	rank    int
}

// spares returns the other controllers that could take over the clients.
func (j *judgement) spares(of *standing) []string {
	names := []string{}
	for _, s := range j.standings {
		if s != of && s.spare() {
			names = append(names, s.m.Name)
		}
	}
	return names
}

// spare reports that the controller is idle and could take over the clients.
func (s *standing) spare() bool {
	if !s.m.RunsDatabase || s.activity != decision.Idle || s.m.Silent != "" {
		return false
	}
	return !slices.ContainsFunc(s.findings, func(f condition.Finding) bool { return !condition.Of(f.Code).Harmless })
}
