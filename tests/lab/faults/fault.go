// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"regexp"
	"time"
)

// outcome is what a backup may come to when its fault strikes.
type outcome string

const (
	good   outcome = "good"
	failed outcome = "failed"
	// either: which one depends on the moment; both must be clean.
	either outcome = "either"
)

// fault is one case: what breaks, when, what is restored, and what must come of it.
type fault struct {
	name   string
	breaks string // for people
	when   moment
	// before is arranged before the playbook starts; an error ends the case.
	before func(*run) error
	hurt   func(*run) error
	hold   time.Duration // from hurt to heal
	heal   func(*run) error
	// after are checks of its own, when all is healed and over.
	after func(*run) error

	vars map[string]any
	args []string
	want outcome
	// says must match what the playbook says when the backup failed; without it any message will do that names a cause.
	says string
	// onto backs up the controller that takes over from the active one.
	onto bool
	// control: the fault itself costs clients something, which a run without a backup measures.
	control bool
	// recover: the worker cannot undo anything, state: recovered does.
	recover bool
	// lost: the playbook is killed, so only what it leaves behind counts.
	lost bool
	// always: it guards one of the three promises, so that each make test runs it.
	always bool
	// damaged: the case itself damages a journal or a disk, so that what is on it cannot be undone.
	damaged bool
	// anywhere: the choice is left to the playbook, which may try again on the other one.
	anywhere bool
	// contained: it needs a database that runs in containers.
	contained bool
	// quick: it neither ends a machine nor a server, so a random run may repeat it.
	quick bool
}

func (f fault) message() *regexp.Regexp {
	if f.says == "" {
		return regexp.MustCompile(`\S`)
	}
	return regexp.MustCompile("(?is)" + f.says)
}

// moment is when a fault strikes. Its wait is false when it never came, which is an error of the case.
type moment struct {
	name string
	wait func(*run) bool
	// slow: the tool is slowed down, for there to be time.
	slow bool
	// freeze: the playbook is stopped at this line, and goes on when the fault has struck.
	freeze *regexp.Regexp
	// early: it strikes before the playbook starts.
	early bool
}

var (
	beforeStart = moment{name: "before the start", early: true}
	afterFacts  = moment{
		name: "between facts and start", freeze: regexp.MustCompile(`(?s)Find the idle controller\].*?\n(ok|changed): [^\n]*\n`),
		wait: func(r *run) bool { return until(40*time.Second, 10*time.Millisecond, r.play.frozen) },
	}
	streaming = moment{name: "while streaming", slow: true, wait: (*run).streams}
	// lastLocks: the tool has desynced the node by itself and holds BACKUP STAGE BLOCK_COMMIT.
	lastLocks = moment{name: "at BLOCK_COMMIT", wait: (*run).holdsLastLocks}
	toolGone  = moment{name: "when the data are read", wait: (*run).hasRead}
)

// streams: the tool runs and the first data are in the destination, or as good as.
func (r *run) streams() bool {
	began := func() bool {
		if r.fault.anywhere && len(r.other.processes(tool)) > 0 {
			r.victim, r.other = r.other, r.victim
		}
		return len(r.victim.processes(tool)) > 0 || r.play.over()
	}
	if !until(60*time.Second, 20*time.Millisecond, began) {
		return false
	}
	time.Sleep(time.Second)
	return !r.play.over()
}

func (r *run) holdsLastLocks() bool {
	if !until(60*time.Second, 10*time.Millisecond, func() bool { return len(r.victim.processes(tool)) > 0 || r.play.over() }) {
		return false
	}
	return until(30*time.Second, 500*time.Microsecond, func() bool { return r.victim.status("wsrep_local_state") == "2" || r.play.over() })
}

func (r *run) hasRead() bool {
	if !until(60*time.Second, 10*time.Millisecond, func() bool { return len(r.victim.processes(tool)) > 0 || r.play.over() }) {
		return false
	}
	return until(30*time.Second, 2*time.Millisecond, func() bool { return len(r.victim.processes(tool)) == 0 })
}

// vars make role variables of pairs.
func vars(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m["controller_backup_"+pairs[i].(string)] = pairs[i+1]
	}
	return m
}
