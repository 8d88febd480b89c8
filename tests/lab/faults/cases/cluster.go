// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// clusters are faults of Pacemaker, HAProxy, the VIP, and the backup's own state.
var clusters = []harness.Fault{
	{
		Name: "vip-moves-before", Breaks: "the VIP moves to the backup node", When: harness.AfterFacts,
		Hurt: vipTo(victim), Want: harness.Either, Control: true,
		Says: "vip|client|active|session",
	},
	{
		Name: "vip-moves", Breaks: "the VIP moves to the backup node", When: harness.Streaming, Hurt: vipTo(victim),
		Hold: 2 * time.Second, Want: harness.Either, Control: true,
		Says: "vip|client|active|session",
	},
	{
		Name: "node-standby", Breaks: "crm node standby of the backup node", When: harness.Streaming,
		Hurt: onCluster("crm node standby VICTIM"), Hold: 8 * time.Second, Heal: onCluster("crm node online VICTIM"),
		Want: harness.Failed, Says: "standby|server|primary|cluster", Control: true,
	},
	{
		Name: "maintenance-mode", Breaks: "maintenance-mode is switched on", When: harness.Streaming,
		Hurt: onCluster("crm_attribute --type crm_config --name maintenance-mode --update true"), Hold: 5 * time.Second,
		Heal: onCluster("crm_attribute --type crm_config --name maintenance-mode --delete"), Want: harness.Either,
		Says: "maintenance", Quick: true,
	},
	{
		Name: "crm_mon-hangs-before", Breaks: "crm_mon hangs on the backup node", When: harness.BeforeStart,
		Hurt: replace("/usr/sbin/crm_mon", "sleep 600"), Heal: restore("/usr/sbin/crm_mon"), Want: harness.Either,
		Says: "crm_mon|pacemaker", Quick: true,
	},
	{
		Name: "crm_mon-hangs", Breaks: "crm_mon hangs on the backup node", When: harness.Streaming,
		Hurt: replace("/usr/sbin/crm_mon", "sleep 600"), Hold: 8 * time.Second, Heal: restore("/usr/sbin/crm_mon"),
		Want: harness.Either, Says: "crm_mon|pacemaker", Quick: true,
	},
	{
		Name: "cib-stopped", Breaks: "SIGSTOP of pacemaker-based on the backup node for 8 s", When: harness.Streaming,
		Hurt: send(syscall.SIGSTOP, cibDaemon), Hold: 8 * time.Second, Heal: try(send(syscall.SIGCONT, cibDaemon)),
		Want: harness.Either, Says: "crm_mon|pacemaker|cib", Control: true,
	},
	{
		Name: "haproxy-socket-gone", Breaks: "the HAProxy socket of the VIP holder is gone", When: harness.BeforeStart,
		Hurt: onHolder("mv /var/lib/haproxy/stats /var/lib/haproxy/stats.away"),
		Heal: onHolder("mv /var/lib/haproxy/stats.away /var/lib/haproxy/stats"), Want: harness.Either, Quick: true,
	},
	{
		Name: "haproxy-socket-gone-during", Breaks: "the HAProxy socket of the VIP holder is gone",
		When: harness.Streaming, Hold: 3 * time.Second,
		Hurt: onHolder("mv /var/lib/haproxy/stats /var/lib/haproxy/stats.away"),
		Heal: onHolder("mv /var/lib/haproxy/stats.away /var/lib/haproxy/stats"), Want: harness.Either, Quick: true,
	},
	{
		Name: "lock-stale", Breaks: "a lock whose job is gone", When: harness.BeforeStart, Before: killedWithoutUndo,
		Want: harness.Good, Quick: true,
	},
	{
		Name: "clock-lock-expired", Breaks: "the running backup's lock reads as expired an hour ago, as by a clock" +
			" that is wrong by an hour", When: harness.Streaming,
		Hurt: expireAndCompete, Want: harness.Good,
	},
	{
		Name: "journal-corrupt", Breaks: "a journal of an earlier job is damaged", When: harness.BeforeStart,
		Before: corruptJournal, Want: harness.Either, Says: "journal|cluster_incomplete", Damaged: true, Quick: true,
		After: damageNamed,
	},
}

func cibDaemon(p lab.Process) bool { return filepath.Base(p.Argv[0]) == "pacemaker-based" }

// onCluster returns a fault that is a command of the cluster, run on the active controller.
func onCluster(script string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		_, err := r.Active.Do(replaceVictim(script, r.Victim.Name()))
		return err
	}
}

func onHolder(script string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		holder, ok := r.Holder()
		if !ok {
			return fmt.Errorf("nobody holds the VIP")
		}
		_, err := holder.Do(script)
		return err
	}
}

// vipTo moves the VIP as an operator does. Its stickiness is INFINITY, so the others are banned for a moment.
func vipTo(who func(*harness.Run) lab.Machine) func(*harness.Run) error {
	return func(r *harness.Run) error {
		to := who(r)
		for _, m := range r.Machines() {
			if m != to {
				if _, err := to.Do("crm_resource --quiet --resource ip-" + r.VIP() + " --ban --node " +
					m.Name()); err != nil {
					return err
				}
			}
		}
		moved := lab.Until(40*time.Second, 200*time.Millisecond,
			func() bool { h, ok := r.Holder(); return ok && h == to })
		_, err := to.Do("crm_resource --quiet --resource ip-" + r.VIP() + " --clear")
		if !moved {
			return fmt.Errorf("the VIP did not move")
		}
		return err
	}
}

// replace mounts a script over a program of the victim, until restore.
func replace(path, script string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		r.Later(func() error {
			_, _ = r.Victim.Do("umount " + path +
				" 2>/dev/null; pkill -f 'sleep 600'")
			return nil
		})
		_, err := r.Victim.Do("printf '#!/bin/sh\\n%s\\n' '" + script +
			"' >/run/fault.sh; chmod 755 /run/fault.sh; touch /run/fault.sh; mount --bind /run/fault.sh " + path)
		return err
	}
}

func restore(path string) func(*harness.Run) error {
	return try(on("umount " + path + "; rm -f /run/fault.sh"))
}

// killedWithoutUndo leaves the traces of a controller whose job and undo stage die: the lock, the journal, half a set.
func killedWithoutUndo(r *harness.Run) error {
	p, err := harness.StartPlaybook(r.Lab, nil, r.Only(r.Victim))
	if err != nil {
		return err
	}
	defer p.Close()
	defer p.Kill()
	s := lab.SlowTools(r.Victim)
	defer s.Release()
	if !lab.Until(40*time.Second, 10*time.Millisecond, func() bool { return len(r.Victim.Processes(lab.Tool)) > 0 }) {
		return fmt.Errorf("it did not stream:\n%s", p.Output())
	}
	time.Sleep(500 * time.Millisecond)
	// Every process of ours is killed as soon as it appears, the undo stage too.
	lab.Until(6*time.Second, 3*time.Millisecond, func() bool {
		lab.SignalAll(r.Victim.Processes(lab.Leftover), syscall.SIGKILL)
		return false
	})
	p.Wait(20 * time.Second)
	if r.Lock() == "" {
		return fmt.Errorf("no lock was left: the case shows nothing")
	}
	return nil
}

// expireAndCompete sets back the lock's expiry, as a clock that is an hour off would, and lets a second playbook try.
func expireAndCompete(r *harness.Run) error {
	_, err := r.Active.Do(`set -e; cibadmin --query --scope crm_config >/run/fault.xml
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
                    '<cluster_property_set id="%s"><nvpair id="%s" name="%s" value="%s"/></cluster_property_set>'
                    % (s.get('id'), n.get('id'), n.get('name'), v)])
END
		rm /run/fault.xml`)
	if err != nil {
		return err
	}
	return secondPlaybook(other, "lock|already|another|holds|running|spare")(r)
}

// corruptJournal leaves the folder of a job whose journal has a damaged line in the middle.
func corruptJournal(r *harness.Run) error {
	jobs := r.Victim.Path("/var/lib/overcloud.backup/jobs")
	const id = "20200101T000000Z-0bad0b"
	r.Later(func() error { return os.RemoveAll(filepath.Join(jobs, id)) })
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

func damageNamed(r *harness.Run) error {
	if !(harness.Fault{Says: "journal"}).Message().MatchString(r.Play.Output()) {
		return fmt.Errorf("nobody says that a journal is damaged")
	}
	return nil
}
