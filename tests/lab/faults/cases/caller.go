// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// callers are faults of the control node, and of whoever calls it.
var callers = []harness.Fault{
	{Name: "none", Breaks: "nothing", When: harness.Streaming, Hold: 4 * time.Second,
		Vars: harness.Vars("verify", "read"), Want: harness.Good, Quick: true},
	{Name: "none-desynced", Breaks: "nothing, desynced", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"), Want: harness.Good, Quick: true},
	{Name: "none-logical", Breaks: "nothing, a dump", When: harness.Streaming, Vars: harness.Vars("method", "logical"),
		Want: harness.Good, Quick: true},
	{
		Name: "playbook-killed", Breaks: "SIGKILL of ansible-playbook", When: harness.Streaming,
		Hurt: callerGets(syscall.SIGKILL, false), Hold: 2 * time.Second, Want: harness.Good, Lost: true, Quick: true,
	},
	{
		Name: "playbook-terminated", Breaks: "SIGTERM of ansible-playbook", When: harness.Streaming,
		Hurt: callerGets(syscall.SIGTERM, false), Hold: 2 * time.Second, Want: harness.Good, Lost: true, Quick: true,
	},
	{
		Name: "playbook-interrupted", Breaks: "Ctrl-C of ansible-playbook", When: harness.Streaming,
		Hurt: callerGets(syscall.SIGINT, true), Hold: 2 * time.Second, Want: harness.Good, Lost: true, Quick: true,
	},
	{
		Name: "playbook-killed-stop", Breaks: "SIGKILL of ansible-playbook, on_lost_caller: stop",
		When: harness.Streaming,
		Vars: harness.Vars("on_lost_caller", "stop", "lease", 5, "desync", "always"),
		Hurt: callerGets(syscall.SIGKILL, true), Hold: 15 * time.Second, Want: harness.Failed, Lost: true, Quick: true,
		After: lastStateSays("lease|caller"),
	},
	{
		Name: "two-playbooks", Breaks: "a second playbook at the same time", When: harness.Streaming,
		Hurt: secondPlaybook(nil, "lock|already|another|holds|running|spare"), Hold: 12 * time.Second,
		Want: harness.Good, Always: true,
	},
	{
		Name: "two-playbooks-two-nodes", Breaks: "a second playbook at the same time, for the other standby",
		When: harness.Streaming,
		Hurt: secondPlaybook(other, "lock|already|another|holds|running|spare"), Hold: time.Second, Want: harness.Good,
		Quick: true,
	},
	{
		Name: "cancelled", Breaks: "state: cancelled", When: harness.Streaming, Vars: harness.Vars("desync", "always"),
		Hurt: cancel, Want: harness.Failed, Says: "cancel|terminat|stop", Quick: true,
	},
	{
		Name: "limited", Breaks: "--limit to one controller and localhost", When: harness.BeforeStart,
		Args: []string{"--limit", "VICTIM,localhost"},
		Want: harness.Failed, Says: "cluster_incomplete", Quick: true,
	},
	{
		Name: "limited-group", Breaks: "--limit to the group of the controllers", When: harness.BeforeStart,
		Args: []string{"--limit", "Controller"},
		Want: harness.Failed, Says: "--limit Controller leaves out localhost", Quick: true, Always: true,
	},
	{
		Name: "limited-others", Breaks: "--limit to all but one controller", When: harness.BeforeStart,
		Args: []string{"--limit", "!VICTIM"},
		Want: harness.Failed, Says: "leaves out localhost", Quick: true,
	},
	{
		Name: "tagged", Breaks: "--tags that no task has", When: harness.BeforeStart,
		Args: []string{"--tags", "database"},
		Want: harness.Failed, Says: "--tags database leaves its tasks out", Quick: true,
	},
	{
		Name: "ssh-cut", Breaks: "ssh to the backup node gone for 8 s", When: harness.Streaming,
		Hurt: on("systemctl stop ssh; pkill -KILL -f '^sshd: ' || true"), Hold: 8 * time.Second,
		Heal: on("systemctl start ssh"), Want: harness.Good, Quick: true,
	},
}

// callerGets signals ansible-playbook, or its whole process group, as a terminal does.
func callerGets(s syscall.Signal, group bool) func(*harness.Run) error {
	return func(r *harness.Run) error {
		pid := r.Play.Cmd.Process.Pid
		if group {
			pid = -pid
		}
		return syscall.Kill(pid, s)
	}
}

// secondPlaybook must fail at once, say why, and create nothing.
func secondPlaybook(who func(*harness.Run) lab.Machine, says string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		on := r.Victim
		if who != nil {
			on = who(r)
		}
		second, err := harness.StartPlaybook(r.Lab, nil, r.Only(on))
		if err != nil {
			return err
		}
		defer second.Close()
		if !second.Wait(40 * time.Second) {
			return fmt.Errorf("the second playbook waits:\n%s", second.Output())
		}
		if second.Err == nil {
			return fmt.Errorf("the second playbook succeeded:\n%s", second.Output())
		}
		if !(harness.Fault{Says: says}).Message().MatchString(second.Said()) {
			return fmt.Errorf("the second playbook does not say why: %s", second.Said())
		}
		r.Note = "; the second: " + second.Said()
		return nil
	}
}

func cancel(r *harness.Run) error {
	job, err := lastJob(r)
	if err != nil {
		return err
	}
	out, err := r.Adhoc(r.Victim.Host(), "state=cancelled destination="+harness.Destination+" job="+job)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// lastJob returns the newest job of the victim.
func lastJob(r *harness.Run) (string, error) {
	jobs, err := os.ReadDir(r.Victim.Path("/var/lib/overcloud.backup/jobs"))
	if err != nil || len(jobs) == 0 {
		return "", fmt.Errorf("no job on %s: %v", r.Victim.Name(), err)
	}
	last := jobs[0].Name()
	for _, j := range jobs {
		if strings.Compare(j.Name(), last) > 0 {
			last = j.Name()
		}
	}
	return last, nil
}

// lastStateSays checks the job's state file, because nobody was there to receive the result.
func lastStateSays(says string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		job, err := lastJob(r)
		if err != nil {
			return err
		}
		state, err := os.ReadFile(r.Victim.Path("/var/lib/overcloud.backup/jobs/" + job + "/state.json"))
		if err != nil {
			return err
		}
		if !(harness.Fault{Says: says}).Message().Match(state) {
			return fmt.Errorf("the job's state does not name the cause (%s): %s", says, state)
		}
		return nil
	}
}
