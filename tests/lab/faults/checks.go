// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// cleanWithin is how long after the worker's end everything must be undone, servesWithin how long until every
	// controller that could serve before does again, its queue applied.
	cleanWithin  = 10 * time.Second
	servesWithin = 60 * time.Second
	destination  = "/var/backups/overcloud"
)

// judge does the checks that all cases end with.
func (r *run) judge(v *verdict) {
	r.judgeRest(v)
	if !r.control {
		r.judgeOutcome(v)
		r.judgeSets(v)
	}
	r.judgeClients(v)
	v.Wrong = append(v.Wrong, r.late...)
	if r.fault.after != nil && !r.control {
		if err := r.fault.after(r); err != nil {
			v.wrong("%v", err)
		}
	}
}

// judgeRest: nothing is left, and everybody serves again.
func (r *run) judgeRest(v *verdict) {
	since := r.workerEnd
	if r.fault.recover && !r.control {
		since = time.Now()
		if err := r.recovered(v); err != nil {
			v.wrong("%v", err)
		}
	}
	patience := servesWithin
	if !r.control {
		var left []string
		if !until(cleanWithin, 200*time.Millisecond, func() bool { left = r.left(); return len(left) == 0 }) {
			v.wrong("left %s after the end of the worker: %s", cleanWithin, strings.Join(left, "; "))
			patience = time.Second
		}
		v.Clean = time.Since(since)
	}
	if since.Before(r.healed) {
		since = r.healed
	}
	r.judgeServing(v, patience)
	v.Serves = time.Since(since)
}

// judgeServing: those who could serve before do so again.
func (r *run) judgeServing(v *verdict, patience time.Duration) {
	serving := func() bool { return len(r.absent()) == 0 }
	if until(patience, 200*time.Millisecond, serving) {
		return
	}
	r.mend()
	if !until(patience, 500*time.Millisecond, serving) {
		v.wrong("not serving again: %s", strings.Join(r.absent(), "; "))
	}
}

// mend is what an operator does when Pacemaker gave a resource up.
func (r *run) mend() {
	for _, m := range r.machines() {
		if _, err := m.do("crm_resource --cleanup"); err == nil {
			return
		}
	}
}

// left is what a backup may not leave behind.
func (r *run) left() []string {
	var left []string
	for _, m := range r.machines() {
		left = append(left, r.leftOn(m)...)
	}
	if lock := r.lock(); lock != "" && !strings.Contains(lock, "operator") {
		left = append(left, "the cluster's lock: "+lock)
	}
	return left
}

func (r *run) leftOn(m machine) []string {
	var left []string
	say := func(format string, args ...any) { left = append(left, m.name()+": "+fmt.Sprintf(format, args...)) }
	if m.desynced() != r.operatorDesynced(m) {
		say("wsrep_desync is %v", m.desynced())
	}
	for _, p := range m.processes(leftover) {
		say("process %d %.60s", p.pid, p.line())
	}
	units, err := m.do("systemctl list-units 'overcloud-backup-*' --all --no-legend --plain")
	if err != nil || units != "" {
		say("units %q %v", units, err)
	}
	patterns := []string{"/run/overcloud.backup/*/arguments"}
	if !r.fault.damaged {
		patterns = append(patterns, destination+"/*/.*", destination+"/.partial*")
	}
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(m.path(pattern)); len(found) > 0 {
			say("%s", strings.TrimPrefix(found[0], m.path("/")))
		}
	}
	if !r.fault.damaged {
		left = append(left, openJournals(m)...)
	}
	return left
}

// lock is the id of the backup's lock in the cluster's configuration, "" when it is free.
func (r *run) lock() string {
	for _, m := range r.machines() {
		out, err := m.do(`cibadmin --query --scope crm_config | grep -o '<cluster_property_set id="overcloud-backup[^"]*"' || true`)
		if err == nil {
			return out
		}
	}
	return "unknown: no cluster answers"
}

// absent are those who do not serve as they could.
func (r *run) absent() []string {
	var absent []string
	for _, m := range r.machines() {
		if m.leader() == 0 {
			absent = append(absent, m.name()+" is off")
			continue
		}
		if r.operatorDesynced(m) {
			continue
		}
		if !m.synced() {
			absent = append(absent, fmt.Sprintf("%s is %q of %s", m.name(), m.status("wsrep_local_state_comment"), m.status("wsrep_cluster_size")))
		} else if !m.healthy() {
			absent = append(absent, m.name()+": the health check is not 200")
		}
	}
	if len(absent) > 0 {
		return absent
	}
	return r.notUp()
}

// notUp are the servers that some HAProxy does not show UP.
func (r *run) notUp() []string {
	var absent []string
	for _, m := range r.machines() {
		states := m.proxied()
		for _, server := range r.machines() {
			if !r.operatorDesynced(server) && states[server.name()] != "UP" {
				absent = append(absent, fmt.Sprintf("HAProxy on %s shows %s %q", m.name(), server.name(), states[server.name()]))
			}
		}
	}
	return absent
}

// operatorDesynced: the case itself has desynced the machine, and the product must leave it so.
func (r *run) operatorDesynced(m machine) bool {
	return slices.Contains(r.foreign, m.number)
}

// judgeOutcome: did the playbook say what happened?
func (r *run) judgeOutcome(v *verdict) {
	made := r.newSets(true)
	v.Outcome = failed
	if len(made) > 0 {
		v.Outcome = good
	}
	if want := r.fault.want; want != either && v.Outcome != want {
		v.wrong("the backup was to be %s, and is %s", want, v.Outcome)
	}
	if r.fault.lost {
		return
	}
	switch {
	case r.play.err == nil && v.Outcome == failed:
		v.wrong("the playbook succeeded, and there is no set")
	case r.play.err != nil && v.Outcome == good && !strings.Contains(v.Output, "whole"):
		v.wrong("the playbook failed, and there is a set: %s", strings.Join(made, ", "))
	case v.Outcome == failed && !r.fault.message().MatchString(v.Said):
		v.wrong("the message does not name the cause (%s): %s", r.fault.says, v.Said)
	}
}

// judgeSets: what has a manifest verifies, and nothing lies there without one.
func (r *run) judgeSets(v *verdict) {
	for _, set := range r.newSets(true) {
		if err := r.verify(set); err != nil {
			v.wrong("the set %s: %v", set, err)
		}
	}
	for _, set := range r.newSets(false) {
		v.wrong("a set without manifest: %s", set)
	}
}

// judgeUntouched: the sets of before are as they were.
func (r *run) judgeUntouched(v *verdict) {
	now := r.sets()
	for set, digest := range r.before {
		if now[set] != digest {
			v.wrong("the set of before was touched: %s", set)
		}
	}
}
