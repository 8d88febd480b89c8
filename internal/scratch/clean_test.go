// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
)

// inside starts a program that works in a scratch folder's data, as the server's user, until it is killed.
func inside(t *testing.T, s *Folder) *process.Child {
	t.Helper()
	o := process.ChildOptions{Owner: s.Owner, Dir: s.Path(DataName)}
	child, err := process.StartChild(t.Context(), o, "sleep", "600")
	ok(t, err)
	t.Cleanup(child.Kill)
	return child
}

func TestLeftoversOfAKilledRestoreAreEndedAndRemoved(t *testing.T) {
	s := placed(t)
	child := inside(t, s)
	ok(t, os.WriteFile(s.Path("data/ibdata1"), make([]byte, 1<<20), 0o600))
	ok(t, os.Symlink("/etc", s.Path("data/etc")))
	undone, err := clean(s.root)
	if err != nil || len(undone) < 2 || !strings.HasPrefix(undone[0], "ended sleep (pid ") ||
		undone[len(undone)-1] != "removed "+filepath.Join(s.root, runName) {
		t.Errorf("%q, %v", undone, err)
	}
	select {
	case <-child.Ended():
	case <-time.After(10 * time.Second):
		t.Error("the program goes on")
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Fatal("a link was followed:", err)
	}
	if undone, err := clean(s.root); err != nil || len(undone) > 0 {
		t.Errorf("once more: %q, %v", undone, err)
	}
}

// Any user may have a working directory in a folder that is open to all. That is no reason to kill other users'
// programs.
func TestOnlyTheServersUserIsEnded(t *testing.T) {
	s := placed(t)
	o := process.ChildOptions{Owner: process.Owner{UID: 12345, GID: 12345}, Dir: s.Path(givenName)}
	child, err := process.StartChild(t.Context(), o, "sleep", "600")
	ok(t, err)
	defer child.Kill()
	if users := serversOf(s.Path(".")); !slices.Equal(users, []int{stranger.UID}) {
		t.Errorf("the users are %v", users)
	}
	if undone, err := clean(s.root); err != nil || len(undone) != 1 {
		t.Errorf("%q, %v", undone, err)
	}
	select {
	case <-child.Ended():
		t.Error("it is ended")
	default:
	}
	if users := serversOf(s.Path(".")); users != nil {
		t.Errorf("of a place that is gone: %v", users)
	}
}

func TestAPlaceThatIsNoFolderIsLeftAlone(t *testing.T) {
	precious := filepath.Join(t.TempDir(), "precious")
	ok(t, os.Mkdir(precious, 0o700))
	for name, plant := range map[string]func(at string) error{
		"a link":   func(at string) error { return os.Symlink(precious, at) },
		"dangling": func(at string) error { return os.Symlink("/nowhere", at) },
		"a file":   func(at string) error { return os.WriteFile(at, []byte("x"), 0o600) },
		"a pipe":   func(at string) error { return syscall.Mkfifo(at, 0o600) },
	} {
		root := newRoot(t)
		ok(t, makeRoot(root))
		ok(t, plant(filepath.Join(root, runName)))
		if undone, err := clean(root); err == nil || len(undone) > 0 ||
			!strings.Contains(err.Error(), "not a folder of ours") {
			t.Errorf("%s: %q, %v", name, undone, err)
		}
		if _, err := New(t.Context(), root, stranger, container.Image{}); err == nil {
			t.Errorf("%s: it is used", name)
		}
		if _, err := os.Lstat(filepath.Join(root, runName)); err != nil {
			t.Errorf("%s: it is gone: %v", name, err)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestOneRestoreHoldsAFolder(t *testing.T) {
	s := placed(t)
	if _, err := New(t.Context(), s.root, stranger, container.Image{}); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	if undone, err := Recover(s.root); !errors.Is(err, ErrBusy) || len(undone) > 0 {
		t.Errorf("recovered while it runs: %q, %v", undone, err)
	}
	if _, err := os.Stat(s.Path(DataName)); err != nil {
		t.Errorf("its data: %v", err)
	}
	lock := filepath.Join(newRoot(t), "x", LockName)
	ok(t, os.MkdirAll(filepath.Dir(lock), 0o755))
	ok(t, os.Symlink("/etc/passwd", lock))
	if f, err := hold(filepath.Dir(lock)); err == nil {
		f.Close()
		t.Error("a link is taken for the lock")
	}
}

func TestAPlaceIsEmptyWheneverARestoreBegins(t *testing.T) {
	s := placed(t)
	ok(t, os.WriteFile(s.Path("data/of an earlier one"), nil, 0o600))
	ok(t, s.lock.Close()) // as after a kill
	next, err := New(t.Context(), s.root, stranger, container.Image{})
	ok(t, err)
	entries, err := os.ReadDir(next.Path(DataName))
	if err != nil || len(entries) > 0 || next.password == s.password {
		t.Errorf("%v, %v", entries, err)
	}
	ok(t, next.Remove())
	if _, err := os.Lstat(next.Path(".")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the place: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(s.root, LockName)); err != nil {
		t.Errorf("the lock stays, for who waits for it: %v", err)
	}
	again, err := New(t.Context(), s.root, stranger, container.Image{})
	ok(t, err)
	s.lock = again.lock // the test removes it at its end
}

func TestScratchFoldersThatCannotWorkAreRefused(t *testing.T) {
	parent := filepath.Dir(newRoot(t))
	folder := func(name string, mode fs.FileMode) string {
		at := filepath.Join(parent, name)
		ok(t, os.Mkdir(at, 0o700))
		ok(t, os.Chmod(at, mode))
		return at
	}
	closed, open := folder("closed", 0o700), folder("open", 0o777)
	link := filepath.Join(parent, "link")
	ok(t, os.Symlink(parent, link))
	for at, why := range map[string]string{
		"relative":                             "give an absolute path",
		parent + "/../x":                       "give an absolute path",
		"/":                                    "give an absolute path",
		open + "/s":                            "can be written by others",
		link + "/s":                            "is a symbolic link",
		closed + "/s":                          "the user mysql cannot enter",
		"/" + strings.Repeat("x/", 100):        "give an absolute path",
		parent + "/" + strings.Repeat("x", 80): "a socket's address",
		filepath.Join(parent, "s"):             "",
		filepath.Join(parent, "not", "there", "yet"): "",
	} {
		err := Check(at, stranger)
		if (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", at, err)
		}
	}
	// Root's own programs can enter any folder.
	if err := Check(closed+"/s", process.Owner{}); err != nil {
		t.Errorf("for root: %v", err)
	}
}

func TestNamesOfContainersDistinguishFolders(t *testing.T) {
	one, other := ContainerName("/var/lib/a"), ContainerName("/var/lib/b")
	if one == other || one != ContainerName("/var/lib/a") || !noted.MatchString("podman "+one+"\n") {
		t.Errorf("%s, %s", one, other)
	}
}

func TestNothingInASetRunsAsRoot(t *testing.T) {
	if _, err := UserNamed("root"); err == nil || !strings.Contains(err.Error(),
		"which never runs anything from a set") {
		t.Errorf("%v", err)
	}
	var none *NoAccountError
	if _, err := UserNamed("no-such-user"); !errors.As(err, &none) ||
		!strings.Contains(err.Error(), "useradd --system") {
		t.Errorf("%v", err)
	}
	if owner, err := UserNamed("daemon"); err != nil || owner.UID == 0 {
		t.Errorf("%+v, %v", owner, err)
	}
}
