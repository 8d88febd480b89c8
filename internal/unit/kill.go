// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Paths of a process's control group, and of systemd's hierarchies: v2, v1 next to v2, v1.
var (
	ownCgroup = "/proc/self/cgroup"
	cgroups   = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"}
)

// KillRest is for a unit's stop command, called in the unit itself: it kills all other processes of the unit, waits
// until they are gone, and returns their number. systemd does that before the stop command only if the main process was
// killed; if it ended by itself, its child processes live on during the stop command.
func KillRest(ctx context.Context, name string) (killed int, err error) {
	group, err := groupOf(name)
	if err != nil {
		return 0, fmt.Errorf("end the remaining processes of %s: %w", name, err)
	}
	seen := map[int]bool{}
	for {
		rest, err := otherProcesses(group)
		if err != nil || len(rest) == 0 {
			return len(seen), err
		}
		for _, pid := range rest {
			seen[pid] = true
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
		}
		select {
		case <-ctx.Done():
			return len(seen), fmt.Errorf("end the remaining processes of %s: processes %v do not end (waiting for a"+
				" disk "+
				"or a network file system?): %w", name, rest, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// groupOf returns the control group of this process below systemd's hierarchies. It must be that of the unit, or
// killing would not be safe.
func groupOf(name string) (string, error) {
	text, err := os.ReadFile(ownCgroup)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		// 1:name=systemd:/system.slice/x.service, or in v2 0::/system.slice/x.service
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) == 3 && (part[1] == "" || part[1] == "name=systemd") && filepath.Base(part[2]) == name {
			return part[2], nil
		}
	}
	return "", errors.New("this process does not run in that unit")
}

// otherProcesses returns the living processes of a control group except this one.
func otherProcesses(group string) (pids []int, err error) {
	found := false
	for _, hierarchy := range cgroups {
		text, err := os.ReadFile(filepath.Join(hierarchy, group, "cgroup.procs"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = true
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err == nil && pid > 1 && pid != os.Getpid() && !slices.Contains(pids, pid) {
				pids = append(pids, pid)
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("the control group %s is not below %s", group, strings.Join(cgroups, ", "))
	}
	return pids, nil
}
