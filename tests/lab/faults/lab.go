// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lab is the lab that tests/lab/lab keeps, seen from the host: past ssh and past the network, which faults cut.
type lab struct {
	dir    string // tests/lab
	state  string // LAB_STATE
	bridge string
	subnet string
}

func findLab() (lab, error) {
	l := lab{dir: os.Getenv("LAB_DIR"), state: os.Getenv("LAB_STATE"), bridge: os.Getenv("LAB_BRIDGE"), subnet: os.Getenv("LAB_SUBNET")}
	if l.dir == "" || l.state == "" || l.bridge == "" || l.subnet == "" {
		return l, fmt.Errorf("LAB_DIR, LAB_STATE, LAB_BRIDGE and LAB_SUBNET are not set: start this by tests/lab/lab fault")
	}
	if n, err := os.ReadFile(filepath.Join(l.state, "controllers")); err != nil || strings.TrimSpace(string(n)) != "3" {
		return l, fmt.Errorf("the lab has not three controllers: run tests/lab/lab up")
	}
	return l, nil
}

func (l lab) root() string      { return filepath.Join(l.dir, "..", "..") }
func (l lab) vip() string       { return l.subnet + ".100" }
func (l lab) inventory() string { return filepath.Join(l.state, "inventory.yaml") }

// bundle says that the database and HAProxy run in containers.
func (l lab) bundle() bool {
	shape, err := os.ReadFile(filepath.Join(l.state, "shape"))
	return err == nil && strings.TrimSpace(string(shape)) == "bundle"
}

func (l lab) machines() []machine { return []machine{{l, 0}, {l, 1}, {l, 2}} }

// run is a command of tests/lab/lab.
func (l lab) run(args ...string) (string, error) {
	return command(10*time.Minute, filepath.Join(l.dir, "lab"), args...)
}

// serving is the machine that answers a client through the VIP.
func (l lab) serving() (machine, error) {
	out, err := l.run("sql", "vip", "SELECT @@hostname")
	if err != nil {
		return machine{}, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(out, "controller-"))
	return machine{l, n}, err
}

// holder is the machine that has the VIP.
func (l lab) holder() (machine, bool) {
	for _, m := range l.machines() {
		if out, err := m.do("ip -o -4 addr show to " + l.vip() + "/32"); err == nil && out != "" {
			return m, true
		}
	}
	return machine{}, false
}

// machine is one controller.
type machine struct {
	lab    lab
	number int
}

func (m machine) name() string { return fmt.Sprintf("controller-%d", m.number) }

// host is the machine's name in Ansible's inventory.
func (m machine) host() string {
	if m.lab.bundle() {
		return "overcloud-" + m.name()
	}
	return m.name()
}

func (m machine) address() string { return fmt.Sprintf("%s.%d", m.lab.subnet, 10+m.number) }
func (m machine) arg() string     { return strconv.Itoa(m.number) }

// leader is the pid, on the host, of the machine's systemd; 0 when the machine is off.
func (m machine) leader() int {
	raw, err := os.ReadFile(filepath.Join(m.lab.state, "machines", m.name(), "pid"))
	if err != nil {
		return 0
	}
	pid := strings.TrimSpace(string(raw))
	children, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(children), " ")
	n, _ := strconv.Atoi(first)
	return n
}

// path is a path of the machine as the host sees it.
func (m machine) path(p string) string {
	return filepath.Join("/proc", strconv.Itoa(m.leader()), "root", p)
}

const usual = 20 * time.Second

// do runs a shell command as root in the machine, whatever its network does.
func (m machine) do(script string) (string, error) { return m.doFor(usual, script) }

func (m machine) doFor(limit time.Duration, script string) (string, error) {
	leader := m.leader()
	if leader == 0 {
		return "", fmt.Errorf("%s is off", m.name())
	}
	return command(limit, "nsenter", "--target", strconv.Itoa(leader), "--all",
		"/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "/bin/bash", "-c", "cd; "+script)
}

func command(limit time.Duration, name string, args ...string) (string, error) {
	return commandEnv(limit, nil, name, args...)
}

// commandEnv is command with an environment of its own.
func commandEnv(limit time.Duration, env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.WaitDelay = env, time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args[max(0, len(args)-1):]...), " ... "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// until polls for a condition; false at the deadline.
func until(within time.Duration, every time.Duration, cond func() bool) bool {
	deadline := time.Now().Add(within)
	for !cond() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(every)
	}
	return true
}
