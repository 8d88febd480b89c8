// SPDX-License-Identifier: GPL-3.0-or-later

// Package plan decides how a restore proceeds, from what every controller reports about itself: which set, onto which
// controller, in which steps, or why not. It touches no machine. A controller is believed only about itself, so that
// one that lies can stop a restore and cannot steer it: what is replaced, and from which set, is confirmed by the
// operator or recorded by the controller that has it.
package plan

import (
	"fmt"
	"slices"
)

// Decide decides from the views of the controllers that could be asked.
func Decide(views []View, o Options) (Decision, error) {
	if !slices.Contains(states, o.State) {
		return Decision{}, fmt.Errorf("internal error: state %q", o.State)
	}
	s := survey(views, o)
	d := Decision{
		State: o.State, Lines: []string{}, Steps: []Step{},
		Job: s.job, Set: s.set, Target: s.target.Host, OthersReplaced: o.State == RolledBack && s.stopped,
	}
	for _, r := range rules {
		if !slices.Contains(r.of, o.State) {
			continue
		}
		message := r.check(s)
		if message != "" && r.code == NotConfirmed {
			d.Lines = s.lines() // so that the operator sees what to confirm
		}
		if message != "" {
			d.Refused, d.Message = r.code, message
			return d, nil
		}
	}
	d.Lines, d.Steps, d.Report, d.Advice = s.lines(), s.steps(), s.report(), s.advice()
	d.Message = d.Lines[0]
	return d, nil
}
