// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/decision"
)

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
		return "Nobody was chosen" + j.refusals()
	case 1:
		return fmt.Sprintf("%s was chosen: the only one eligible.", eligible[0].m.Name)
	}
	best, second := eligible[0], eligible[1]
	return fmt.Sprintf("%s was chosen of %d eligible: it %s (next: %s).",
		best.m.Name, len(eligible), better(scores[best], scores[second]), second.m.Name)
}
