// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// stranger is a user of the host that owns nothing here.
const stranger = 65533

// works starts a program in a folder; uid 0 stands for this test's own user.
func works(t *testing.T, folder string, uid uint32, program string, args ...string) int {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = folder
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		if os.Getuid() != 0 {
			t.Skip("needs root: a process of another user")
		}
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL); _ = c.Wait() })
	return c.Process.Pid
}

// open creates a folder that every user may enter.
func open(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/var/tmp", "working-in-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

func pids(workers []Worker) (found []int) {
	for _, w := range workers {
		found = append(found, w.PID)
	}
	slices.Sort(found)
	return found
}

func TestWhoWorksInAFolderIsFound(t *testing.T) {
	folder := open(t)
	below := filepath.Join(folder, "below")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	first, second := works(t, folder, 0, "sleep", "60"), works(t, below, 0, "sleep", "60")
	works(t, "/", 0, "sleep", "60")
	want := []int{first, second}
	slices.Sort(want)
	if got := WorkingIn(folder); !slices.Equal(pids(got), want) || got[0].Name != "sleep" || got[0].UID != os.Getuid() {
		t.Errorf("%+v, not %v", got, want)
	}
}

// Every user may enter a datadir of mode 0755. Nobody waits for their processes.
func TestAStrangersProcessDoesNotCount(t *testing.T) {
	folder := open(t)
	works(t, folder, stranger, "sleep", "60")
	if got := WorkingIn(folder); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	if got := WorkingIn(folder, stranger); len(got) != 1 {
		t.Errorf("one that is named: %+v", got)
	}
	if err := os.Chown(folder, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if got := WorkingIn(folder); len(got) != 1 || got[0].UID != stranger {
		t.Errorf("the owner: %+v", got)
	}
}

// A setuid root program, such as su while it waits for a password, still counts as its user's.
func TestASetuidProgramOfAStrangerDoesNotCount(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a program that is setuid root")
	}
	folder, program := open(t), filepath.Join(open(t), "waits")
	source, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	content, err := os.ReadFile(source)
	if err == nil {
		err = os.WriteFile(program, content, 0o755)
	}
	if err == nil {
		err = os.Chmod(program, 0o755|os.ModeSetuid)
	}
	if err != nil {
		t.Fatal(err)
	}
	pid := works(t, folder, stranger, program, "60")
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		ids := usersOf(filepath.Join("/proc", strconv.Itoa(pid)))
		if slices.Equal(ids, []int{stranger, 0, 0}) {
			break
		}
		if time.Now().After(end) {
			t.Skipf("the file system takes setuid off: %v", ids)
		}
	}
	if got := WorkingIn(folder); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestChildrenAreBelowTheirParent(t *testing.T) {
	folder := open(t)
	shell := works(t, folder, 0, "sh", "-c", "sleep 60 & wait")
	other := works(t, folder, 0, "sleep", "60")
	child := 0
	for end := time.Now().Add(5 * time.Second); child == 0 &&
		time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		child = childOf(shell)
	}
	if child == 0 || !Below(child, []int{shell}) || !Below(shell, []int{shell}) || Below(other, []int{shell}) ||
		Below(shell, nil) {
		t.Errorf("%d of %d, %d", child, shell, other)
	}
}
