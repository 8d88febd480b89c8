// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"errors"
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
)

// passes reports that a finding about a controller ends by itself.
func (j *judgement) passes(s *standing, f condition.Finding) bool {
	subject := j.subject(s)
	if f.Code == condition.LastStandby {
		subject.SparesReturn = j.fewLater(s) == nil
	}
	return f.Passes(subject)
}

// onlyPassing reports that a controller with a database is rejected, and only for what ends by itself.
func (j *judgement) onlyPassing(s *standing) bool {
	return s.m.RunsDatabase && s.verdict == decision.Rejected && len(s.findings) > 0 && all(s.findings, j.passing(s))
}

// worthWaiting reports that a controller may soon be chosen without anybody's help. Where others have new facts, one
// with old facts is none: if it has lost power there is no next reading.
func (j *judgement) worthWaiting() bool {
	old := func(s *standing) bool { return s.m.Stale }
	return slices.ContainsFunc(j.standings, func(s *standing) bool {
		return j.onlyPassing(s) && (!old(s) || all(j.standings, old))
	})
}

func (j *judgement) passing(s *standing) func(condition.Finding) bool {
	return func(f condition.Finding) bool { return j.passes(s, f) }
}

// lasting gives a controller that is rejected only for what ends by itself the finding that too few can serve even
// after that: a wait would be in vain.
func (j *judgement) lasting(s *standing) {
	if !s.m.RunsDatabase || len(s.findings) == 0 || !all(s.findings, j.passing(s)) {
		return
	}
	if few := j.fewLater(s); few != nil {
		s.findings = append(s.findings, few.Finding)
	}
}

// fewLater returns why too few could take over the clients even when all that ends by itself has ended; nil if they are
// enough.
func (j *judgement) fewLater(s *standing) *condition.Error {
	subject := j.subject(s)
	subject.Spares, subject.Spare = slices.Concat(s.spares, j.recovering(s)), s.staysIdle()
	var few *condition.Error
	errors.As(condition.First(subject, j.o.Limits, condition.LastStandby), &few)
	return few
}

// staysIdle reports that a controller is idle, or that its clients are a finding about it, which may pass. One that may
// be backed up while it serves is no spare, however long one waits. Nothing is known of one without facts.
func (s *standing) staysIdle() bool {
	served := func(f condition.Finding) bool { return f.Code == condition.Serves }
	return s.m.Silent != "" || s.activity != decision.Active || slices.ContainsFunc(s.findings, served)
}

// recovering returns the other standbys that could take over the clients as soon as what ends by itself has ended.
func (j *judgement) recovering(of *standing) (names []string) {
	for _, s := range j.standings {
		if s == of || !s.m.RunsDatabase || slices.Contains(of.spares, s.m.Name) || !s.staysIdle() {
			continue
		}
		grave := slices.DeleteFunc(slices.Clone(s.findings), func(f condition.Finding) bool {
			return condition.Of(f.Code).Harmless || condition.Of(f.Code).Last
		})
		if len(grave) > 0 && all(grave, j.passing(s)) {
			names = append(names, s.m.Name)
		}
	}
	return names
}

func all[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !is(v) })
}
