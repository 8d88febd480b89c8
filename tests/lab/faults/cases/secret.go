// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// secrets are faults with a password in the task, which is searched for everywhere during the backup and afterwards.
var secrets = []harness.Fault{
	{
		Name: "password-nowhere", Breaks: "nothing; the password is looked for", When: harness.Streaming,
		Before: watched, Args: []string{"-vvvvv"},
		Vars: harness.Vars("login_user", "faultbackup", "login_password", "before-rotation", "desync", "always"),
		Hold: 2 * time.Second,
		Want: harness.Good, After: nowhere, Quick: true,
	},
	{
		Name: "password-nowhere-killed", Breaks: "SIGKILL of the job; the password is looked for",
		When: harness.Streaming, Before: watched, Args: []string{"-vvvvv"},
		Vars: harness.Vars("login_user", "faultbackup", "login_password", "before-rotation"), Hurt: send(9, lab.Worker),
		Want: harness.Failed, Says: "kill|signal|died|ended", After: nowhere, Quick: true,
	},
}

const password = "before-rotation"

// seen are the places where the password appeared while the case ran.
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

// watched creates the backup user and samples arguments and environment of all processes of the victim, 50 times a
// second.
func watched(r *harness.Run) error {
	if err := backupUser(r); err != nil {
		return err
	}
	s := &seen{places: map[string]bool{}}
	r.Kept = s
	s.end = sync.OnceFunc(every(20*time.Millisecond, func() {
		r.Victim.Processes(func(p lab.Process) bool { s.look(p); return false })
	}))
	r.Later(func() error { s.end(); return nil })
	return nil
}

// every repeats a function until the returned function is called.
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

// look examines every process of the host, those of the control node included.
func (s *seen) look(p lab.Process) {
	environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID))
	if strings.Contains(p.Line(), password) {
		s.add("the arguments of " + filepath.Base(p.Argv[0]))
	}
	if bytes.Contains(environment, []byte(password)) {
		s.add("the environment of " + filepath.Base(p.Argv[0]))
	}
}

// nowhere checks that the password is not in processes, output, logs, unit properties, the job's files, the set, or
// anything that Ansible left behind.
func nowhere(r *harness.Run) error {
	s := r.Kept.(*seen)
	s.end() // or it would find the search itself
	if strings.Contains(r.Play.Output(), password) {
		s.add("the playbook's output")
	}
	script := `grep -rlsF -- ` + password +
		` /var/lib/overcloud.backup /run/overcloud.backup /run/systemd/transient /run/systemd/system ` +
		harness.Destination + ` \
		/root/.ansible /root/.ansible_async /home/tripleo-admin/.ansible /tmp /var/tmp /var/log --exclude-dir=mysql
		journalctl --no-pager --since=-3min | grep -qF -- ` + password + ` && echo the journal of systemd
		systemctl show 'overcloud-backup-*' | grep -qF -- ` + password + ` && echo unit properties
		true`
	out, err := r.Victim.Do(script)
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
