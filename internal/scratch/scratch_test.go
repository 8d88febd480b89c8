// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
)

// stranger stands for the user mysql. It is not 65534, which the kernel also uses for unknown users.
var stranger = process.Owner{UID: 65533, GID: 65533}

// newRoot returns a path for a scratch folder.
func newRoot(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/var/tmp", "verify-scratch-")
	ok(t, err)
	ok(t, os.Chmod(parent, 0o711))
	t.Cleanup(func() { os.RemoveAll(parent) })
	return filepath.Join(parent, "s")
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// placed returns a place in a scratch folder whose server's user is stranger.
func placed(t *testing.T) *Folder {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	s, err := New(t.Context(), newRoot(t), stranger, container.Image{})
	ok(t, err)
	t.Cleanup(func() { ok(t, s.Remove()) })
	return s
}

func TestTheServersUserOwnsFoldersInThePlaceAndNotThePlace(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	s := placed(t)
	ok(t, s.writeForServer(accountName, "CREATE USER"))
	its := uint32(stranger.UID)
	for name, want := range map[string]struct {
		uid  uint32
		mode fs.FileMode
	}{
		".": {0, 0o711}, DataName: {its, 0o700}, TemporaryName: {its, 0o700}, filepath.Dir(SocketName): {its, 0o700},
		accountName: {its, 0o600},
	} {
		info, err := os.Stat(s.Path(name))
		ok(t, err)
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != want.uid || info.Mode().Perm() != want.mode {
			t.Errorf("%s: uid %d, mode %04o", name, uid, info.Mode().Perm())
		}
	}
}

func TestRootWritesThroughNoLink(t *testing.T) {
	s := placed(t)
	victim := filepath.Join(t.TempDir(), "victim")
	ok(t, os.WriteFile(victim, []byte("root's"), 0o600))
	ok(t, os.Symlink(victim, s.Path(accountName)))
	if err := s.writeForServer(accountName, "CREATE USER"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	info, err := os.Stat(victim)
	ok(t, err)
	if content, _ := os.ReadFile(victim); string(content) != "root's" || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("%q, %+v", content, info.Sys())
	}
}

// The place of a killed restore may hold anything that its user left there.
func TestOnlyAContainerOfOursIsRemovedByTheNoteOfIt(t *testing.T) {
	bin := t.TempDir()
	ran := filepath.Join(bin, "ran")
	program := "#!/bin/sh\necho \"$0 $*\" >>" + ran + "\necho 'Error: no such container' >&2; exit 125\n"
	for _, name := range []string{"podman", "docker", "other"} {
		ok(t, os.WriteFile(filepath.Join(bin, name), []byte(program), 0o755))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for note, runs := range map[string]bool{
		"podman overcloud-backup-0123456789ab\n": true, "docker overcloud-backup-0123456789ab\n": true,
		filepath.Join(bin, "other") + " overcloud-backup-0123456789ab\n": false,
		"other overcloud-backup-0123456789ab\n":                          false,
		"podman galera-bundle-podman-0\n":                                false,
		"podman --all overcloud-backup-0123456789ab\n":                   false, "podman overcloud-ba": false,
		"": false,
	} {
		run := t.TempDir()
		ok(t, os.WriteFile(filepath.Join(run, containerFile), []byte(note), 0o600))
		if undone, err := leaveContainer(run); err != nil || len(undone) > 0 {
			t.Errorf("%q: %q, %v", note, undone, err)
		}
		got, _ := os.ReadFile(ran)
		if (len(got) > 0) != runs {
			t.Errorf("%q ran %q", note, got)
		}
		_ = os.Remove(ran)
	}
}

// inHome moves the collection's folder to another path, which the server's user can reach.
func inHome(t *testing.T) (root string) {
	t.Helper()
	parent, err := os.MkdirTemp("/var/tmp", "verify-home-")
	ok(t, err)
	ok(t, os.Chmod(parent, 0o711))
	t.Cleanup(func() { os.RemoveAll(parent) })
	before := home
	home = filepath.Join(parent, "overcloud.backup")
	t.Cleanup(func() { home = before })
	return filepath.Join(home, "scratch")
}

// Jobs create the collection's folder with mode 0700. The server's user can reach the scratch folder in it, and sees no
// other.
func TestTheServersUserGetsToTheDefaultScratchFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	defer syscall.Umask(syscall.Umask(0o077))
	for name, arrange := range map[string]func(){
		"there is none":   func() {},
		"jobs were first": func() { ok(t, os.MkdirAll(filepath.Join(home, "jobs"), 0o700)) },
	} {
		root := inHome(t)
		arrange()
		ok(t, Check(root, stranger))
		s, err := New(t.Context(), root, stranger, container.Image{})
		ok(t, err)
		as := process.ChildOptions{Owner: stranger}
		if err := as.Run(t.Context(), "sh", "-c", `cd "$1" && touch here`, "sh", s.Path(DataName)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := as.Run(t.Context(), "ls", home); err == nil {
			t.Errorf("%s: it can be listed", name)
		}
		if err := as.Run(t.Context(), "ls", filepath.Join(home, "jobs")); err == nil {
			t.Errorf("%s: jobs can be listed", name)
		}
		ok(t, s.Remove())
	}
}

func TestOurLeftoversInTheEarlierScratchFolderAreRemoved(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a folder of another user")
	}
	before := earlierDefault
	t.Cleanup(func() { earlierDefault = before })
	earlierDefault = filepath.Join(t.TempDir(), "overcloud.backup")
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 {
		t.Errorf("none: %q, %v", undone, err)
	}
	s, err := New(t.Context(), earlierDefault, stranger, container.Image{})
	ok(t, err)
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 {
		t.Errorf("one that runs: %q, %v", undone, err)
	}
	ok(t, s.lock.Close()) // as after a kill
	if undone, err := RecoverFormer(); err != nil || len(undone) != 1 {
		t.Errorf("one that was killed: %q, %v", undone, err)
	}
	ok(t, os.Mkdir(filepath.Join(earlierDefault, runName), 0o700))
	ok(t, os.Chown(earlierDefault, 65533, 65533))
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 || !isFolder(filepath.Join(earlierDefault,
		runName)) {
		t.Errorf("a stranger's: %q, %v", undone, err)
	}
}
