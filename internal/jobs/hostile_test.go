// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/journal"
)

// closed returns a store that works with the umask of whoever runs the test.
func closed(t *testing.T) (Store, string) {
	t.Helper()
	s, binary := store(t)
	if err := os.Chmod(filepath.Dir(binary), 0o700); err != nil {
		t.Fatal(err)
	}
	return s, binary
}

// Whatever umask the caller has, no other user can read the files of a job.
func TestAJobIsRootsAloneUnderAnyUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o027} {
		s, binary := closed(t)
		old := syscall.Umask(umask)
		j := create(t, s, "a", binary)
		notes, err := journal.Open(j.Journal())
		release, lockErr := s.Lock("a")
		err = errors.Join(err, lockErr, j.Renew(), j.End(map[string]any{"msg": "x"}))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		release()
		notes.Close()
		for _, root := range []string{s.State, s.Run} {
			_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
				info, statErr := os.Lstat(path)
				if err := errors.Join(err, statErr); err != nil {
					t.Fatal(err)
				}
				if info.Mode().Perm()&0o077 != 0 {
					t.Errorf("umask %03o: %s is %s", umask, path, info.Mode())
				}
				return nil
			})
		}
	}
}

// Nothing is written through a link at the name of one of a job's files, and nothing is read through one. Two files are
// written in place: only root, whose folders they are in, could plant a hard link for these.
func TestLinksAtTheNamesOfAJobsFilesAreNotFollowed(t *testing.T) {
	for name, at := range map[string]func(j *Job) string{
		"state": (*Job).StateFile, "arguments": (*Job).Arguments, "lease": (*Job).lease, "journal": (*Job).Journal,
		"lock": func(j *Job) string { return filepath.Join(j.store.Run, lockName) },
	} {
		for kind, link := range map[string]func(old, new string) error{"symbolic": os.Symlink, "hard": os.Link} {
			if kind == "hard" && (name == "journal" || name == "lock") {
				continue
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				s, binary := closed(t)
				j := create(t, s, "a", binary)
				victim := filepath.Join(t.TempDir(), "victim")
				precious := []byte(`{"precious":"` + strings.Repeat("x", 200) + `"}`)
				if err := os.WriteFile(victim, precious, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Remove(at(j)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				if err := link(victim, at(j)); err != nil {
					t.Skip(err) // another file system
				}
				_ = j.Renew()
				_ = j.End(map[string]any{"msg": "ended"})
				if notes, err := journal.Open(j.Journal()); err == nil && name != "journal" {
					notes.Close()
				}
				if release, err := s.Lock("a"); err == nil {
					release()
				}
				if text, err := j.Lease(); err == nil && strings.Contains(text, "precious") {
					t.Error("the lease was read from behind the link")
				}
				_ = j.DropSecrets()
				if got, err := os.ReadFile(victim); !bytes.Equal(got, precious) {
					t.Errorf("it was written to: %.60q, %v", got, err)
				}
			})
		}
	}
}
