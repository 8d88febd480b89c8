// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// callers: the control node, and who calls it.
var callers = []fault{
	{name: "none", breaks: "nothing", when: streaming, hold: 4 * time.Second, vars: vars("verify", "read"), want: good, quick: true},
	{name: "none-desynced", breaks: "nothing, desynced", when: streaming, vars: vars("desync", "always"), want: good, quick: true},
	{name: "none-logical", breaks: "nothing, a dump", when: streaming, vars: vars("method", "logical"), want: good, quick: true},
	{
		name: "playbook-killed", breaks: "SIGKILL of ansible-playbook", when: streaming,
		hurt: callerGets(syscall.SIGKILL, false), hold: 2 * time.Second, want: good, lost: true, quick: true,
	},
	{
		name: "playbook-terminated", breaks: "SIGTERM of ansible-playbook", when: streaming,
		hurt: callerGets(syscall.SIGTERM, false), hold: 2 * time.Second, want: good, lost: true, quick: true,
	},
	{
		name: "playbook-interrupted", breaks: "Ctrl-C of ansible-playbook", when: streaming,
		hurt: callerGets(syscall.SIGINT, true), hold: 2 * time.Second, want: good, lost: true, quick: true,
	},
	{
		name: "playbook-killed-stop", breaks: "SIGKILL of ansible-playbook, on_lost_caller: stop", when: streaming,
		vars: vars("on_lost_caller", "stop", "lease", 5, "desync", "always"),
		hurt: callerGets(syscall.SIGKILL, true), hold: 15 * time.Second, want: failed, lost: true, quick: true, after: lastStateSays("lease|caller"),
	},
	{
		name: "two-playbooks", breaks: "a second playbook at the same time", when: streaming,
		hurt: secondPlaybook(nil, "lock|already|another|holds|running|spare"), hold: 12 * time.Second, want: good, always: true,
	},
	{
		name: "two-playbooks-two-nodes", breaks: "a second playbook at the same time, for the other standby", when: streaming,
		hurt: secondPlaybook(other, "lock|already|another|holds|running|spare"), hold: time.Second, want: good, quick: true,
	},
	{
		name: "cancelled", breaks: "state: cancelled", when: streaming, vars: vars("desync", "always"),
		hurt: cancel, want: failed, says: "cancel|terminat|stop", quick: true,
	},
	{
		name: "limited", breaks: "--limit to one controller and localhost", when: beforeStart, args: []string{"--limit", "VICTIM,localhost"},
		want: failed, says: "cluster_incomplete", quick: true,
	},
	{
		name: "limited-group", breaks: "--limit to the group of the controllers", when: beforeStart, args: []string{"--limit", "Controller"},
		want: failed, says: "--limit Controller leaves out localhost", quick: true, always: true,
	},
	{
		name: "limited-others", breaks: "--limit to all but one controller", when: beforeStart, args: []string{"--limit", "!VICTIM"},
		want: failed, says: "leaves out localhost", quick: true,
	},
	{
		name: "tagged", breaks: "--tags that no task has", when: beforeStart, args: []string{"--tags", "database"},
		want: failed, says: "--tags database leaves its tasks out", quick: true,
	},
	{
		name: "ssh-cut", breaks: "ssh to the backup node gone for 8 s", when: streaming,
		hurt: on("systemctl stop ssh; pkill -KILL -f '^sshd: ' || true"), hold: 8 * time.Second, heal: on("systemctl start ssh"), want: good, quick: true,
	},
}

// callerGets signals ansible-playbook, or with its whole group, as a terminal does.
func callerGets(s syscall.Signal, group bool) func(*run) error {
	return func(r *run) error {
		pid := r.play.cmd.Process.Pid
		if group {
			pid = -pid
		}
		return syscall.Kill(pid, s)
	}
}

// secondPlaybook must fail at once and say why, and make nothing.
func secondPlaybook(who func(*run) machine, says string) func(*run) error {
	return func(r *run) error {
		on := r.victim
		if who != nil {
			on = who(r)
		}
		second, err := startPlay(r.lab, nil, r.only(on))
		if err != nil {
			return err
		}
		defer second.close()
		if !second.wait(40 * time.Second) {
			return fmt.Errorf("the second playbook waits:\n%s", second.output())
		}
		if second.err == nil {
			return fmt.Errorf("the second playbook succeeded:\n%s", second.output())
		}
		if !(fault{says: says}).message().MatchString(second.said()) {
			return fmt.Errorf("the second playbook does not say why: %s", second.said())
		}
		r.note = "; the second: " + second.said()
		return nil
	}
}

func cancel(r *run) error {
	job, err := lastJob(r)
	if err != nil {
		return err
	}
	out, err := r.adhoc(r.victim.host(), "state=cancelled destination="+destination+" job="+job)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// lastJob is the newest job of the victim.
func lastJob(r *run) (string, error) {
	jobs, err := os.ReadDir(r.victim.path("/var/lib/overcloud.backup/jobs"))
	if err != nil || len(jobs) == 0 {
		return "", fmt.Errorf("no job on %s: %v", r.victim.name(), err)
	}
	last := jobs[0].Name()
	for _, j := range jobs {
		if strings.Compare(j.Name(), last) > 0 {
			last = j.Name()
		}
	}
	return last, nil
}

// lastStateSays: nobody was there to be told, so the job's state must tell.
func lastStateSays(says string) func(*run) error {
	return func(r *run) error {
		job, err := lastJob(r)
		if err != nil {
			return err
		}
		state, err := os.ReadFile(r.victim.path("/var/lib/overcloud.backup/jobs/" + job + "/state.json"))
		if err != nil {
			return err
		}
		if !(fault{says: says}).message().Match(state) {
			return fmt.Errorf("the job's state does not name the cause (%s): %s", says, state)
		}
		return nil
	}
}
