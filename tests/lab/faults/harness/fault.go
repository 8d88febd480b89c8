// SPDX-License-Identifier: GPL-3.0-or-later

// Package harness runs one case: it starts a backup with clients on the lab, breaks something at the right moment,
// repairs it, and judges the outcome.
package harness

import (
	"regexp"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// The moments at which faults strike.
var (
	BeforeStart = Moment{Name: "before the start", Early: true}
	AfterFacts  = Moment{
		Name:   "between facts and start",
		freeze: regexp.MustCompile(`(?s)Find the idle controller\].*?\n(ok|changed): [^\n]*\n`),
		Wait:   func(r *Run) bool { return lab.Until(40*time.Second, 10*time.Millisecond, r.Play.frozen) },
	}
	Streaming = Moment{Name: "while streaming", Slow: true, Wait: (*Run).streams}
	// LastLocks is when the tool itself has desynced the node and holds BACKUP STAGE BLOCK_COMMIT.
	LastLocks = Moment{Name: "at BLOCK_COMMIT", Wait: (*Run).holdsLastLocks}
	ToolGone  = Moment{Name: "when the data are read", Wait: (*Run).hasRead}
)

// streams reports that the tool runs and the first data is, or is about to be, in the destination.
func (r *Run) streams() bool {
	began := func() bool {
		if r.Fault.Anywhere && len(r.Other.Processes(lab.Tool)) > 0 {
			r.Victim, r.Other = r.Other, r.Victim
		}
		return len(r.Victim.Processes(lab.Tool)) > 0 || r.Play.Over()
	}
	if !lab.Until(60*time.Second, 20*time.Millisecond, began) {
		return false
	}
	time.Sleep(time.Second)
	return !r.Play.Over()
}

func (r *Run) holdsLastLocks() bool {
	if !lab.Until(60*time.Second, 10*time.Millisecond,
		func() bool { return len(r.Victim.Processes(lab.Tool)) > 0 || r.Play.Over() }) {
		return false
	}
	return lab.Until(30*time.Second, 500*time.Microsecond,
		func() bool { return r.Victim.Status("wsrep_local_state") == "2" || r.Play.Over() })
}

func (r *Run) hasRead() bool {
	if !lab.Until(60*time.Second, 10*time.Millisecond,
		func() bool { return len(r.Victim.Processes(lab.Tool)) > 0 || r.Play.Over() }) {
		return false
	}
	return lab.Until(30*time.Second, 2*time.Millisecond, func() bool { return len(r.Victim.Processes(lab.Tool)) == 0 })
}

// Vars returns role variables from pairs.
func Vars(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m["controller_backup_"+pairs[i].(string)] = pairs[i+1]
	}
	return m
}
