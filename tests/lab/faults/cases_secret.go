// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// secrets: a password that is given with the task, and looked for everywhere while the backup runs and when it is over.
var secrets = []fault{
	{
		name: "password-nowhere", breaks: "nothing; the password is looked for", when: streaming, before: watched, args: []string{"-vvvvv"},
		vars: vars("login_user", "faultbackup", "login_password", "before-rotation", "desync", "always"), hold: 2 * time.Second,
		want: good, after: nowhere, quick: true,
	},
	{
		name: "password-nowhere-killed", breaks: "SIGKILL of the job; the password is looked for", when: streaming, before: watched, args: []string{"-vvvvv"},
		vars: vars("login_user", "faultbackup", "login_password", "before-rotation"), hurt: send(9, worker),
		want: failed, says: "kill|signal|died|ended", after: nowhere, quick: true,
	},
}

const password = "before-rotation"

// seen are the places where the password stood while the case ran.
type seen struct {
	mutex  sync.Mutex
	places map[string]bool
	end    func() // of the sampling
}

func (s *seen) add(place string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.places[place] = true
}

// watched makes the backup user and samples arguments and environment of all processes of the victim, 50 times a second.
func watched(r *run) error {
	if err := backupUser(r); err != nil {
		return err
	}
	s := &seen{places: map[string]bool{}}
	r.kept = s
	s.end = sync.OnceFunc(every(20*time.Millisecond, func() {
		r.victim.processes(func(p process) bool { s.look(p); return false })
	}))
	r.later(func() error { s.end(); return nil })
	return nil
}

// every does something again and again, until the function that it returns is called.
func every(pause time.Duration, do func()) func() {
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			do()
			select {
			case <-end:
				return
			case <-time.After(pause):
			}
		}
	}()
	return func() { close(end); <-done }
}

// look is at every process of the host, the control node's too.
func (s *seen) look(p process) {
	environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
	if strings.Contains(p.line(), password) {
		s.add("the arguments of " + filepath.Base(p.argv[0]))
	}
	if bytes.Contains(environment, []byte(password)) {
		s.add("the environment of " + filepath.Base(p.argv[0]))
	}
}

// nowhere: not in processes, output, logs, unit properties, the job's files, the set, or what Ansible left behind.
func nowhere(r *run) error {
	s := r.kept.(*seen)
	s.end() // or it would see the search
	if strings.Contains(r.play.output(), password) {
		s.add("the playbook's output")
	}
	script := `grep -rlsF -- ` + password + ` /var/lib/overcloud.backup /run/overcloud.backup /run/systemd/transient /run/systemd/system ` + destination + ` \
		/root/.ansible /root/.ansible_async /home/tripleo-admin/.ansible /tmp /var/tmp /var/log --exclude-dir=mysql
		journalctl --no-pager --since=-3min | grep -qF -- ` + password + ` && echo the journal of systemd
		systemctl show 'overcloud-backup-*' | grep -qF -- ` + password + ` && echo unit properties
		true`
	out, err := r.victim.do(script)
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		s.add(strings.TrimSpace(line))
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.places) > 0 {
		return fmt.Errorf("the password was in: %v", s.places)
	}
	return nil
}
