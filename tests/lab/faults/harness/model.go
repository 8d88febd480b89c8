// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// Outcome is how a backup may end when its fault strikes.
type Outcome string

// The outcomes that a fault may require.
const (
	Good   Outcome = "good"
	Failed Outcome = "failed"
	// Either: it depends on the moment; both outcomes must be clean.
	Either Outcome = "either"
)

// Fault is one case: what breaks, when, how it is repaired, and the required outcome.
type Fault struct {
	Name   string
	Breaks string // for people
	When   Moment
	// Before runs before the playbook starts; an error ends the case.
	Before func(*Run) error
	Hurt   func(*Run) error
	Hold   time.Duration // from hurt to heal
	Heal   func(*Run) error
	// After are additional checks, when all is repaired and over.
	After func(*Run) error

	Vars map[string]any
	Args []string
	Want Outcome
	// Says must match the message of the playbook if the backup failed; without it any message that names a cause is
	// accepted.
	Says string
	// Onto backs up the controller that takes over from the active one.
	Onto bool
	// Control: the fault itself costs clients something, which a run without a backup measures.
	Control bool
	// Recover: the worker cannot undo anything, state: recovered does.
	Recover bool
	// Lost: the playbook is killed, so only what it leaves behind counts.
	Lost bool
	// Always: it protects one of the three promises, so each make test runs it.
	Always bool
	// Damaged: the case itself damages a journal or a disk, so that effects recorded on it cannot be undone.
	Damaged bool
	// Anywhere: the playbook chooses, and may try the other standby as well.
	Anywhere bool
	// Contained: it needs a database that runs in containers.
	Contained bool
	// Loss takes the other standby away before the backup; Swap exchanges the two standbys first.
	Loss *Loss
	Swap bool
	// Quick: it ends neither a machine nor a server, so a random run may repeat it.
	Quick bool
}

// Message is the required message of the playbook if the backup failed.
func (f Fault) Message() *regexp.Regexp {
	if f.Says == "" {
		return regexp.MustCompile(`\S`)
	}
	return regexp.MustCompile("(?is)" + f.Says)
}

// Moment is when a fault strikes. Its wait returns false if it never came, which is an error of the case.
type Moment struct {
	Name string
	Wait func(*Run) bool
	// Slow: the tool is slowed down, so that the fault has time to strike.
	Slow bool
	// freeze: the playbook is stopped at this line, and continues after the fault has struck.
	freeze *regexp.Regexp
	// Early: it strikes before the playbook starts.
	Early bool
}

// Run is one case in progress. victim is the controller that is backed up, active the one that serves, other the third.
type Run struct {
	lab.Lab
	Fault                 Fault
	Victim, Active, Other lab.Machine
	Play                  *Playbook
	Slow                  *lab.SlowedTools
	Random                *rand.Rand
	Control               bool // without a backup
	Before                map[string]string
	Began, hurtAt, healed time.Time
	workerEnd             time.Time
	undo                  []func() error
	// Foreign are the controllers that the case itself has desynced.
	Foreign []int
	Rewire  func() error
	// Kept is what a case keeps for its final check.
	Kept    any
	Note    string   // an output of another program
	Late    []string // anything that took too long
	away    *lab.Machine
	seen    *clients // by the clients, before the one that was away came back
	escaped bool
}

// Verdict is the result of a case.
type Verdict struct {
	Name    string        `json:"name"`
	When    string        `json:"when"`
	Breaks  string        `json:"breaks"`
	Outcome Outcome       `json:"outcome"`
	Said    string        `json:"said"`
	Clean   time.Duration `json:"clean"`
	Serves  time.Duration `json:"serves"`
	Took    time.Duration `json:"took"`
	Clients clients       `json:"clients"`
	// During has the clients' record until shortly after the backup was over.
	During  clients  `json:"during"`
	Control *clients `json:"control,omitempty"`
	Output  string   `json:"-"`
	// Escaped: the tool ended before its fault, although it was slowed.
	Escaped bool     `json:"-"`
	Wrong   []string `json:"wrong"`
}

// Add records an error.
func (v *Verdict) Add(format string, args ...any) {
	v.Wrong = append(v.Wrong, fmt.Sprintf(format, args...))
}

const (
	// CleanWithin is the time after the worker's end in which everything must be undone, servesWithin the time in which
	// every controller that could serve before does again, its queue applied.
	CleanWithin  = 10 * time.Second
	servesWithin = 60 * time.Second
	// Destination is the folder of the sets.
	Destination = "/var/backups/overcloud"
)

// clients is what the load client recorded during a case.
type clients struct {
	Acknowledged int `json:"acknowledged"`
	Lost         int `json:"lost"`
	Commits      int `json:"commits"`
	Errors       int `json:"errors"`
	Latency      struct {
		Max float64 `json:"max_ms"`
	} `json:"latency"`
	Seconds []struct {
		Commits int `json:"commits"`
	} `json:"seconds,omitempty"`
}

// LongestCommit is the limit in ms for faults that cost clients nothing: max_commit_stall, and as much again for two
// cores.
const LongestCommit = 2000
