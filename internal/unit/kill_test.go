// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const ours = "overcloud-backup-a.service"

// inUnit makes this process a member of a unit, and returns the file that lists the unit's processes.
func inUnit(t *testing.T, cgroup string) (procs string) {
	t.Helper()
	folder := t.TempDir()
	put(t, filepath.Join(folder, "cgroup"), cgroup, 0o600)
	swap(t, &ownCgroup, filepath.Join(folder, "cgroup"))
	before := cgroups
	cgroups = []string{filepath.Join(folder, "none"), folder}
	t.Cleanup(func() { cgroups = before })
	if err := os.MkdirAll(filepath.Join(folder, "system.slice", ours), 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "system.slice", ours, "cgroup.procs")
}

func TestKillRestKillsAllButItself(t *testing.T) {
	for name, cgroup := range map[string]string{
		"v1":        "12:memory:/system.slice/other.service\n1:name=systemd:/system.slice/" + ours + "\n",
		"v2":        "0::/system.slice/" + ours + "\n",
		"v2 and v1": "4:memory:/\n1:name=systemd:/system.slice/" + ours + "\n0::/system.slice/" + ours + "\n",
	} {
		procs := inUnit(t, cgroup)
		left := []*exec.Cmd{exec.Command("sleep", "600"), exec.Command("sleep", "600")}
		list := fmt.Sprintln(os.Getpid())
		for _, c := range left {
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			list += fmt.Sprintln(c.Process.Pid)
		}
		put(t, procs, list, 0o600)
		// The kernel's list is always current; this one is current when both are gone.
		ended := make(chan error)
		go func() {
			err := errors.Join(left[0].Wait(), left[1].Wait())
			_ = os.WriteFile(procs, fmt.Appendln(nil, os.Getpid()), 0o600)
			ended <- err
		}()
		killed, err := KillRest(t.Context(), ours)
		if err != nil || killed != 2 {
			t.Errorf("%s: %d, %v", name, killed, err)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
			t.Errorf("%s: they ended with %v", name, err)
		}
	}
}

func TestKillRestGivesUpOnAProcessThatDoesNotEnd(t *testing.T) {
	procs := inUnit(t, "0::/system.slice/"+ours+"\n")
	// Nobody waits for it: it becomes a zombie, which no signal removes.
	c := exec.Command("sleep", "600")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Wait() }()
	put(t, procs, fmt.Sprintln(c.Process.Pid), 0o600)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	killed, err := KillRest(ctx, ours)
	if killed != 1 || !errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), fmt.Sprint(c.Process.Pid)) {
		t.Errorf("got %d, %v", killed, err)
	}
}

func TestKillRestKillsNothingOutsideItsUnit(t *testing.T) {
	for name, cgroup := range map[string]string{
		"a session":           "0::/user.slice/user-0.slice/session-1.scope\n",
		"another unit":        "1:name=systemd:/system.slice/other.service\n0::/system.slice/other.service\n",
		"its name as a slice": "0::/" + ours + "/x.service\n",
		"another hierarchy":   "3:memory:/system.slice/" + ours + "\n0::/\n",
		"nothing":             "",
	} {
		procs := inUnit(t, cgroup)
		c := exec.Command("sleep", "600")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		put(t, procs, fmt.Sprintln(c.Process.Pid), 0o600)
		if killed, err := KillRest(t.Context(), ours); err == nil || killed != 0 {
			t.Errorf("%s: %d, %v", name, killed, err)
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Wait(); err == nil || !strings.Contains(err.Error(), "terminated") {
			t.Errorf("%s: it ended with %v, not by the test's own signal", name, err)
		}
	}
}

func TestKillRestReportsThatItCannotListProcesses(t *testing.T) {
	inUnit(t, "0::/system.slice/"+ours+"\n")
	if _, err := KillRest(t.Context(), ours); err == nil || !strings.Contains(err.Error(), "is not below") {
		t.Errorf("no list: %v", err)
	}
	swap(t, &ownCgroup, "/none")
	if _, err := KillRest(t.Context(), ours); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no /proc: %v", err)
	}
}
