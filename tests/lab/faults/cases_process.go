// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"syscall"
	"time"
)

// processes: one process on the way dies or stops.
var processes = []fault{
	{
		name: "job-killed", breaks: "SIGKILL of the job, desynced", when: streaming, vars: vars("desync", "always"),
		hurt: send(syscall.SIGKILL, worker), want: failed, says: "kill|signal|died|ended", always: true, quick: true,
	},
	{
		name: "job-terminated", breaks: "SIGTERM of the job's unit", when: streaming, vars: vars("desync", "always"),
		hurt: on("systemctl stop 'overcloud-backup-*.service'"), want: failed, says: "terminat|signal|stop|cancel", quick: true,
	},
	{
		name: "tool-killed", breaks: "SIGKILL of mariadb-backup", when: streaming,
		hurt: send(syscall.SIGKILL, tool), want: failed, says: "kill", quick: true,
	},
	{
		name: "tool-killed-last-locks", breaks: "SIGKILL of mariadb-backup that holds its last locks", when: lastLocks,
		hurt: send(syscall.SIGKILL, tool), want: either, says: "kill", quick: true,
	},
	{
		name: "tool-stopped-last-locks", breaks: "SIGSTOP of mariadb-backup that holds its last locks, for 8 s", when: lastLocks,
		hurt: standstill(send(syscall.SIGSTOP, tool)), heal: try(send(syscall.SIGCONT, tool)), want: either, says: "stall|lock|commit", quick: true,
	},
	{
		name: "dump-killed", breaks: "SIGKILL of mariadb-dump", when: streaming, vars: vars("method", "logical"),
		hurt: send(syscall.SIGKILL, tool), want: failed, says: "kill", quick: true,
	},
	{
		name: "tool-stopped", breaks: "SIGSTOP of mariadb-backup for 6 s", when: streaming,
		hurt: send(syscall.SIGSTOP, tool), hold: 6 * time.Second, heal: try(send(syscall.SIGCONT, tool)), want: either, quick: true,
	},
	{
		name: "server-killed", breaks: "SIGKILL of mariadbd on the backup node", when: streaming,
		hurt: send(syscall.SIGKILL, server), want: failed, says: "the (database )?server|server has gone|does not answer|connection|server_", control: true,
	},
	{
		name: "server-stopped", breaks: "SIGSTOP of mariadbd on the backup node for 12 s", when: streaming, vars: vars("desync", "always"),
		hurt: send(syscall.SIGSTOP, server), hold: 12 * time.Second, heal: try(send(syscall.SIGCONT, server)),
		want: failed, says: "answer|server|timeout|Primary|cluster|wsrep", control: true,
	},
	{
		name: "active-server-killed", breaks: "SIGKILL of mariadbd on the active node", when: streaming, control: true,
		hurt: sendTo(active, syscall.SIGKILL, server), hold: 5 * time.Second, want: either, says: "spare|client|serve|active|cluster|" + noCommits,
	},
	{
		name: "failover-onto-backup", breaks: "SIGKILL of mariadbd on the active node, and the backup node takes over", when: streaming, onto: true,
		hurt: sendTo(active, syscall.SIGKILL, server), hold: 5 * time.Second, control: true, vars: vars("desync", "auto"),
		want: failed, says: "client|session|spare|serve", always: true,
	},
	{
		name: "other-server-killed", breaks: "SIGKILL of mariadbd on the other standby", when: streaming,
		hurt: sendTo(other, syscall.SIGKILL, server), hold: 5 * time.Second, want: either, says: "spare|cluster|" + noCommits, control: true,
	},
	{
		name: "haproxy-killed", breaks: "SIGKILL of HAProxy on the backup node", when: streaming,
		hurt: func(r *run) error { _, err := r.victim.do("pkill -KILL -x haproxy"); return err }, want: either,
	},
}

// containers: what the database and its backup run in dies.
var containers = []fault{
	{
		name: "container-killed", breaks: "SIGKILL of the database's container on the backup node", when: streaming, vars: vars("desync", "always"), contained: true,
		hurt: on("podman kill --signal KILL $(podman ps --quiet --filter name=galera-bundle-podman)"),
		want: failed, says: "spare|the (database )?server|server has gone|does not answer|connection|server_|kill", control: true, always: true,
	},
	{
		name: "container-stopped", breaks: "podman stop of the database's container on the backup node", when: streaming, contained: true,
		hurt: on("podman stop --time 8 $(podman ps --quiet --filter name=galera-bundle-podman); true"),
		want: either, says: "spare|the (database )?server|server has gone|does not answer|connection|server_|kill", control: true,
	},
}

// Who is hurt.
func active(r *run) machine { return r.active }
func other(r *run) machine  { return r.other }
func victim(r *run) machine { return r.victim }

// send signals the victim's processes that are so; there must be one.
func send(s syscall.Signal, which func(process) bool) func(*run) error {
	return sendTo(victim, s, which)
}

func sendTo(who func(*run) machine, s syscall.Signal, which func(process) bool) func(*run) error {
	return func(r *run) error {
		if r.slow != nil && s == syscall.SIGSTOP {
			r.slow.release() // or it would go on
		}
		found := who(r).processes(which)
		if len(found) == 0 && !r.control {
			return fmt.Errorf("no such process on %s", who(r).name())
		}
		deal(found, s)
		return nil
	}
}

// try is for a heal that finds nothing to heal when the backup has ended meanwhile.
func try(heal func(*run) error) func(*run) error {
	return func(r *run) error {
		_ = heal(r)
		return nil
	}
}

// noCommits is what the guard may see first when a server died: for the 5 s in which Galera waits for it nobody commits, and
// the tool that begins its last locks meanwhile stands in them.
const noCommits = "commit_stall"

// standstill hurts, and measures for 8 s how long the victim applies nothing: max_commit_stall is 1 s, and stopping the
// tool takes its time.
func standstill(hurt func(*run) error) func(*run) error {
	return func(r *run) error {
		if err := hurt(r); err != nil {
			return err
		}
		longest, since, last := time.Duration(0), time.Now(), ""
		until(8*time.Second, 50*time.Millisecond, func() bool {
			if seqno := r.victim.status("wsrep_last_committed"); seqno != last {
				since, last = time.Now(), seqno
			}
			longest = max(longest, time.Since(since))
			return false
		})
		r.note = fmt.Sprintf("; this node's commits stood still for %.1f s", longest.Seconds())
		if longest > 2500*time.Millisecond {
			r.late = append(r.late, r.note[2:])
		}
		return nil
	}
}
