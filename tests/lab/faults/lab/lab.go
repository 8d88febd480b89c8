// SPDX-License-Identifier: GPL-3.0-or-later

// Package lab accesses the lab of tests/lab/lab from the host: its machines, their processes, servers and links. It
// uses neither ssh nor the network, which faults cut.
package lab

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

// Lab is the lab of tests/lab/lab, accessed from the host without ssh and without the network, which faults cut.
type Lab struct {
	dir    string // tests/lab
	State  string // LAB_STATE
	bridge string
	subnet string
}

// Find returns the lab that the environment names.
func Find() (Lab, error) {
	l := Lab{dir: os.Getenv("LAB_DIR"), State: os.Getenv("LAB_STATE"), bridge: os.Getenv("LAB_BRIDGE"),
		subnet: os.Getenv("LAB_SUBNET")}
	if l.dir == "" || l.State == "" || l.bridge == "" || l.subnet == "" {
		return l, fmt.Errorf("LAB_DIR, LAB_STATE, LAB_BRIDGE and LAB_SUBNET are not set: start this by tests/lab/lab" +
			" fault")
	}
	if n, err := os.ReadFile(filepath.Join(l.State, "controllers")); err != nil || strings.TrimSpace(string(n)) != "3" {
		return l, fmt.Errorf("the lab has not three controllers: run tests/lab/lab up")
	}
	return l, nil
}

// Root returns the top of the repository.
func (l Lab) Root() string { return filepath.Join(l.dir, "..", "..") }

// VIP returns the virtual address.
func (l Lab) VIP() string { return l.subnet + ".100" }

// Inventory returns the path of the Ansible inventory.
func (l Lab) Inventory() string { return filepath.Join(l.State, "inventory.yaml") }

// Bundle reports whether the database and HAProxy run in containers.
func (l Lab) Bundle() bool {
	shape, err := os.ReadFile(filepath.Join(l.State, "shape"))
	return err == nil && strings.TrimSpace(string(shape)) == "bundle"
}

// Galera returns the name of the database's resource in Pacemaker.
func (l Lab) Galera() string {
	if l.Bundle() {
		return "galera-bundle"
	}
	return "galera-master"
}

// Machines returns the three controllers.
func (l Lab) Machines() []Machine { return []Machine{{l, 0}, {l, 1}, {l, 2}} }

// Run runs a command of tests/lab/lab.
func (l Lab) Run(args ...string) (string, error) {
	return Command(10*time.Minute, filepath.Join(l.dir, "lab"), args...)
}

// Serving returns the machine that answers a client through the VIP.
func (l Lab) Serving() (Machine, error) {
	out, err := l.Run("sql", "vip", "SELECT @@hostname")
	if err != nil {
		return Machine{}, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(out, "controller-"))
	return Machine{l, n}, err
}

// Holder returns the machine that has the VIP.
func (l Lab) Holder() (Machine, bool) {
	for _, m := range l.Machines() {
		if out, err := m.Do("ip -o -4 addr show to " + l.VIP() + "/32"); err == nil && out != "" {
			return m, true
		}
	}
	return Machine{}, false
}

// Machine is one controller.
type Machine struct {
	Lab    Lab
	Number int
}

// Name returns the machine's own name.
func (m Machine) Name() string { return fmt.Sprintf("controller-%d", m.Number) }

// Host returns the machine's name in Ansible's inventory.
func (m Machine) Host() string {
	if m.Lab.Bundle() {
		return "overcloud-" + m.Name()
	}
	return m.Name()
}

// Address returns the address in the internal network.
func (m Machine) Address() string { return fmt.Sprintf("%s.%d", m.Lab.subnet, 10+m.Number) }

// Arg returns the machine as an argument of tests/lab/lab.
func (m Machine) Arg() string { return strconv.Itoa(m.Number) }

// Leader returns the pid, on the host, of the machine's systemd; 0 if the machine is off.
func (m Machine) Leader() int {
	raw, err := os.ReadFile(filepath.Join(m.Lab.State, "machines", m.Name(), "pid"))
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

// Path returns the path on the host of a path of the machine.
func (m Machine) Path(p string) string {
	return filepath.Join("/proc", strconv.Itoa(m.Leader()), "root", p)
}

// UsualLimit is the time limit of a command.
const UsualLimit = 20 * time.Second

// Do runs a shell command as root in the machine, whatever the state of its network.
func (m Machine) Do(script string) (string, error) { return m.DoFor(UsualLimit, script) }

// DoFor is Do with its own time limit.
func (m Machine) DoFor(limit time.Duration, script string) (string, error) {
	leader := m.Leader()
	if leader == 0 {
		return "", fmt.Errorf("%s is off", m.Name())
	}
	return Command(limit, "nsenter", "--target", strconv.Itoa(leader), "--all",
		"/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "/bin/bash", "-c",
		"cd; "+script)
}

// Command runs a command on the host.
func Command(limit time.Duration, name string, args ...string) (string, error) {
	return CommandEnv(limit, nil, name, args...)
}

// CommandEnv is Command with extra environment variables.
func CommandEnv(limit time.Duration, env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.WaitDelay = env, time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name},
			args[max(0, len(args)-1):]...), " ... "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// Until polls a condition; it returns false at the deadline.
func Until(within time.Duration, every time.Duration, cond func() bool) bool {
	deadline := time.Now().Add(within)
	for !cond() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(every)
	}
	return true
}
