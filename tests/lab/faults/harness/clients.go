// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// silent counts the seconds without a commit.
func (c clients) silent() int {
	n := 0
	for _, s := range c.Seconds {
		if s.Commits == 0 {
			n++
		}
	}
	return n
}

// worse returns how these clients fared worse than those of the same fault without a backup; "" if they did not. Each
// of the 8 clients may fail at another moment, and a failover takes until Pacemaker's next check.
func (c clients) worse(control clients) string {
	if c.Errors > 2*control.Errors+8*min(control.Errors, 1) {
		return fmt.Sprintf("%d errors of clients, %d without a backup", c.Errors, control.Errors)
	}
	if c.silent() > control.silent()+6 {
		return fmt.Sprintf("%d seconds without a commit, %d without a backup", c.silent(), control.silent())
	}
	if c.Latency.Max > control.Latency.Max+6000 {
		return fmt.Sprintf("a commit took %.0f ms, %.0f without a backup", c.Latency.Max, control.Latency.Max)
	}
	return ""
}

// Worse returns how clients fared worse than without a backup; "" if they did not. Errors after the backup had ended
// and left nothing are due to the fault: when a killed server rejoins, Galera's view may change once more, or not.
func (v Verdict) Worse(control clients) string {
	if v.During.worse(control) == "" {
		return ""
	}
	return v.Clients.worse(control)
}

// judgeClients ends the load, counts its errors, and compares the servers with each other.
func (r *Run) judgeClients(v *Verdict) {
	c, err := clients{}, error(nil)
	if r.seen != nil {
		c = *r.seen
	} else if c, err = r.clients(); err != nil {
		v.Add("%v", err)
		return
	}
	v.Clients = c
	if r.Fault.Control && !r.workerEnd.IsZero() {
		if v.During, err = r.report("--to", epoch(r.workerEnd.Add(aftermath))); err != nil {
			v.Add("%v", err)
		}
	}
	if c.Lost > 0 {
		v.Add("%d acknowledged commits are lost", c.Lost)
	}
	if c.Commits == 0 {
		v.Add("there was no load")
	}
	if !r.Fault.Control && c.Errors > 0 {
		v.Add("%d errors of clients", c.Errors)
	}
	if !r.Fault.Control && c.Latency.Max > LongestCommit {
		v.Add("a commit took %.0f ms", c.Latency.Max)
	}
	if err := r.sameEverywhere(); err != nil {
		v.Add("%v", err)
	}
}

func (r *Run) clients() (c clients, err error) {
	if _, err := r.Run("load", "stop"); err != nil {
		return c, err
	}
	return r.report()
}

// aftermath is the time after the end of a backup in which it may still be to blame.
const aftermath = 5 * time.Second

func epoch(t time.Time) string { return fmt.Sprintf("%.3f", float64(t.UnixMilli())/1000) }

// report returns what clients saw since the case began.
func (r *Run) report(args ...string) (c clients, err error) {
	out, err := r.Run(append([]string{"load", "report", "--json", "--from", epoch(r.Began)}, args...)...)
	if out == "" {
		return c, err
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		return c, fmt.Errorf("the load's report: %w", err)
	}
	return c, nil
}

// sameEverywhere checks that all servers have the same commits.
func (r *Run) sameEverywhere() error {
	var seen []string
	same := func() bool {
		seen = nil
		for _, m := range r.Machines() {
			v, err := m.Ask("SELECT CONCAT(COUNT(*), ' commits, sum ', COALESCE(SUM(CRC32(CONCAT_WS(',', run, client," +
				" seq, payload))), 0)) FROM lab_load.commits " +
				"WHERE run = (SELECT MAX(run) FROM lab_load.commits)")
			if err != nil {
				v = err.Error()
			}
			seen = append(seen, v)
		}
		return seen[0] == seen[1] && seen[1] == seen[2]
	}
	if !lab.Until(30*time.Second, 300*time.Millisecond, same) {
		return fmt.Errorf("the servers differ: %s", strings.Join(seen, " | "))
	}
	return nil
}

// recovered runs the module's recovery on every controller, as the next backup would.
func (r *Run) recovered(v *Verdict) error {
	out, err := r.Adhoc("Controller", "state=recovered destination="+Destination)
	v.Output += "\n" + out
	if err != nil {
		return fmt.Errorf("state: recovered: %w\n%s", err, out)
	}
	return nil
}

// Adhoc runs the module by itself.
func (r *Run) Adhoc(hosts, args string) (string, error) {
	dir, err := os.MkdirTemp("", "fault")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	return lab.CommandEnv(2*time.Minute, append(ansibleEnv(r.Lab, dir), "ANSIBLE_SSH_ARGS=-o ControlMaster=no"),
		"ansible", hosts, "-i", r.Inventory(), "-b",
		"-m", "overcloud.backup.galera_backup", "-a", args)
}
