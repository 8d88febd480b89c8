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

// Process is a process of a machine; its pid is the host's.
type Process struct {
	PID  int
	Argv []string
}

func (p Process) signal(s syscall.Signal) error { return syscall.Kill(p.PID, s) }

// Line is its command line.
func (p Process) Line() string { return strings.Join(p.Argv, " ") }

// Processes are those of the machine that the filter takes, also in its containers. They descend from its systemd.
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

// parent reads the field behind the state in /proc/PID/stat; 0 when the process is gone.
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

// Tool is the program that reads the data, once it does.
func Tool(p Process) bool {
	switch filepath.Base(p.Argv[0]) {
	case "mariadb-backup", "mariabackup":
		return slices.Contains(p.Argv, "--backup")
	case "mariadb-dump", "mysqldump":
		return !slices.Contains(p.Argv, "--version")
	}
	return false
}

// Worker is the process that makes the backup.
func Worker(p Process) bool { return ours(p) && slices.Contains(p.Argv, "--job") }

// ours is any process of the collection.
func ours(p Process) bool { return strings.HasPrefix(filepath.Base(p.Argv[0]), "overcloud_backup") }

// Leftover is what may not be there any more when a backup is over.
func Leftover(p Process) bool {
	base := filepath.Base(p.Argv[0])
	return Tool(p) || ours(p) || base == "mariadb-backup" || base == "mariadb-dump"
}

// Server is the database server.
func Server(p Process) bool {
	base := filepath.Base(p.Argv[0])
	return base == "mariadbd" || base == "mysqld"
}

// SlowedTools lets the tool of a machine run 1 ms of 200 or less, from when it appears until release: the data of the
// lab are small, and a fault needs something to strike. It must not last until the tool holds its last locks, which
// would be a fault. How much a tool does in 1 ms depends on the machine, which may be busy and late to stop it: so what
// it has written counts, too.
type SlowedTools struct {
	once sync.Once
	end  chan struct{}
	done chan struct{}
	Over bool // the last tool ended by itself; to be read after release
}

// SlowTools begins to slow the tools of machines.
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

// rest is how long a tool is stopped that has written so many bytes in that time: at most slowRate come of it, and no
// rule of the guard takes it for one that hangs.
func rest(written int64, in time.Duration) time.Duration {
	ahead := time.Duration(float64(written)/slowRate*float64(time.Second)) - in
	return min(max(ahead, 200*time.Millisecond), 2*time.Second)
}

// slowRate is, in bytes a second, what leaves the smallest of the lab's backups, a dump of 75 MiB, unfinished for 20 s.
const slowRate = 3 << 20

// written is what processes have written, into their pipes too.
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

// alive: all of them, and there are some.
func alive(ps []Process) bool {
	for _, p := range ps {
		if raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/cmdline"); err != nil || len(raw) == 0 {
			return false
		}
	}
	return len(ps) > 0
}

// sleep is true when it is over.
func (s *SlowedTools) sleep(d time.Duration) bool {
	select {
	case <-s.end:
		return true
	case <-time.After(d):
		return false
	}
}

// Release lets them run as they like.
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
