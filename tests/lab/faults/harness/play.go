// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// Playbook is a run of ansible-playbook, as users start it, in a process group of its own.
type Playbook struct {
	Cmd  *exec.Cmd
	dir  string
	done chan struct{}
	Err  error

	mutex sync.Mutex
	out   bytes.Buffer
	// freezeAt stops the whole process group as soon as this was printed.
	freezeAt *regexp.Regexp
}

// StartPlaybook starts the playbook of a backup. It stops at freezeAt until thaw; with nil it does not stop.
func StartPlaybook(l lab.Lab, freezeAt *regexp.Regexp, vars map[string]any, args ...string) (*Playbook, error) {
	extra, err := json.Marshal(vars)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "fault")
	if err != nil {
		return nil, err
	}
	// Not on the command line, where Ansible itself shows a password.
	file := filepath.Join(dir, "vars.json")
	if err := os.WriteFile(file, extra, 0o600); err != nil {
		return nil, err
	}
	args = append([]string{"-i", l.Inventory(), filepath.Join(l.Root(), "playbooks/backup.yml"), "-e", "@" + file},
		args...)
	p := &Playbook{Cmd: exec.Command("ansible-playbook", args...), dir: dir, done: make(chan struct{}),
		freezeAt: freezeAt}
	p.Cmd.Env = ansibleEnv(l, dir)
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Cmd.Stdout, p.Cmd.Stderr = p, p
	p.Cmd.WaitDelay = 2 * time.Second // an orphan may hold the pipe
	if err := p.Cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.Err = p.Cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ansibleEnv separates a case's ssh connections from those of the previous case, whose machines may be down.
func ansibleEnv(l lab.Lab, dir string) []string {
	return append(os.Environ(), "ANSIBLE_NOCOLOR=1", "ANSIBLE_RETRY_FILES_ENABLED=0", "ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_COLLECTIONS_PATH="+filepath.Join(l.Root(), "build/collections"),
		"ANSIBLE_SSH_CONTROL_PATH_DIR="+dir+"/cp")
}

// Write receives its output.
func (p *Playbook) Write(b []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.out.Write(b)
	if p.freezeAt != nil && p.freezeAt.Match(p.out.Bytes()) {
		p.freezeAt = nil
		_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGSTOP)
	}
	return len(b), nil
}

// Output returns what it has printed so far.
func (p *Playbook) Output() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.out.String()
}

// frozen reports that it has reached the line at which it was to be stopped.
func (p *Playbook) frozen() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.freezeAt == nil
}

func (p *Playbook) thaw() { _ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGCONT) }

// Over reports that it has ended.
func (p *Playbook) Over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Wait returns false if it had to be killed.
func (p *Playbook) Wait(limit time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(limit):
		p.Kill()
		return false
	}
}

// Kill ends the process group, and its ssh connections.
func (p *Playbook) Kill() {
	_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
	}
}

// Close removes its ssh connections, which have left its process group.
func (p *Playbook) Close() {
	sockets, _ := filepath.Glob(p.dir + "/cp/*")
	for _, s := range sockets {
		_, _ = lab.Command(2*time.Second, "ssh", "-o", "ControlPath="+s, "-O", "exit", "nobody")
	}
	_ = os.RemoveAll(p.dir)
}

var failure = regexp.MustCompile(`(?m)^(?:fatal|failed): [^{\n]*=> `)

// Said returns the message of the last failure, or the path of the backup. With -v a result has many lines.
func (p *Playbook) Said() string {
	out := p.Output()
	found := failure.FindAllStringIndex(out, -1)
	for i := len(found) - 1; i >= 0; i-- {
		var result struct{ Msg any }
		if err := json.NewDecoder(strings.NewReader(out[found[i][1]:])).Decode(&result); err != nil {
			return fmt.Sprintf("unreadable: %v", err)
		}
		if text, ok := result.Msg.(string); ok && text != "All items completed" {
			return text
		}
	}
	if i := strings.LastIndex(out, `"msg": [`); i >= 0 {
		line, _, _ := strings.Cut(strings.TrimSpace(out[i+len(`"msg": [`):]), "\n")
		return strings.Trim(line, `", `)
	}
	return ""
}
