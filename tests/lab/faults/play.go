// SPDX-License-Identifier: GPL-3.0-or-later

package main

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
)

// play is a run of ansible-playbook, as users start it, in a process group of its own.
type play struct {
	cmd  *exec.Cmd
	dir  string
	done chan struct{}
	err  error

	mutex sync.Mutex
	out   bytes.Buffer
	// freezeAt stops the whole group as soon as it has printed this.
	freezeAt *regexp.Regexp
}

// startPlay starts the playbook of a backup. freezeAt is where it stops until thaw; nil is nowhere.
func startPlay(l lab, freezeAt *regexp.Regexp, vars map[string]any, args ...string) (*play, error) {
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
	args = append([]string{"-i", l.inventory(), filepath.Join(l.root(), "playbooks/backup.yml"), "-e", "@" + file}, args...)
	p := &play{cmd: exec.Command("ansible-playbook", args...), dir: dir, done: make(chan struct{}), freezeAt: freezeAt}
	p.cmd.Env = ansibleEnv(l, dir)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.WaitDelay = 2 * time.Second // an orphan may hold the pipe
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ansibleEnv keeps a case's ssh connections apart from those of the case before, whose machines may have died.
func ansibleEnv(l lab, dir string) []string {
	return append(os.Environ(), "ANSIBLE_NOCOLOR=1", "ANSIBLE_RETRY_FILES_ENABLED=0", "ANSIBLE_LOCALHOST_WARNING=0",
		"ANSIBLE_COLLECTIONS_PATH="+filepath.Join(l.root(), "build/collections"), "ANSIBLE_SSH_CONTROL_PATH_DIR="+dir+"/cp")
}

// Write takes in what it prints.
func (p *play) Write(b []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.out.Write(b)
	if p.freezeAt != nil && p.freezeAt.Match(p.out.Bytes()) {
		p.freezeAt = nil
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGSTOP)
	}
	return len(b), nil
}

func (p *play) output() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.out.String()
}

// frozen: it has come to where it was to be stopped.
func (p *play) frozen() bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.freezeAt == nil
}

func (p *play) thaw() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGCONT) }

func (p *play) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// wait is false when it had to be killed.
func (p *play) wait(limit time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(limit):
		p.kill()
		return false
	}
}

// kill ends all of it, and its ssh connections.
func (p *play) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
	}
}

// close removes its ssh connections, which have left its process group.
func (p *play) close() {
	sockets, _ := filepath.Glob(p.dir + "/cp/*")
	for _, s := range sockets {
		_, _ = command(2*time.Second, "ssh", "-o", "ControlPath="+s, "-O", "exit", "nobody")
	}
	_ = os.RemoveAll(p.dir)
}

var failure = regexp.MustCompile(`(?m)^(?:fatal|failed): [^{\n]*=> `)

// said is what the last failure says, else where the backup lies. With -v a result has many lines.
func (p *play) said() string {
	out := p.output()
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
