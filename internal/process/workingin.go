// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Worker is a process whose current directory is a folder, or one below.
type Worker struct {
	PID  int
	Name string // from /proc/PID/comm
	UID  int    // its real user's
	// began is the result of Started before it was inspected.
	began string
}

// String describes the process: its name, pid and user.
func (w Worker) String() string { return fmt.Sprintf("%q (pid %d, user %d)", w.Name, w.PID, w.UID) }

// Kill ends the process with SIGKILL. For one that has ended, whose pid may have been reused, it returns ESRCH.
func (w Worker) Kill() error {
	if began := Started(w.PID); began == "" || began != w.began {
		return syscall.ESRCH
	}
	return syscall.Kill(w.PID, syscall.SIGKILL)
}

// WorkingIn finds processes by their current directory, that folder or one below. A database server works in its
// datadir.
//
// Only processes count whose users, the real, the effective and the saved one, are root, this process's, the folder's
// owner or one of more: any user may enter a folder that is open to all, and would block those who wait for the end of
// the server. A program that is setuid root has the user who started it, so that is not a way around.
func WorkingIn(folder string, more ...int) (found []Worker) {
	users := append([]int{0, os.Geteuid()}, more...)
	if info, err := os.Stat(folder); err == nil {
		users = append(users, int(info.Sys().(*syscall.Stat_t).Uid))
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, at := range processes {
		pid, err := strconv.Atoi(filepath.Base(at))
		if err != nil || pid == os.Getpid() {
			continue
		}
		began := Started(pid)
		ids := usersOf(at)
		if len(ids) == 0 || slices.ContainsFunc(ids, func(id int) bool { return !slices.Contains(users, id) }) {
			continue
		}
		if worksIn(at, folder) && state(pid) != "Z" {
			name, _ := os.ReadFile(filepath.Join(at, "comm"))
			found = append(found, Worker{PID: pid, Name: strings.TrimSpace(string(name)), UID: ids[0], began: began})
		}
	}
	return found
}

// usersOf returns the real, effective and saved user of a process, as this process's user namespace counts them; none
// if it is gone. From /proc/PID/status, whose first line has the name, without line feeds:
//
//	Uid:	0	0	0	0
func usersOf(at string) (ids []int) {
	text, err := os.ReadFile(filepath.Join(at, "status"))
	if err != nil {
		return nil
	}
	_, after, found := bytes.Cut(text, []byte("\nUid:"))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	fields := strings.Fields(string(line))
	if !found || len(fields) < 3 {
		return nil
	}
	for _, field := range fields[:3] {
		id, err := strconv.Atoi(field)
		if err != nil {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// worksIn reports that the current directory of a process is the folder or one below, by path: the target is not
// accessed, because a file system that does not answer would block the caller.
func worksIn(at, folder string) bool {
	path, err := os.Readlink(filepath.Join(at, "cwd"))
	return err == nil && (path == folder || strings.HasPrefix(path, folder+"/"))
}

// Below reports that a process is one of these, or was started by one of them, or by one that was.
func Below(pid int, among []int) bool {
	for range maxDepth {
		if slices.Contains(among, pid) {
			return true
		}
		if pid = parent(pid); pid <= 1 {
			return false
		}
	}
	return false
}

// maxDepth limits a chain of parents, which may change while it is followed.
const maxDepth = 100

// parent returns the pid of a process's parent, 0 if it is not known.
func parent(pid int) int {
	fields := stat(pid)
	if len(fields) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(fields[1])
	return n
}
