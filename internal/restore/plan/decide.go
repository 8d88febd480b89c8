// SPDX-License-Identifier: GPL-3.0-or-later

// Package plan decides how a restore goes, from what every controller says about itself: which set, onto which
// controller, in which steps, or why not. It touches no machine. A controller's word is believed about itself alone, so
// that one that lies can stop a restore and cannot steer it: what is replaced, and from which set, is confirmed by the
// operator or noted by the controller that has it.
package plan

import (
	"fmt"
	"slices"
)

// State is what the operator wants.
type State string

// States, as the role controller_restore has them.
const (
	Restored   State = "restored"    // the whole cluster, from a set
	RolledBack State = "rolled_back" // the whole cluster, to the data from before the last restore
	Rejoined   State = "rejoined"    // one broken controller, from the others
	Loaded     State = "loaded"      // single schemas, beside what runs
	Configured State = "configured"  // Pacemaker's configuration
)

var states = []State{Restored, RolledBack, Rejoined, Loaded, Configured}

// Newest is the name of no set in particular: the newest one counts.
const Newest = "newest"

// Options are what the operator asks for, and whom.
type Options struct {
	State       State  `json:"state"`
	Set         string `json:"set"`         // newest, CLUSTER/SET, or a path
	Destination string `json:"destination"` // where sets lie, for messages
	Confirm     string `json:"confirm"`
	Host        string `json:"host"` // the controller that gets the set, or rejoins; empty: the first one that can
	// Hosts are all that were to be asked, by their names in the inventory; Pattern is what named them.
	Hosts     []string `json:"hosts"`
	Pattern   string   `json:"pattern"`
	RemoveOld bool     `json:"remove_old"`
	Push      bool     `json:"push"` // replace Pacemaker's configuration, and not only compare it
	// CheckMode only shows the plan, which needs no confirmation.
	CheckMode bool `json:"-"`
}

// Decision is what is done, or why nothing is.
type Decision struct {
	State State `json:"state"`
	// Refused is the code of what stands in the way, empty when the steps may be taken.
	Refused Code   `json:"refused"`
	Message string `json:"message"` // what is done, or why nothing is
	// Lines are the plan for people: what is restored, and each step.
	Lines []string `json:"lines"`
	Steps []Step   `json:"steps"`
	// Job is the id of the restore. Set is the path of the set.
	Job    string `json:"job"`
	Set    string `json:"set"`
	Target string `json:"target"` // the controller that gets the set, or that rejoins
	// OthersReplaced says that the restore to be rolled back has replaced the data of other controllers.
	OthersReplaced bool `json:"others_replaced"`
	// Report begins the last line of a run that did all steps; Advice ends the message of one that did not.
	Report string `json:"report"`
	Advice string `json:"advice"`
}

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
			d.Lines = s.lines() // so that it is known what is to be confirmed
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
