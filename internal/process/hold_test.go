// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAPlaceKnowsItsNamespaces(t *testing.T) {
	p := container(t)
	for kind, want := range map[Namespace]bool{Mounts: false, Processes: false, Network: true, IPC: true, Users: true} {
		if shared, err := p.Shares(kind); shared != want || err != nil {
			t.Errorf("%s: %v, %v", kind, shared, err)
		}
		if shared, err := (Place{}).Shares(kind); !shared || err != nil {
			t.Errorf("this host, %s: %v, %v", kind, shared, err)
		}
	}
	other, again := container(t), hold(t, p.PID())
	if together, err := p.Together(other, Mounts); together || err != nil {
		t.Error("two containers are one", err)
	}
	if together, err := p.Together(again, Mounts); !together || err != nil {
		t.Error("one container is two", err)
	}
	if mounts, err := p.Mountinfo(); err != nil || !strings.Contains(mounts, " /mnt ") {
		t.Errorf("%v\n%s", err, mounts)
	}
}

// reuse starts processes until one has a pid that was another's. The kernel gives the next free one after ns_last_pid.
func reuse(t *testing.T, pid int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			t.Skip(err)
		}
		c := exec.Command("sleep", "60")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if c.Process.Pid == pid {
			t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
			return
		}
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	t.Skipf("nobody took the pid %d within 10 s", pid)
}

// A pid that was examined may be another process's when it is entered.
func TestAPlaceRemainsThatOfTheExaminedProcess(t *testing.T) {
	p := container(t)
	pid := p.PID()
	_ = syscall.Kill(pid, syscall.SIGKILL)
	await(t, "it is gone", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
		return err != nil
	})
	reuse(t, pid)
	if _, err := p.Mountinfo(); !errors.Is(err, syscall.ESRCH) && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the mounts of another process were read: %v", err)
	}
	// Its pid namespace accepts no new process, and its mounts still exist.
	var out bytes.Buffer
	if err := (ChildOptions{Place: p, Stdout: &out}).Run(t.Context(), "/mnt/tool"); err == nil || out.Len() != 0 {
		t.Errorf("a program ran in a container that has ended: %v: %s", err, out.String())
	}
	if _, err := os.Stat(p.Path("/mnt/tool")); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLeftOfAClosedPlace(t *testing.T) {
	p := container(t)
	before := descriptors(t)
	again, err := Hold(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Find([]string{"sh", "no-such-program"}, "/mnt"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(again.Close(), again.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(again.Path("/")); err == nil {
		t.Error("a path still leads there")
	}
	if err := (ChildOptions{Place: again}).Run(t.Context(), "/bin/true"); err == nil {
		t.Error("a program still runs there")
	}
	if _, err := Hold(1 << 30); err == nil {
		t.Error("a process that is not there was held")
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestPathsOfAContainerDoNotLeaveIt(t *testing.T) {
	p := container(t)
	if err := os.WriteFile(p.Path("/mnt/plain"), []byte("inside"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(p.Path("/mnt/fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, to := range map[string]string{"/mnt/in": "/mnt/plain", "/mnt/up": "../../../mnt/plain"} {
		if err := os.Symlink(to, p.Path(path)); err != nil {
			t.Fatal(err)
		}
	}
	for path, says := range map[string]string{
		"/mnt/plain": "", "/mnt/in": "", "/mnt/up": "", "/../../mnt/plain": "",
		"/proc/1/root/mnt/plain": "", // the link's text is the container's own root
		"/mnt/fifo":              "is not a regular file", "/mnt": "is not a regular file", "/mnt/gone": "no such file",
		"/mnt/plain/x": "not a directory",
	} {
		f, err := p.Open(path)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
	if f, err := p.Folder("/mnt/.."); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	if at := p.Path("/../../../etc"); !strings.HasPrefix(at, "/proc/self/fd/") || !strings.HasSuffix(at, "/etc") {
		t.Error(at)
	}
	if at, err := p.Resolve("/mnt/up"); err != nil || at != p.Path("/mnt/plain") {
		t.Errorf("%s, %v", at, err)
	}
}

// A program in a container runs as root of this host.
func TestAProgramThatOthersCanReplaceIsNotRun(t *testing.T) {
	for name, spoil := range map[string]func(Place) error{
		"the program is another's":   func(p Place) error { return os.Chown(p.Path("/mnt/tool"), 65534, 0) },
		"the program can be written": func(p Place) error { return os.Chmod(p.Path("/mnt/tool"), 0o777) },
		"its folder is another's":    func(p Place) error { return os.Chown(p.Path("/mnt"), 65534, 0) },
		"its folder can be written":  func(p Place) error { return os.Chmod(p.Path("/mnt"), 0o1777) },
		"its folder is another group's": func(p Place) error {
			return errors.Join(os.Chown(p.Path("/mnt"), 0, 65534), os.Chmod(p.Path("/mnt"), 0o775))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := container(t)
			if path, err := p.Find([]string{"tool"}, "/mnt"); err != nil || path != "/mnt/tool" {
				t.Fatal(path, err)
			}
			if err := spoil(p); err != nil {
				t.Fatal(err)
			}
			path, err := p.Find([]string{"tool"}, "/mnt")
			if want := fmt.Sprintf("/mnt/tool in the container of process %d is not run: others than root can write"+
				" to /mnt", p.PID()); err == nil ||
				!strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q, %v", path, err)
			}
		})
	}
}

func TestProgramsOfAContainerGetNothingOfOurEnvironment(t *testing.T) {
	p := container(t)
	t.Setenv("OS_PASSWORD", "secret")
	t.Setenv("LD_PRELOAD_OF_A_TEST", "x")
	var out bytes.Buffer
	if err := (ChildOptions{Place: p, Stdout: &out}).Run(t.Context(), "/usr/bin/env"); err != nil ||
		len(strings.Fields(out.String())) != 3 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// A process that was found in a folder may have ended before it is killed, and its pid may be another process's.
func TestNobodyElseIsKilled(t *testing.T) {
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	worker := func() (*exec.Cmd, Worker) {
		c := exec.Command("sleep", "60")
		c.Dir = folder
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		found := WorkingIn(folder)
		if len(found) != 1 || found[0].PID != c.Process.Pid {
			t.Fatalf("%v", found)
		}
		return c, found[0]
	}
	c, w := worker()
	if err := w.Kill(); err != nil || c.Wait() == nil {
		t.Errorf("it lives: %v", err)
	}
	c, w = worker()
	_ = c.Process.Kill()
	_ = c.Wait()
	time.Sleep(20 * time.Millisecond) // the next tick of the clock
	reuse(t, w.PID)
	if err := w.Kill(); !errors.Is(err, syscall.ESRCH) || Started(w.PID) == "" {
		t.Errorf("another process was killed: %v", err)
	}
}
