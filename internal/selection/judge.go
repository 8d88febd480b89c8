// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/topology"
	"overcloud.backup/internal/traffic"
)

// examine gives every controller of a cluster its findings.
func examine(c *topology.Cluster, o Options) *judgement {
	j := &judgement{Cluster: c, Traffic: traffic.Observe(c, o.rules()), o: o}
	for _, m := range c.Members {
		j.standings = append(j.standings, &standing{m: m, activity: j.Traffic.Activity(m)})
	}
	early, last := split(condition.All())
	for _, s := range j.standings {
		s.findings = condition.Fold(j.check(s, early))
	}
	late := map[*standing][]condition.Finding{}
	for _, s := range j.standings {
		late[s] = j.check(s, last)
		s.spares, s.stays = j.spares(s), condition.Stays(j.subject(s), o.Limits)
	}
	for _, s := range j.standings {
		s.findings = condition.Fold(append(s.findings, late[s]...))
	}
	for _, s := range j.standings {
		j.lasting(s)
	}
	return j
}

// split separates the conditions that need the results of all the others.
func split(all []condition.Condition) (early, last []condition.Condition) {
	for _, c := range all {
		if c.Last {
			last = append(last, c)
		} else {
			early = append(early, c)
		}
	}
	return early, last
}

// check checks a controller for some conditions.
func (j *judgement) check(s *standing, conditions []condition.Condition) (findings []condition.Finding) {
	subject := j.subject(s)
	for _, c := range conditions {
		if !s.m.RunsDatabase && !c.AnyHost {
			continue
		}
		if message := c.Check(subject, j.o.Limits); message != "" {
			findings = append(findings, condition.Finding{Code: c.Code, Message: message})
		}
	}
	return findings
}
