// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a process of a machine, with its pid on the host.
type Process struct {
	PID  int
	Argv []string
}

func (p Process) signal(s syscall.Signal) error { return syscall.Kill(p.PID, s) }

// Line returns its command line.
func (p Process) Line() string { return strings.Join(p.Argv, " ") }

// Processes returns those of the machine that match the filter, also in its containers. They descend from its systemd.
func (m Machine) Processes(want func(Process) bool) []Process {
	leader := m.Leader()
	if leader == 0 {
		return nil
	}
	var found []Process
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, e := range entries {
		raw, err := os.ReadFile(e + "/cmdline")
		if err != nil || len(raw) == 0 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(e))
		p := Process{pid, strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")}
		if !want(p) {
			continue
		}
		if descends(pid, leader) {
			found = append(found, p)
		}
	}
	return found
}

func descends(pid, from int) bool {
	for pid > 1 && pid != from {
		pid = parent(pid)
	}
	return pid == from
}

// parent reads the field after the state in /proc/PID/stat; 0 if the process is gone.
func parent(pid int) int {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(fields[1])
	return n
}

// Tool matches the program that reads the data, once it does.
func Tool(p Process) bool {
	switch filepath.Base(p.Argv[0]) {
	case "mariadb-backup", "mariabackup":
		return slices.Contains(p.Argv, "--backup")
	case "mariadb-dump", "mysqldump":
		return !slices.Contains(p.Argv, "--version")
	}
	return false
}

// Worker matches the process that makes the backup.
func Worker(p Process) bool { return ours(p) && slices.Contains(p.Argv, "--job") }

// ours matches any process of the collection.
func ours(p Process) bool { return strings.HasPrefix(filepath.Base(p.Argv[0]), "overcloud_backup") }

// Leftover matches processes that may not exist after a backup.
func Leftover(p Process) bool {
	base := filepath.Base(p.Argv[0])
	return Tool(p) || ours(p) || base == "mariadb-backup" || base == "mariadb-dump"
}

// Server matches the database server.
func Server(p Process) bool {
	base := filepath.Base(p.Argv[0])
	return base == "mariadbd" || base == "mysqld"
}

// SlowedTools lets the tool of a machine run 1 ms of 200 or less, from its start until release: the lab's data is
// small, and a fault needs time to strike. It must end before the tool holds its last locks, which would be a fault in
// itself. How much a tool does in 1 ms depends on the machine, which may be busy and late to stop it, so the bytes that
// it has written count, too.
type SlowedTools struct {
	once sync.Once
	end  chan struct{}
	done chan struct{}
	Over bool // the last tool ended by itself; read it after release
}

// SlowTools starts to slow the tools of machines.
func SlowTools(ms ...Machine) *SlowedTools {
	s := &SlowedTools{end: make(chan struct{}), done: make(chan struct{})}
	go s.loop(ms)
	return s
}

func (s *SlowedTools) loop(ms []Machine) {
	defer close(s.done)
	for over := false; !over; {
		var tools []Process
		for _, m := range ms {
			tools = append(tools, m.Processes(Tool)...)
		}
		if len(tools) == 0 {
			over = s.sleep(25 * time.Millisecond)
		}
		began := time.Now()
		for !over && alive(tools) {
			SignalAll(tools, syscall.SIGSTOP)
			over = s.sleep(rest(written(tools), time.Since(began)))
			SignalAll(tools, syscall.SIGCONT)
			over = over || s.sleep(time.Millisecond)
		}
		if len(tools) > 0 {
			s.Over = !over
		}
	}
}

// rest returns how long to stop a tool that has written so many bytes in that time: the average is at most slowRate,
// and no rule of the guard takes it for a tool that hangs.
func rest(written int64, in time.Duration) time.Duration {
	ahead := time.Duration(float64(written)/slowRate*float64(time.Second)) - in
	return min(max(ahead, 200*time.Millisecond), 2*time.Second)
}

// slowRate, in bytes a second, keeps the smallest of the lab's backups, a dump of 75 MiB, unfinished for 20 s.
const slowRate = 3 << 20

// written returns what processes have written, including pipes.
func written(ps []Process) (sum int64) {
	for _, p := range ps {
		io, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/io")
		for line := range strings.Lines(string(io)) {
			if text, found := strings.CutPrefix(line, "wchar: "); found {
				n, _ := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
				sum += n
			}
		}
	}
	return sum
}

// alive reports whether there are processes, and all of them run.
func alive(ps []Process) bool {
	for _, p := range ps {
		if raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/cmdline"); err != nil || len(raw) == 0 {
			return false
		}
	}
	return len(ps) > 0
}

// sleep returns true if it was interrupted by release.
func (s *SlowedTools) sleep(d time.Duration) bool {
	select {
	case <-s.end:
		return true
	case <-time.After(d):
		return false
	}
}

// Release lets them run at full speed.
func (s *SlowedTools) Release() {
	s.once.Do(func() { close(s.end) })
	<-s.done
}

// SignalAll sends a signal to processes.
func SignalAll(ps []Process, s syscall.Signal) {
	for _, p := range ps {
		_ = p.signal(s)
	}
}
