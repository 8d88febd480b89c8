// SPDX-License-Identifier: GPL-3.0-or-later

// Package harness does one case: it starts a backup with clients on the lab, breaks something at the right moment,
// mends it, and judges what came of it.
package harness

import (
	"regexp"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// Outcome is what a backup may come to when its fault strikes.
type Outcome string

const (
	Good   Outcome = "good"
	Failed Outcome = "failed"
	// Either: which one depends on the moment; both must be clean.
	Either Outcome = "either"
)

// Fault is one case: what breaks, when, what is restored, and what must come of it.
type Fault struct {
	Name   string
	Breaks string // for people
	When   moment
	// Before is arranged before the playbook starts; an error ends the case.
	Before func(*Run) error
	Hurt   func(*Run) error
	Hold   time.Duration // from hurt to heal
	Heal   func(*Run) error
	// After are checks of its own, when all is healed and over.
	After func(*Run) error

	Vars map[string]any
	Args []string
	Want Outcome
	// Says must match what the playbook says when the backup failed; without it any message will do that names a cause.
	Says string
	// Onto backs up the controller that takes over from the active one.
	Onto bool
	// Control: the fault itself costs clients something, which a run without a backup measures.
	Control bool
	// Recover: the worker cannot undo anything, state: recovered does.
	Recover bool
	// Lost: the playbook is killed, so only what it leaves behind counts.
	Lost bool
	// Always: it guards one of the three promises, so that each make test runs it.
	Always bool
	// Damaged: the case itself damages a journal or a disk, so that what is on it cannot be undone.
	Damaged bool
	// Anywhere: the choice is left to the playbook, which may try again on the other one.
	Anywhere bool
	// Contained: it needs a database that runs in containers.
	Contained bool
	// Quick: it neither ends a machine nor a server, so a random run may repeat it.
	Quick bool
}

func (f Fault) Message() *regexp.Regexp {
	if f.Says == "" {
		return regexp.MustCompile(`\S`)
	}
	return regexp.MustCompile("(?is)" + f.Says)
}

// moment is when a fault strikes. Its wait is false when it never came, which is an error of the case.
type moment struct {
	Name string
	Wait func(*Run) bool
	// Slow: the tool is slowed down, for there to be time.
	Slow bool
	// freeze: the playbook is stopped at this line, and goes on when the fault has struck.
	freeze *regexp.Regexp
	// Early: it strikes before the playbook starts.
	Early bool
}

var (
	BeforeStart = moment{Name: "before the start", Early: true}
	AfterFacts  = moment{
		Name:   "between facts and start",
		freeze: regexp.MustCompile(`(?s)Find the idle controller\].*?\n(ok|changed): [^\n]*\n`),
		Wait:   func(r *Run) bool { return lab.Until(40*time.Second, 10*time.Millisecond, r.Play.frozen) },
	}
	Streaming = moment{Name: "while streaming", Slow: true, Wait: (*Run).streams}
	// LastLocks: the tool has desynced the node by itself and holds BACKUP STAGE BLOCK_COMMIT.
	LastLocks = moment{Name: "at BLOCK_COMMIT", Wait: (*Run).holdsLastLocks}
	ToolGone  = moment{Name: "when the data are read", Wait: (*Run).hasRead}
)

// streams: the tool runs and the first data are in the destination, or as good as.
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

// Vars make role variables of pairs.
func Vars(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m["controller_backup_"+pairs[i].(string)] = pairs[i+1]
	}
	return m
}
