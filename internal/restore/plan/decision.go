// SPDX-License-Identifier: GPL-3.0-or-later

package plan

// Decision says what is done, or why nothing is.
type Decision struct {
	State State `json:"state"`
	// Refused is the code of the refusal, empty if the steps may be taken.
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
	// Report begins the last line of a run that completed all steps; Advice ends the message of one that did not.
	Report string `json:"report"`
	Advice string `json:"advice"`
}

// Step is a state of galera_restore that controllers are brought to, one after the other. It begins when the previous
// step has ended on all of its hosts.
type Step struct {
	State string   `json:"state"`
	Task  string   `json:"task"`  // its name, for the output
	Hosts []string `json:"hosts"` // by their names in the inventory, in this order
	Why   string   `json:"why"`   // what it does, for people
	// Target is the host that the step treats as the one that gets the set; empty if that makes no difference.
	Target string `json:"target"`
}

// Code names a refusal, for programs.
type Code string

// NotConfirmed is the last refusal of each state: the plan is complete, and the operator has to confirm it.
const NotConfirmed Code = "not_confirmed"
