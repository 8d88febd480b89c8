// SPDX-License-Identifier: GPL-3.0-or-later

package verify

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

// nobody stands for the user mysql. It is not the kernel's 65534, which may be anybody.
var nobody = process.Owner{UID: 65533, GID: 65533}

// placed is a place in a scratch folder, whose server's user is nobody.
func placed(t *testing.T) *scratch {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	s, err := newScratch(t.Context(), scratchFolder(t), nobody, container.Image{})
	must(t, err)
	t.Cleanup(func() { must(t, s.remove()) })
	return s
}

func TestTheServersUserOwnsFoldersInThePlaceAndNotThePlace(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	s := placed(t)
	must(t, s.give(accountName, "CREATE USER"))
	its := uint32(nobody.UID)
	for name, want := range map[string]struct {
		uid  uint32
		mode fs.FileMode
	}{
		".": {0, 0o711}, dataName: {its, 0o700}, temporaryName: {its, 0o700}, filepath.Dir(socketName): {its, 0o700},
		accountName: {its, 0o600},
	} {
		info, err := os.Stat(s.path(name))
		must(t, err)
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != want.uid || info.Mode().Perm() != want.mode {
			t.Errorf("%s: uid %d, mode %04o", name, uid, info.Mode().Perm())
		}
	}
}

func TestRootWritesThroughNoLink(t *testing.T) {
	s := placed(t)
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, []byte("root's"), 0o600))
	must(t, os.Symlink(victim, s.path(accountName)))
	if err := s.give(accountName, "CREATE USER"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	info, err := os.Stat(victim)
	must(t, err)
	if content, _ := os.ReadFile(victim); string(content) != "root's" || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("%q, %+v", content, info.Sys())
	}
}

// A place of a killed restore may hold whatever its user left there.
func TestOnlyAContainerOfOursIsRemovedByTheNoteOfIt(t *testing.T) {
	bin := t.TempDir()
	ran := filepath.Join(bin, "ran")
	program := "#!/bin/sh\necho \"$0 $*\" >>" + ran + "\necho 'Error: no such container' >&2; exit 125\n"
	for _, name := range []string{"podman", "docker", "other"} {
		must(t, os.WriteFile(filepath.Join(bin, name), []byte(program), 0o755))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for note, runs := range map[string]bool{
		"podman overcloud-backup-0123456789ab\n": true, "docker overcloud-backup-0123456789ab\n": true,
		filepath.Join(bin, "other") + " overcloud-backup-0123456789ab\n": false, "other overcloud-backup-0123456789ab\n": false,
		"podman galera-bundle-podman-0\n": false, "podman --all overcloud-backup-0123456789ab\n": false, "podman overcloud-ba": false, "": false,
	} {
		run := t.TempDir()
		must(t, os.WriteFile(filepath.Join(run, containerFile), []byte(note), 0o600))
		if undone, err := leaveContainer(run); err != nil || len(undone) > 0 {
			t.Errorf("%q: %q, %v", note, undone, err)
		}
		said, _ := os.ReadFile(ran)
		if (len(said) > 0) != runs {
			t.Errorf("%q ran %q", note, said)
		}
		_ = os.Remove(ran)
	}
}

func TestSetsAreRestoredByAUserWithFoldersOfItsOwnOnly(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := copySet(t, method)
		r := prepared(t, openSet(t, destination, path), scratchFolder(t))
		r.owner = nobody
		found, err := r.Run(t.Context())
		if err != nil || len(found.Problems) > 0 || found.Restored == nil {
			t.Errorf("%s: %+v, %v", method, found, err)
		}
	}
}

// inHome gives the collection's folder on a host another path, where the server's user gets to.
func inHome(t *testing.T) (root string) {
	t.Helper()
	parent, err := os.MkdirTemp("/var/tmp", "verify-home-")
	must(t, err)
	must(t, os.Chmod(parent, 0o711))
	t.Cleanup(func() { os.RemoveAll(parent) })
	before := home
	home = filepath.Join(parent, "overcloud.backup")
	t.Cleanup(func() { home = before })
	return filepath.Join(home, "scratch")
}

// Jobs make the collection's folder 0700. The server's user gets to the scratch folder in it, and learns of no other.
func TestTheServersUserGetsToTheDefaultScratchFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	defer syscall.Umask(syscall.Umask(0o077))
	for name, arrange := range map[string]func(){
		"there is none":   func() {},
		"jobs were first": func() { must(t, os.MkdirAll(filepath.Join(home, "jobs"), 0o700)) },
	} {
		root := inHome(t)
		arrange()
		must(t, checkScratch(root, nobody))
		s, err := newScratch(t.Context(), root, nobody, container.Image{})
		must(t, err)
		as := process.ChildOptions{Owner: nobody}
		if err := as.Run(t.Context(), "sh", "-c", `cd "$1" && touch here`, "sh", s.path(dataName)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := as.Run(t.Context(), "ls", home); err == nil {
			t.Errorf("%s: it can be listed", name)
		}
		if err := as.Run(t.Context(), "ls", filepath.Join(home, "jobs")); err == nil {
			t.Errorf("%s: jobs can be listed", name)
		}
		must(t, s.remove())
	}
}

func TestWhatIsLeftInTheFormerScratchFolderIsRemovedWhereItIsOurs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: a folder of another user")
	}
	before := former
	t.Cleanup(func() { former = before })
	former = filepath.Join(t.TempDir(), "overcloud.backup")
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 {
		t.Errorf("none: %q, %v", undone, err)
	}
	s, err := newScratch(t.Context(), former, nobody, container.Image{})
	must(t, err)
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 {
		t.Errorf("one that runs: %q, %v", undone, err)
	}
	must(t, s.lock.Close()) // as a kill does
	if undone, err := RecoverFormer(); err != nil || len(undone) != 1 {
		t.Errorf("one that was killed: %q, %v", undone, err)
	}
	must(t, os.Mkdir(filepath.Join(former, runName), 0o700))
	must(t, os.Chown(former, 65533, 65533))
	if undone, err := RecoverFormer(); err != nil || len(undone) > 0 || !isFolder(filepath.Join(former, runName)) {
		t.Errorf("a stranger's: %q, %v", undone, err)
	}
}
