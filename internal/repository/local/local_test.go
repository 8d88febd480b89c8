// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/repository"
)

var at = time.Date(2026, 11, 22, 19, 15, 0, 5e8, time.UTC)

// home returns a folder that is suitable as the destination's parent: tests run in one below /tmp, which is sticky.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	// The testing package creates its parent with a mode that depends on the umask.
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// opened is a repository in a new directory.
type opened struct {
	*repository.Repository
	path string
}

func opens(t *testing.T) opened {
	t.Helper()
	path := filepath.Join(home(t), "backups")
	s, err := Make(path)
	if err != nil {
		t.Fatal(err)
	}
	d := opened{repository.New(s), path}
	t.Cleanup(func() { d.Close() })
	return d
}

// sets lists the sets, with the problems of damaged ones.
func (d opened) sets() ([]repository.Entry, error) {
	l, err := d.List("")
	for _, bad := range l.Damaged {
		err = errors.Join(err, fmt.Errorf("%s: %v", bad.Set, bad.Problems))
	}
	return l.Sets, err
}

func create(t *testing.T, d opened) *repository.Draft {
	t.Helper()
	s, err := d.Create("galera_cluster", "physical", "controller-2", at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// commit writes a set of one file.
func commit(t *testing.T, s *repository.Draft) {
	t.Helper()
	f, err := s.Add("users.sql", "users", []byte("CREATE USER a;\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(&repository.Manifest{Files: []repository.File{f}, Warnings: []string{}}); err != nil {
		t.Fatal(err)
	}
}

func TestSetsAreThereWithTheirManifestOnly(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	d := opens(t)
	s := create(t, d)
	if sets, err := d.sets(); len(sets) != 0 || err != nil {
		t.Errorf("before Commit: %v, %v", sets, err)
	}
	if got := d.Leftovers("galera_cluster"); len(got) != 1 || got[0] != s.Folder() {
		t.Errorf("leftovers %q", got)
	}
	commit(t, s)
	want := filepath.Join(d.path, "galera_cluster/20261122T191500Z_physical_controller-2")
	if s.Path() != want {
		t.Errorf("path %s, want %s", s.Path(), want)
	}
	sets, err := d.sets()
	if err != nil || len(sets) != 1 || sets[0].Set != s.Name() || sets[0].Bytes != 15 {
		t.Errorf("after Commit: %+v, %v", sets, err)
	}
	assertModes(t, d.path)
}

func assertModes(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[e.IsDir()]; err == nil &&
			info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNamesAreUniqueWithinASecondAndSortByTime(t *testing.T) {
	d := opens(t)
	var names []string
	for range 3 {
		s := create(t, d)
		commit(t, s)
		names = append([]string{s.Name()}, names...)
	}
	sets, err := d.sets()
	if err != nil || len(sets) != 3 {
		t.Fatal(sets, err)
	}
	for i, m := range sets {
		if m.Set != names[i] {
			t.Errorf("set %d is %s, want %s", i, m.Set, names[i])
		}
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	d := opens(t)
	s := create(t, d)
	if _, err := s.Add("a", "log", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.Folder(), "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(d.path); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAbortKeepsOtherSets(t *testing.T) {
	d := opens(t)
	first := create(t, d)
	second := create(t, d)
	commit(t, second)
	if err := first.Abort(); err != nil {
		t.Fatal(err)
	}
	if sets, err := d.sets(); len(sets) != 1 || sets[0].Set != second.Name() {
		t.Errorf("%v, %v", sets, err)
	}
}

// If any step of Commit fails there is no set, and Abort can still clean up.
func TestACommitThatFailsLeavesNoSet(t *testing.T) {
	for name, hinder := range map[string]func(s *repository.Draft) error{
		"the manifest cannot be written": func(s *repository.Draft) error { return os.RemoveAll(s.Folder()) },
		"the manifest cannot be renamed": func(s *repository.Draft) error {
			return os.MkdirAll(filepath.Join(s.Folder(), "manifest.json/x"), 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := opens(t)
			s := create(t, d)
			if err := hinder(s); err != nil {
				t.Fatal(err)
			}
			if err := s.Commit(&repository.Manifest{Files: []repository.File{{Name: "a"}}}); err == nil ||
				!strings.Contains(err.Error(), s.Path()) {
				t.Errorf("got %v", err)
			}
			if sets, _ := d.sets(); len(sets) != 0 {
				t.Errorf("a set: %+v", sets[0])
			}
			if err := s.Abort(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(d.path); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestBadDestinationsAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(t *testing.T, dir string) string
		want string
	}{
		"relative": {func(t *testing.T, dir string) string { return "backups" }, "absolute path"},
		"with ..":  {func(t *testing.T, dir string) string { return dir + "/a/../b" }, "absolute path"},
		"the root": {func(t *testing.T, dir string) string { return "/" }, "absolute path"},
		"a file": {func(t *testing.T, dir string) string { return file(t, dir+"/f") },
			"is not a directory"},
		"a symbolic link": {func(t *testing.T, dir string) string { return link(t, dir, dir+"/l") },
			"is a symbolic link"},
		"below a link": {func(t *testing.T, dir string) string { return link(t, dir, dir+"/l") + "/b" },
			"/l is a symbolic link"},
		"world-writable": {func(t *testing.T, dir string) string { return folder(t, dir+"/w", 0o777) },
			"chmod go-w"},
		"sticky for all": {func(t *testing.T, dir string) string {
			return folder(t, dir+"/w",
				0o777|fs.ModeSticky)
		}, "chmod go-w"},
		"group-writable": {func(t *testing.T, dir string) string { return folder(t, dir+"/w", 0o770) },
			"mode 0770"},
		"below an open folder": {func(t *testing.T, dir string) string { return folder(t, dir+"/w", 0o777) + "/b" },
			"/w can be written by others"},
		"of another user": {func(t *testing.T, dir string) string { return owned(t, dir+"/o") },
			"belongs to user 65534"},
		"below another user": {func(t *testing.T, dir string) string { return owned(t, dir+"/o") + "/b" },
			"/o belongs to user 65534"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Make(tt.make(t, home(t)))
			if err == nil {
				d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestASetBelowAStickyParentIsFine(t *testing.T) {
	d, err := Make(folder(t, home(t)+"/w", 0o777|fs.ModeSticky) + "/a/b")
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

func TestPlantedClusterFoldersAreRefused(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, path string){
		"a link":  func(t *testing.T, path string) { link(t, "/tmp", path) },
		"a file":  func(t *testing.T, path string) { file(t, path) },
		"foreign": func(t *testing.T, path string) { owned(t, path) },
	} {
		t.Run(name, func(t *testing.T) {
			d := opens(t)
			plant(t, filepath.Join(d.path, "galera_cluster"))
			if s, err := d.Create("galera_cluster", "logical", "c", at); err == nil {
				t.Errorf("made %s", s.Path())
			}
		})
	}
}

func TestPlantedFilesAreRefused(t *testing.T) {
	d := opens(t)
	s := create(t, d)
	victim := file(t, filepath.Join(d.path, "victim"))
	link(t, victim, filepath.Join(s.Folder(), "backup.log"))
	if f, err := s.New("backup.log"); err == nil {
		f.Close()
		t.Error("a planted link was opened")
	}
	if f, err := s.New("../escape"); err == nil {
		f.Close()
		t.Error("a file outside of the set")
	}
}

func TestHostileNamesAreRefused(t *testing.T) {
	d := opens(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", ".partial-x", "-rf", "a\nb", "ü",
		strings.Repeat("x", 101)} {
		if s, err := d.Create(name, "physical", "c", at); err == nil || !strings.Contains(err.Error(), "cluster name") {
			t.Errorf("%q: %v, %v", name, s, err)
		}
	}
	if left, _ := os.ReadDir(d.path); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestManifestsThatAreNotTheSetsOwn(t *testing.T) {
	d := opens(t)
	first, second := create(t, d), create(t, d)
	commit(t, first)
	commit(t, second)
	data, err := os.ReadFile(filepath.Join(first.Path(), repository.ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(second.Path(), repository.ManifestName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	sets, err := d.sets()
	if len(sets) != 1 || err == nil || !strings.Contains(err.Error(), `it belongs to the set "`+first.Name()) {
		t.Errorf("%d sets, %v", len(sets), err)
	}
}

func TestFreeAsksTheNearestFolder(t *testing.T) {
	dir := home(t)
	free, asked, err := Free(dir + "/not/yet/there")
	if err != nil || free <= 0 || asked != dir {
		t.Errorf("%d at %s, %v", free, asked, err)
	}
}

func file(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func folder(t *testing.T, path string, mode fs.FileMode) string {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, path string) string {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func owned(t *testing.T, path string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to give a folder away")
	}
	folder(t, path, 0o700)
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	return path
}

// Only one of two writers gets a name; the other one must not remove it.
func TestAbortLeavesASetOfTheSameNameAlone(t *testing.T) {
	d := opens(t)
	mine := create(t, d)
	theirs := filepath.Join(mine.Path(), repository.ManifestName)
	if err := os.Mkdir(mine.Path(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := mine.Commit(&repository.Manifest{Warnings: []string{}}); err == nil {
		t.Error("the name was taken")
	}
	if err := mine.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("the other set: %v", err)
	}
	if _, err := os.Stat(mine.Folder()); err == nil {
		t.Error("our own is left")
	}
}

// A failure after the set got its name removes the name again.
func TestAbortRemovesASetThatHasItsName(t *testing.T) {
	d := opens(t)
	s := create(t, d)
	commit(t, s)
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(d.path); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A verification that writes its record while the set is listed must not make the earlier record look broken.
func TestARecordIsReadWhileItIsReplaced(t *testing.T) {
	d := opens(t)
	draft := create(t, d)
	commit(t, draft)
	set, err := d.Set("", draft.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	sound := repository.Outcome{OK: true, At: 1, Problems: []repository.Problem{}, Warnings: []string{}}
	if err := set.Write(repository.LevelRead, sound); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(set.Path(), "verified.json")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ended, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-ended:
				done <- nil
				return
			default:
			}
			if err := errors.Join(os.WriteFile(path+".other", content, 0o600),
				os.Rename(path+".other", path)); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 1000 {
		if r, err := set.Record(); err != nil || r.Read == nil {
			t.Errorf("%+v, %v", r, err)
			break
		}
	}
	close(ended)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Two verifications of one set write its record at once: a reader sees the one or the other, never a part of one.
func TestARecordHasOneWriterOrTheOther(t *testing.T) {
	d := opens(t)
	draft := create(t, d)
	commit(t, draft)
	set := draft.Name()
	contents := []string{strings.Repeat("a", 100), strings.Repeat("b", 100_000)}
	done := make(chan error, len(contents))
	for _, content := range contents {
		go func() {
			s, err := Open(d.path)
			if err != nil {
				done <- err
				return
			}
			defer s.Close()
			source, err := s.Open(set)
			for range 50 {
				if err == nil {
					err = source.Replace("verified.json", []byte(content))
				}
			}
			done <- err
		}()
	}
	path := filepath.Join(d.path, set, "verified.json")
	for ended := 0; ended < len(contents); {
		select {
		case err := <-done:
			ended++
			if err != nil {
				t.Error(err)
			}
		default:
		}
		got, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && !slices.Contains(contents, string(got)) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(d.path, set, ".*")); len(left) > 0 || err != nil {
		t.Errorf("left: %q, %v", left, err)
	}
}
