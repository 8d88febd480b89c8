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

// processes are faults in which one process involved dies or stops.
var processes = []harness.Fault{
	{
		Name: "job-killed", Breaks: "SIGKILL of the job, desynced", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"),
		Hurt: send(syscall.SIGKILL, lab.Worker), Want: harness.Failed, Says: "kill|signal|died|ended", Always: true,
		Quick: true,
	},
	{
		Name: "job-terminated", Breaks: "SIGTERM of the job's unit", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"),
		Hurt: on("systemctl stop 'overcloud-backup-*.service'"), Want: harness.Failed,
		Says: "terminat|signal|stop|cancel", Quick: true,
	},
	{
		Name: "tool-killed", Breaks: "SIGKILL of mariadb-backup", When: harness.Streaming,
		Hurt: send(syscall.SIGKILL, lab.Tool), Want: harness.Failed, Says: "kill", Quick: true,
	},
	{
		Name: "tool-killed-last-locks", Breaks: "SIGKILL of mariadb-backup that holds its last locks",
		When: harness.LastLocks,
		Hurt: send(syscall.SIGKILL, lab.Tool), Want: harness.Either, Says: "kill", Quick: true,
	},
	{
		Name: "tool-stopped-last-locks", Breaks: "SIGSTOP of mariadb-backup that holds its last locks, for 8 s",
		When: harness.LastLocks,
		Hurt: standstill(send(syscall.SIGSTOP, lab.Tool)), Heal: try(send(syscall.SIGCONT, lab.Tool)),
		Want: harness.Either, Says: "stall|lock|commit", Quick: true,
	},
	{
		Name: "dump-killed", Breaks: "SIGKILL of mariadb-dump", When: harness.Streaming,
		Vars: harness.Vars("method", "logical"),
		Hurt: send(syscall.SIGKILL, lab.Tool), Want: harness.Failed, Says: "kill", Quick: true,
	},
	{
		Name: "tool-stopped", Breaks: "SIGSTOP of mariadb-backup for 6 s", When: harness.Streaming,
		Hurt: send(syscall.SIGSTOP, lab.Tool), Hold: 6 * time.Second, Heal: try(send(syscall.SIGCONT, lab.Tool)),
		Want: harness.Either, Quick: true,
	},
	{
		Name: "server-killed", Breaks: "SIGKILL of mariadbd on the backup node", When: harness.Streaming,
		Hurt: send(syscall.SIGKILL, lab.Server), Want: harness.Failed,
		Says: "the (database )?server|server has gone|does not answer|connection|server_", Control: true,
	},
	{
		Name: "server-stopped", Breaks: "SIGSTOP of mariadbd on the backup node for 12 s", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"),
		Hurt: send(syscall.SIGSTOP, lab.Server), Hold: 12 * time.Second, Heal: try(send(syscall.SIGCONT, lab.Server)),
		Want: harness.Failed, Says: "answer|server|timeout|Primary|cluster|wsrep", Control: true,
	},
	{
		Name: "active-server-killed", Breaks: "SIGKILL of mariadbd on the active node", When: harness.Streaming,
		Control: true,
		Hurt:    sendTo(active, syscall.SIGKILL, lab.Server), Hold: 5 * time.Second, Want: harness.Either,
		Says: "spare|client|serve|active|cluster|" + noCommits,
	},
	{
		Name: "failover-onto-backup", Breaks: "SIGKILL of mariadbd on the active node, and the backup node takes over",
		When: harness.Streaming, Onto: true,
		// The tool is slow until the clients are there: HAProxy takes three checks, and longer on a busy machine.
		Hurt: sendTo(active, syscall.SIGKILL, lab.Server), Hold: 12 * time.Second, Control: true,
		Vars: harness.Vars("desync", "auto"),
		Want: harness.Failed, Says: "client|session|spare|serve", Always: true,
	},
	{
		Name: "other-server-killed", Breaks: "SIGKILL of mariadbd on the other standby", When: harness.Streaming,
		Hurt: sendTo(other, syscall.SIGKILL, lab.Server), Hold: 5 * time.Second, Want: harness.Either,
		Says: staysASpare, Control: true,
	},
	{
		Name: "other-server-killed-desynced", Breaks: "SIGKILL of mariadbd on the other standby, desynced",
		When: harness.Streaming, Vars: harness.Vars("desync", "always"),
		Hurt: sendTo(other, syscall.SIGKILL, lab.Server), Hold: 9 * time.Second, Want: harness.Either,
		Says: staysASpare + `|\(last_spare, .*did not drain within`, Control: true, After: endedItsDesync,
	},
	{
		Name: "haproxy-killed", Breaks: "SIGKILL of HAProxy on the backup node", When: harness.Streaming,
		Hurt: func(r *harness.Run) error { _, err := r.Victim.Do("pkill -KILL -x haproxy"); return err },
		Want: harness.Either,
	},
}

// containers are faults in which the containers of the database and its backup die.
var containers = []harness.Fault{
	{
		Name: "container-killed", Breaks: "SIGKILL of the database's container on the backup node",
		When: harness.Streaming, Vars: harness.Vars("desync", "always"), Contained: true,
		Hurt: on("podman kill --signal KILL $(podman ps --quiet --filter name=galera-bundle-podman)"),
		Want: harness.Failed, Says: "spare|the (database )?server|server has gone|does not" +
			" answer|connection|server_|kill", Control: true, Always: true,
	},
	{
		Name: "container-stopped", Breaks: "podman stop of the database's container on the backup node",
		When: harness.Streaming, Contained: true,
		Hurt: on("podman stop --time 8 $(podman ps --quiet --filter name=galera-bundle-podman); true"),
		Want: harness.Either, Says: "spare|the (database )?server|server has gone|does not" +
			" answer|connection|server_|kill", Control: true,
	},
}

// These functions return the machine that a fault is for.
func active(r *harness.Run) lab.Machine { return r.Active }
func other(r *harness.Run) lab.Machine  { return r.Other }
func victim(r *harness.Run) lab.Machine { return r.Victim }

// send signals the victim's processes that match; there must be one.
func send(s syscall.Signal, which func(lab.Process) bool) func(*harness.Run) error {
	return sendTo(victim, s, which)
}

func sendTo(who func(*harness.Run) lab.Machine, s syscall.Signal,
	which func(lab.Process) bool) func(*harness.Run) error {
	return func(r *harness.Run) error {
		if r.Slow != nil && s == syscall.SIGSTOP {
			r.Slow.Release() // or it would continue
		}
		found := who(r).Processes(which)
		if len(found) == 0 && !r.Control {
			return fmt.Errorf("no such process on %s", who(r).Name())
		}
		lab.SignalAll(found, s)
		return nil
	}
}

// try is for a heal that may find nothing to heal, because the backup has already ended.
func try(heal func(*harness.Run) error) func(*harness.Run) error {
	return func(r *harness.Run) error {
		_ = heal(r)
		return nil
	}
}

// noCommits is what the guard may report first when a server died: Galera waits 5 s for it, during which nobody
// commits, and a tool that begins its last locks meanwhile is stuck in them.
const noCommits = "commit_stall"

// staysASpare is what may end a backup whose other standby died. The node itself is a spare, so that is no reason; but
// the other one comes back with a state transfer from this node, and the writers may overrun it.
const staysASpare = `\((not_synced|not_ready|flow_control|clients|` + noCommits + `), since`

// endedItsDesync checks that a set that was made although the other standby died names the end of the desync.
func endedItsDesync(r *harness.Run) error {
	for _, set := range r.NewSets(true) {
		_, path, _ := strings.Cut(set, ":")
		raw, err := os.ReadFile(r.Victim.Path(path + "/manifest.json"))
		if err != nil {
			return err
		}
		if !strings.Contains(string(raw), "needed as a spare") {
			return fmt.Errorf("the set %s does not say that the desync was ended", set)
		}
	}
	return nil
}

// standstill strikes, and measures for 8 s how long the victim applies nothing: max_commit_stall is 1 s, and stopping
// the tool takes time.
func standstill(hurt func(*harness.Run) error) func(*harness.Run) error {
	return func(r *harness.Run) error {
		if err := hurt(r); err != nil {
			return err
		}
		longest, since, last := time.Duration(0), time.Now(), ""
		lab.Until(8*time.Second, 50*time.Millisecond, func() bool {
			if seqno := r.Victim.Status("wsrep_last_committed"); seqno != last {
				since, last = time.Now(), seqno
			}
			longest = max(longest, time.Since(since))
			return false
		})
		r.Note = fmt.Sprintf("; this node's commits stood still for %.1f s", longest.Seconds())
		if longest > 2500*time.Millisecond {
			r.Late = append(r.Late, r.Note[2:])
		}
		return nil
	}
}
