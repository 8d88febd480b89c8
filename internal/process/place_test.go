// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/confine"
)

// container starts a process with its own mount and pid namespaces, in which /mnt holds a file that this host lacks.
func container(t *testing.T) Place {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to make namespaces")
	}
	c := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		`mount -t tmpfs none /mnt &&
		printf '#!/bin/sh\necho "inside $*"; id -u; cat /secret/file 2>/dev/null' >/mnt/tool &&
		chmod 755 /mnt /mnt/tool && echo ready && exec sleep 60`)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Skipf("no namespaces here: %s", stderr.String())
	}
	pid := childOf(c.Process.Pid)
	if pid == 0 {
		t.Fatal("unshare has no child")
	}
	return hold(t, pid)
}

func hold(t *testing.T, pid int) Place {
	t.Helper()
	p, err := Hold(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// childOf returns the only child of a process, or 0 if it has none or several.
func childOf(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	child, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return child
}

func TestAProgramOfAContainerRunsInIt(t *testing.T) {
	p := container(t)
	path, err := p.Find([]string{"no-such-program", "tool"}, "/mnt")
	if err != nil || path != "/mnt/tool" {
		t.Fatalf("%q, %v", path, err)
	}
	if _, err := (Place{}).Find([]string{"tool"}, "/mnt"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the host has it, too: %v", err)
	}
	var out bytes.Buffer
	o := ChildOptions{Place: p, Stdout: &out,
		Confined: &confine.Confinement{Files: map[string][]byte{"/secret/file": []byte("passed on\n")}}}
	if err := o.Run(t.Context(), path, "a", "b c"); err != nil || out.String() != "inside a b c\n0\npassed on\n" {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestLinksOfAContainerAreFollowedInIt(t *testing.T) {
	p := container(t)
	if err := os.Mkdir(p.Path("/mnt/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.Path("/mnt/tool"), p.Path("/mnt/bin/tool")); err != nil {
		t.Fatal(err)
	}
	for path, to := range map[string]string{
		"/mnt/sbin": "/mnt/bin", "/mnt/relative": "../../mnt/sbin/.", "/mnt/dangling": "/mnt/gone", "/mnt/loop": "loop",
		"/mnt/bin/first": "/mnt/gone/tool", "/mnt/bin/alias": "tool", "/mnt/bin/plain": "/etc/passwd",
	} {
		if err := os.Symlink(to, p.Path(path)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, folder, want string }{
		{"tool", "/mnt/sbin", "/mnt/sbin/tool"},
		{"tool", "/mnt/relative", "/mnt/relative/tool"},
		{"alias", "/mnt/sbin", "/mnt/sbin/alias"},
		{"tool", "/mnt/dangling", ""},
		{"tool", "/mnt/loop", ""},
		{"plain", "/mnt/bin", ""},
	} {
		path, err := p.Find([]string{"first", c.name}, c.folder)
		if path != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s in %s: %q, %v", c.name, c.folder, path, err)
		}
	}
}

func TestAChildInAContainerRunsAsItsOwnerAndDiesWithItsGroup(t *testing.T) {
	p := container(t)
	var out bytes.Buffer
	if err := (ChildOptions{Place: p, Owner: Owner{UID: 65534, GID: 65534}, Stdout: &out}).Run(t.Context(), "/bin/sh",
		"-c", "id -u; id -g; exit 3"); err == nil ||
		!strings.Contains(err.Error(), "exit status 3") || out.String() != "65534\n65534\n" {
		t.Errorf("%v: %s", err, out.String())
	}
	child, err := StartChild(context.Background(), ChildOptions{Place: p}, "/bin/sh", "-c", "sleep 4321 & wait")
	if err != nil {
		t.Fatal(err)
	}
	running := func() bool {
		out, _ := exec.Command("pgrep", "-f", "^sleep 4321").Output()
		return len(out) > 0
	}
	await(t, "the child runs", running)
	child.Kill()
	await(t, "the child is gone", func() bool { return !running() })
}

func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func TestAChildEndsWithItsContainer(t *testing.T) {
	p := container(t)
	from, to := io.Pipe()
	child, err := StartChild(context.Background(), ChildOptions{Place: p, Stdout: to}, "/bin/sh", "-c",
		"echo up; exec sleep 60")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(from, make([]byte, len("up\n"))); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(p.PID(), syscall.SIGKILL)
	select {
	case <-child.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("it lives on")
	}
	var exit *ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.Signal != "killed" {
		t.Error(err)
	}
}
