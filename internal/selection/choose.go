// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
)

// judge gives every controller of a cluster its findings and its verdict. It also returns warnings.
func judge(c *topology.Cluster, o Options) (*judgement, []string) {
	j := examine(c, o)
	return j, j.choose()
}

// choose gives every controller its verdict and rank, and the cluster its message. It returns warnings.
func (j *judgement) choose() []string {
	var eligible []*standing
	scores := map[*standing]score{}
	for _, s := range j.standings {
		switch {
		case !s.m.RunsDatabase:
			s.verdict = decision.Witness
		case len(s.findings) > 0 || s.activity != decision.Idle && s.activity != decision.Active:
			s.verdict = decision.Rejected
		default:
			s.verdict = decision.Eligible
			scores[s] = j.score(s)
			eligible = append(eligible, s)
		}
	}
	slices.SortFunc(eligible, func(a, b *standing) int { return compare(scores[a], scores[b]) })
	for i, s := range eligible {
		s.rank = i + 1
	}
	j.message = j.serving() + j.choice(eligible, scores)
	if len(eligible) == 0 {
		return nil
	}
	chosen := eligible[0]
	chosen.verdict = decision.Chosen
	if chosen.activity != decision.Active {
		return nil
	}
	return []string{fmt.Sprintf("%s serves clients and was chosen anyway: policy %s%s", chosen.m.Name, j.o.Policy,
		noIdle(j.o))}
}

func noIdle(o Options) string {
	if o.Policy == decision.PreferIdle {
		return ", and no idle controller is eligible"
	}
	return ""
}

// choice returns the sentence about who was chosen and why, or why nobody.
func (j *judgement) choice(eligible []*standing, scores map[*standing]score) string {
	switch len(eligible) {
	case 0:
		return "Nobody was chosen" + j.refusals() + j.lastResort()
	case 1:
		if s := eligible[0]; s.stays && len(s.spares) == 0 {
			return fmt.Sprintf("%s was chosen; it is the only spare and stays one: %s.", s.m.Name, j.staying())
		}
		return fmt.Sprintf("%s was chosen: the only one eligible.", eligible[0].m.Name) + j.needed(eligible[0])
	}
	best, second := eligible[0], eligible[1]
	return fmt.Sprintf("%s was chosen of %d eligible: it %s (next: %s).",
		best.m.Name, len(eligible), better(scores[best], scores[second]), second.m.Name) + j.needed(best)
}

// staying says what is different about a backup of a node that is needed as a spare.
func (j *judgement) staying() string {
	if j.o.Policy == decision.AllowActive {
		return "no desync" // its clients may come
	}
	return "no desync, the backup gives way at once"
}

// needed returns the sentence about a chosen controller that must remain a spare.
func (j *judgement) needed(s *standing) string {
	if !s.stays {
		return ""
	}
	if len(s.spares) == 0 {
		return fmt.Sprintf(" It is the only spare and stays one: %s.", j.staying())
	}
	return fmt.Sprintf(" It is needed as a spare besides %s and stays one: %s.", strings.Join(s.spares, ", "),
		j.staying())
}

// lastResort returns the sentence about what a controller that serves could still do if it is the only one left:
// nothing but the operator's own decision makes it eligible. Where waiting may help, or another server is in the
// Primary component (in maintenance, or of unknown traffic), that is what to look after instead.
func (j *judgement) lastResort() string {
	if j.o.Policy == decision.AllowActive && j.o.Limits.Whole(condition.MinSpares) == 0 || j.worthWaiting() {
		return ""
	}
	o := j.o
	o.Policy, o.Limits = decision.AllowActive, maps.Clone(j.o.Limits)
	if o.Limits == nil {
		o.Limits = condition.Limits{}
	}
	o.Limits[condition.MinSpares.Name] = 0
	for _, s := range examine(j.Cluster, o).standings {
		if s.activity == decision.Active && s.m.RunsDatabase && len(s.findings) == 0 && j.LastOne(s.m) {
			return fmt.Sprintf(" With policy allow_active and min_spares 0, %s would be backed up while it serves:"+
				" nothing can take over its clients, and their commits wait for the tool's last locks, up to"+
				" max_commit_stall.", s.m.Name)
		}
	}
	return ""
}
