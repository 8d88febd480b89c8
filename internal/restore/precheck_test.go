// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// works starts a program in a folder; uid 0 stands for this test's own user.
func works(t *testing.T, folder string, uid uint32, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = folder
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL); _ = c.Wait() })
}

// copied returns the path of a program's copy under another name.
func copied(t *testing.T, program, name string) string {
	t.Helper()
	from, err := exec.LookPath(program)
	if err != nil {
		t.Skip(err)
	}
	content, err := os.ReadFile(from)
	to := filepath.Join(t.TempDir(), name)
	if err == nil {
		err = os.WriteFile(to, content, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// reachable is place with a datadir that other users may enter, like the server's.
func reachable(t *testing.T) (*Node, *Book) {
	t.Helper()
	n, b := place(t)
	parent, err := os.MkdirTemp("/var/tmp", "restore-")
	if err == nil {
		err = os.Chmod(parent, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(parent) })
	n.Datadir = filepath.Join(parent, "mysql")
	fill(t, n.Datadir, "old")
	return n, b
}

// A stranger whose process has the datadir as its working directory does not keep anybody from replacing it, or from
// putting it back.
func TestAStrangerInTheDatadirStopsNoRestore(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a process of another user")
	}
	n, b := reachable(t)
	b.Target = true
	fill(t, n.Ready(b), "set")
	works(t, n.Datadir, 65533, "sleep", "60")
	if err := n.Vacant(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := n.Replace(ctx, b); err != nil || what(n.Datadir) != "set" {
		t.Fatalf("%v, %s", err, what(n.Datadir))
	}
	works(t, n.Datadir, 65533, "sleep", "60")
	if _, err := n.PutBack(ctx, b); err != nil || what(n.Datadir) != "old" {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
}

// Processes that would block the replacement of the datadir are found before the database is stopped; the database
// itself, and its children, end with it.
func TestProcessesThatOutliveTheDatabaseAreReportedBeforeItStops(t *testing.T) {
	n, _ := reachable(t)
	server := copied(t, "bash", "mariadbd")
	works(t, n.Datadir, 0, server, "-c", "sleep 60 & wait")
	for end := time.Now().Add(5 * time.Second); len(process.WorkingIn(n.Datadir)) < 2; {
		if time.Now().After(end) {
			t.Fatal("the server has no child")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := n.Vacant(t.Context()); err != nil {
		t.Errorf("the server, and a transfer: %v", err)
	}
	works(t, n.Datadir, 0, copied(t, "sh", "agent"), "-c", "sleep 1; exit")
	if err := n.Vacant(t.Context()); err != nil {
		t.Errorf("what ends by itself: %v", err)
	}
	works(t, n.Datadir, 0, copied(t, "sleep", "vi"), "60")
	time.Sleep(100 * time.Millisecond) // by then it has its name
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := n.Vacant(ctx); err == nil || !strings.Contains(err.Error(), `"vi" (pid `) ||
		!strings.Contains(err.Error(),
			"works in "+n.Datadir) {
		t.Errorf("an editor: %v", err)
	}
}

// Beside the datadir root moves, chowns and removes folders by name.
func TestADatadirInAWritableFolderIsRefused(t *testing.T) {
	n, _ := reachable(t)
	if err := n.Movable(); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky, 0o775} {
		if err := os.Chmod(filepath.Dir(n.Datadir), mode); err != nil {
			t.Fatal(err)
		}
		if err := n.Movable(); err == nil || !strings.Contains(err.Error(), "can be written by others than root") {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestAFolderBehindALinkIsNotChanged(t *testing.T) {
	victim, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Chmod(victim, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := change(link, func(folder *os.File) error { return folder.Chmod(0o755) }); err == nil {
		t.Error("it was followed")
	}
	if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
