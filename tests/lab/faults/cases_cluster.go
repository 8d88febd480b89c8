// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// clusters: Pacemaker, HAProxy, the VIP, and the backup's own state.
var clusters = []fault{
	{
		name: "vip-moves-before", breaks: "the VIP moves to the backup node", when: afterFacts, hurt: vipTo(victim), want: either, control: true,
		says: "vip|client|active|session",
	},
	{
		name: "vip-moves", breaks: "the VIP moves to the backup node", when: streaming, hurt: vipTo(victim), hold: 2 * time.Second, want: either, control: true,
		says: "vip|client|active|session",
	},
	{
		name: "node-standby", breaks: "crm node standby of the backup node", when: streaming,
		hurt: onCluster("crm node standby VICTIM"), hold: 8 * time.Second, heal: onCluster("crm node online VICTIM"), want: failed, says: "standby|server|primary|cluster", control: true,
	},
	{
		name: "maintenance-mode", breaks: "maintenance-mode is switched on", when: streaming,
		hurt: onCluster("crm_attribute --type crm_config --name maintenance-mode --update true"), hold: 5 * time.Second,
		heal: onCluster("crm_attribute --type crm_config --name maintenance-mode --delete"), want: either, says: "maintenance", quick: true,
	},
	{
		name: "crm_mon-hangs-before", breaks: "crm_mon hangs on the backup node", when: beforeStart,
		hurt: replace("/usr/sbin/crm_mon", "sleep 600"), heal: restore("/usr/sbin/crm_mon"), want: either, says: "crm_mon|pacemaker", quick: true,
	},
	{
		name: "crm_mon-hangs", breaks: "crm_mon hangs on the backup node", when: streaming,
		hurt: replace("/usr/sbin/crm_mon", "sleep 600"), hold: 8 * time.Second, heal: restore("/usr/sbin/crm_mon"), want: either, says: "crm_mon|pacemaker", quick: true,
	},
	{
		name: "cib-stopped", breaks: "SIGSTOP of pacemaker-based on the backup node for 8 s", when: streaming,
		hurt: send(syscall.SIGSTOP, cibDaemon), hold: 8 * time.Second, heal: try(send(syscall.SIGCONT, cibDaemon)), want: either, says: "crm_mon|pacemaker|cib", control: true,
	},
	{
		name: "haproxy-socket-gone", breaks: "the HAProxy socket of the VIP holder is gone", when: beforeStart,
		hurt: onHolder("mv /var/lib/haproxy/stats /var/lib/haproxy/stats.away"), heal: onHolder("mv /var/lib/haproxy/stats.away /var/lib/haproxy/stats"), want: either, quick: true,
	},
	{
		name: "haproxy-socket-gone-during", breaks: "the HAProxy socket of the VIP holder is gone", when: streaming, hold: 3 * time.Second,
		hurt: onHolder("mv /var/lib/haproxy/stats /var/lib/haproxy/stats.away"), heal: onHolder("mv /var/lib/haproxy/stats.away /var/lib/haproxy/stats"), want: either, quick: true,
	},
	{
		name: "lock-stale", breaks: "a lock whose job is gone", when: beforeStart, before: killedWithoutUndo, want: good, quick: true,
	},
	{
		name: "clock-lock-expired", breaks: "the running backup's lock reads as expired an hour ago, as by a clock that is wrong by an hour", when: streaming,
		hurt: expireAndCompete, want: good,
	},
	{
		name: "journal-corrupt", breaks: "a journal of an earlier job is damaged", when: beforeStart, before: corruptJournal, want: either, says: "journal|cluster_incomplete", damaged: true, quick: true,
		after: damageNamed,
	},
}

func cibDaemon(p process) bool { return filepath.Base(p.argv[0]) == "pacemaker-based" }

// onCluster is a command of the cluster, given on the active controller.
func onCluster(script string) func(*run) error {
	return func(r *run) error {
		_, err := r.active.do(replaceVictim(script, r.victim.name()))
		return err
	}
}

func onHolder(script string) func(*run) error {
	return func(r *run) error {
		holder, ok := r.holder()
		if !ok {
			return fmt.Errorf("nobody holds the VIP")
		}
		_, err := holder.do(script)
		return err
	}
}

// vipTo moves the VIP as an operator does. Its stickiness is INFINITY, so the others are banned for a moment.
func vipTo(who func(*run) machine) func(*run) error {
	return func(r *run) error {
		to := who(r)
		for _, m := range r.machines() {
			if m != to {
				if _, err := to.do("crm_resource --quiet --resource ip-" + r.vip() + " --ban --node " + m.name()); err != nil {
					return err
				}
			}
		}
		moved := until(40*time.Second, 200*time.Millisecond, func() bool { h, ok := r.holder(); return ok && h == to })
		_, err := to.do("crm_resource --quiet --resource ip-" + r.vip() + " --clear")
		if !moved {
			return fmt.Errorf("the VIP did not move")
		}
		return err
	}
}

// replace mounts a script over a program of the victim, until restore.
func replace(path, script string) func(*run) error {
	return func(r *run) error {
		r.later(func() error { _, _ = r.victim.do("umount " + path + " 2>/dev/null; pkill -f 'sleep 600'"); return nil })
		_, err := r.victim.do("printf '#!/bin/sh\\n%s\\n' '" + script + "' >/run/fault.sh; chmod 755 /run/fault.sh; touch /run/fault.sh; mount --bind /run/fault.sh " + path)
		return err
	}
}

func restore(path string) func(*run) error {
	return try(on("umount " + path + "; rm -f /run/fault.sh"))
}

// killedWithoutUndo leaves what a controller leaves whose job and undo stage die: the lock, the journal, half a set.
func killedWithoutUndo(r *run) error {
	p, err := startPlay(r.lab, nil, r.only(r.victim))
	if err != nil {
		return err
	}
	defer p.close()
	defer p.kill()
	s := slow(r.victim)
	defer s.release()
	if !until(40*time.Second, 10*time.Millisecond, func() bool { return len(r.victim.processes(tool)) > 0 }) {
		return fmt.Errorf("it did not stream:\n%s", p.output())
	}
	time.Sleep(500 * time.Millisecond)
	// Whatever of ours appears is killed at once, the undo stage too.
	until(6*time.Second, 3*time.Millisecond, func() bool {
		deal(r.victim.processes(leftover), syscall.SIGKILL)
		return false
	})
	p.wait(20 * time.Second)
	if r.lock() == "" {
		return fmt.Errorf("no lock was left: the case shows nothing")
	}
	return nil
}

// expireAndCompete sets back the lock's expiry, as a clock that is an hour late would, and lets a second playbook try.
func expireAndCompete(r *run) error {
	_, err := r.active.do(`set -e; cibadmin --query --scope crm_config >/run/fault.xml
		python3 - <<'END'
import re, subprocess, xml.etree.ElementTree as e
for s in e.parse('/run/fault.xml').getroot().iter('cluster_property_set'):
    if s.get('id').startswith('overcloud-backup'):
        for n in s.iter('nvpair'):
            if re.search('expir|until|since|at$|time', n.get('name')):
                v = n.get('value')
                if re.fullmatch(r'[0-9.]+', v):
                    v = str(int(float(v)) - 7200)
                else:
                    v = re.sub(r'T(\d\d)', lambda m: 'T%02d' % ((int(m.group(1)) - 2) % 24), v)
                subprocess.check_call(['cibadmin', '--modify', '--scope', 'crm_config', '--xml-text',
                    '<cluster_property_set id="%s"><nvpair id="%s" name="%s" value="%s"/></cluster_property_set>' % (s.get('id'), n.get('id'), n.get('name'), v)])
END
		rm /run/fault.xml`)
	if err != nil {
		return err
	}
	return secondPlaybook(other, "lock|already|another|holds|running|spare")(r)
}

// corruptJournal leaves the folder of a job whose journal has a damaged line in the middle.
func corruptJournal(r *run) error {
	jobs := r.victim.path("/var/lib/overcloud.backup/jobs")
	const id = "20200101T000000Z-0bad0b"
	r.later(func() error { return os.RemoveAll(filepath.Join(jobs, id)) })
	if err := os.MkdirAll(filepath.Join(jobs, id), 0o700); err != nil {
		return err
	}
	_ = os.Chmod(filepath.Dir(jobs), 0o700)
	last, err := lastJob(r)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(filepath.Join(jobs, last, "journal"))
	if err != nil || len(content) < 80 {
		content = []byte(`{"id":1,"kind":"lock"}` + "\n" + `{"id":2,"kind":"set"}` + "\n")
	}
	content[len(content)/3] ^= 0x10
	if state, err := os.ReadFile(filepath.Join(jobs, last, "state.json")); err == nil {
		if err := os.WriteFile(filepath.Join(jobs, id, "state.json"), state, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(jobs, id, "journal"), content, 0o600)
}

func damageNamed(r *run) error {
	if !(fault{says: "journal"}).message().MatchString(r.play.output()) {
		return fmt.Errorf("nobody says that a journal is damaged")
	}
	return nil
}
