// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// judge runs the checks that all cases end with.
func (r *Run) judge(v *Verdict) {
	r.judgeRest(v)
	if !r.Control {
		r.judgeOutcome(v)
		r.judgeSets(v)
	}
	r.judgeClients(v)
	v.Wrong = append(v.Wrong, r.Late...)
	if r.Fault.After != nil && !r.Control {
		if err := r.Fault.After(r); err != nil {
			v.Add("%v", err)
		}
	}
}

// judgeRest checks that nothing is left, and everybody serves again.
func (r *Run) judgeRest(v *Verdict) {
	since := r.workerEnd
	if r.Fault.Recover && !r.Control {
		since = time.Now()
		if err := r.recovered(v); err != nil {
			v.Add("%v", err)
		}
	}
	patience := servesWithin
	if !r.Control {
		var left []string
		if !lab.Until(CleanWithin, 200*time.Millisecond, func() bool { left = r.Left(); return len(left) == 0 }) {
			v.Add("left %s after the end of the worker: %s", CleanWithin, strings.Join(left, "; "))
			patience = time.Second
		}
		v.Clean = time.Since(since)
	}
	if r.away != nil {
		if err := r.comeBack(); err != nil {
			v.Add("%v", err)
		}
		since = time.Now()
	}
	if since.Before(r.healed) {
		since = r.healed
	}
	r.judgeServing(v, patience)
	v.Serves = time.Since(since)
}

// judgeServing checks that everybody who could serve before does so again.
func (r *Run) judgeServing(v *Verdict, patience time.Duration) {
	serving := func() bool { return len(r.absent()) == 0 }
	if lab.Until(patience, 200*time.Millisecond, serving) {
		return
	}
	r.mend()
	if !lab.Until(patience, 500*time.Millisecond, serving) {
		v.Add("not serving again: %s", strings.Join(r.absent(), "; "))
	}
}

// mend does what an operator does after Pacemaker gave up on a resource.
func (r *Run) mend() {
	for _, m := range r.Machines() {
		if _, err := m.Do("crm_resource --cleanup"); err == nil {
			return
		}
	}
}

// Left returns leftovers that a backup must not have.
func (r *Run) Left() []string {
	var left []string
	for _, m := range r.present() {
		left = append(left, r.leftOn(m)...)
	}
	if lock := r.Lock(); lock != "" && !strings.Contains(lock, "operator") {
		left = append(left, "the cluster's lock: "+lock)
	}
	return left
}

func (r *Run) leftOn(m lab.Machine) []string {
	var left []string
	say := func(format string, args ...any) { left = append(left, m.Name()+": "+fmt.Sprintf(format, args...)) }
	if m.Desynced() != r.operatorDesynced(m) {
		say("wsrep_desync is %v", m.Desynced())
	}
	for _, p := range m.Processes(lab.Leftover) {
		say("process %d %.60s", p.PID, p.Line())
	}
	units, err := m.Do("systemctl list-units 'overcloud-backup-*' --all --no-legend --plain")
	if err != nil || units != "" {
		say("units %q %v", units, err)
	}
	patterns := []string{"/run/overcloud.backup/*/arguments"}
	if !r.Fault.Damaged {
		patterns = append(patterns, Destination+"/*/.*", Destination+"/.partial*")
	}
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(m.Path(pattern)); len(found) > 0 {
			say("%s", strings.TrimPrefix(found[0], m.Path("/")))
		}
	}
	if !r.Fault.Damaged {
		left = append(left, openJournals(m)...)
	}
	return left
}

// Lock returns the id of the backup's lock in the cluster's configuration, "" if it is free.
func (r *Run) Lock() string {
	for _, m := range r.Machines() {
		out, err := m.Do(`cibadmin --query --scope crm_config |
			grep -o '<cluster_property_set id="overcloud-backup[^"]*"' || true`)
		if err == nil {
			return out
		}
	}
	return "unknown: no cluster answers"
}

// absent returns the controllers that do not serve as they could.
func (r *Run) absent() []string {
	var absent []string
	for _, m := range r.Machines() {
		if m.Leader() == 0 {
			absent = append(absent, m.Name()+" is off")
			continue
		}
		if r.operatorDesynced(m) {
			continue
		}
		if !m.Synced() {
			absent = append(absent, fmt.Sprintf("%s is %q of %s", m.Name(), m.Status("wsrep_local_state_comment"),
				m.Status("wsrep_cluster_size")))
		} else if !m.Healthy() {
			absent = append(absent, m.Name()+": the health check is not 200")
		}
	}
	if len(absent) > 0 {
		return absent
	}
	return r.notUp()
}

// notUp returns the servers that some HAProxy does not show UP.
func (r *Run) notUp() []string {
	var absent []string
	for _, m := range r.Machines() {
		states := m.Proxied()
		for _, server := range r.Machines() {
			if !r.operatorDesynced(server) && states[server.Name()] != "UP" {
				absent = append(absent, fmt.Sprintf("HAProxy on %s shows %s %q", m.Name(), server.Name(),
					states[server.Name()]))
			}
		}
	}
	return absent
}

// operatorDesynced checks a machine that the case itself has desynced: the backup must leave it so.
func (r *Run) operatorDesynced(m lab.Machine) bool {
	return slices.Contains(r.Foreign, m.Number)
}

// onlyUnreached reports that the playbook failed for nothing but the host that has no power, which Ansible counts.
func (r *Run) onlyUnreached(output string) bool {
	return r.Fault.Loss != nil && !regexp.MustCompile(`(?m)^\S+ +: ok=.* failed=[1-9]`).MatchString(output) &&
		strings.Count(output, "unreachable=1") == 1
}

// judgeOutcome checks that the playbook reported what happened.
func (r *Run) judgeOutcome(v *Verdict) {
	made := r.NewSets(true)
	v.Outcome = Failed
	if len(made) > 0 {
		v.Outcome = Good
	}
	if want := r.Fault.Want; want != Either && v.Outcome != want {
		v.Add("the backup was to be %s, and is %s", want, v.Outcome)
	}
	if r.Fault.Lost {
		return
	}
	switch {
	case r.Play.Err == nil && v.Outcome == Failed:
		v.Add("the playbook succeeded, and there is no set")
	case r.Play.Err != nil && v.Outcome == Good && !ReportsSet(v.Output) && !r.onlyUnreached(v.Output):
		v.Add("the playbook failed, and there is a set: %s", strings.Join(made, ", "))
	case v.Outcome == Failed && !r.Fault.Message().MatchString(v.Said):
		v.Add("the message does not name the cause (%s): %s", r.Fault.Says, v.Said)
	}
}

// judgeSets checks that each set with a manifest verifies, and that there is none without one.
func (r *Run) judgeSets(v *Verdict) {
	for _, set := range r.NewSets(true) {
		if err := r.Verify(set); err != nil {
			v.Add("the set %s: %v", set, err)
		}
	}
	for _, set := range r.NewSets(false) {
		v.Add("a set without manifest: %s", set)
	}
}

// JudgeUntouched checks that earlier sets are unchanged.
func (r *Run) JudgeUntouched(v *Verdict) {
	now := r.Sets()
	for set, digest := range r.Before {
		if now[set] != digest {
			v.Add("an earlier set was changed: %s", set)
		}
	}
}

// ReportsSet reports whether the message of a failure says that the set is complete anyway: the job was ended by
// force after it, or something failed after it.
func ReportsSet(message string) bool {
	return strings.Contains(message, "already complete") || strings.Contains(message, "is whole, but afterwards")
}
