// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/messages"
)

// announced creates a set with an announced name, and returns the name.
func announced(t *testing.T, d opened) (s *repository.Draft, cluster, hidden, final string) {
	t.Helper()
	d.Announce = func(c, h, f string) error {
		if _, err := os.Lstat(filepath.Join(d.path, c, h)); err == nil {
			t.Error("it is there already")
		}
		cluster, hidden, final = c, h, f
		return nil
	}
	s = create(t, d)
	if filepath.Base(s.Folder()) != hidden || filepath.Base(s.Path()) != final || cluster != "galera_cluster" {
		t.Fatalf("%s is %s, %s is %s", s.Folder(), hidden, s.Path(), final)
	}
	return s, cluster, hidden, final
}

func TestASetThatWasAnnouncedCanBeDiscardedByItsName(t *testing.T) {
	d := opens(t)
	other := create(t, d)
	commit(t, other)
	s, cluster, hidden, _ := announced(t, d)
	if _, err := s.Add("users.sql", "users", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for n, want := range []bool{true, false} {
		if removed, err := Discard(d.path, cluster, hidden); removed != want || err != nil {
			t.Errorf("%d: %t, %v", n, removed, err)
		}
	}
	if sets, err := d.sets(); err != nil || len(sets) != 1 {
		t.Errorf("the other set: %v, %v", sets, err)
	}
}

func TestAFinishedSetIsNeverDiscarded(t *testing.T) {
	d := opens(t)
	s, cluster, hidden, final := announced(t, d)
	commit(t, s)
	if removed, err := Discard(d.path, cluster, hidden); removed || err != nil {
		t.Errorf("%t, %v", removed, err)
	}
	for _, name := range []string{final, "../x", ".partial-", ".partial-../" + final, "", "."} {
		if removed, err := Discard(d.path, cluster, name); removed || err == nil {
			t.Errorf("%q: %t, %v", name, removed, err)
		}
	}
	if removed, err := Discard(d.path, "..", hidden); removed || err == nil {
		t.Errorf("above the destination: %t, %v", removed, err)
	}
	if sets, err := d.sets(); err != nil || len(sets) != 1 {
		t.Errorf("%v, %v", sets, err)
	}
}

// A link in place of the cluster's folder leads nowhere.
func TestDiscardFollowsNoLink(t *testing.T) {
	d := opens(t)
	outside := filepath.Join(t.TempDir(), ".partial-x")
	if err := errors.Join(os.Mkdir(outside, 0o700), os.Symlink(filepath.Dir(outside),
		filepath.Join(d.path, "solo"))); err != nil {
		t.Fatal(err)
	}
	if removed, err := Discard(d.path, "solo", ".partial-x"); removed || err == nil {
		t.Errorf("%t, %v", removed, err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

func TestASetThatCannotBeAnnouncedIsNotMade(t *testing.T) {
	d := opens(t)
	full := errors.New("the journal is full")
	d.Announce = func(string, string, string) error { return full }
	if s, err := d.Create("galera_cluster", "physical", "controller-2", at); s != nil || !errors.Is(err, full) {
		t.Errorf("%v, %v", s, err)
	}
	if found, _ := filepath.Glob(d.path + "/*/.partial-*"); len(found) != 0 {
		t.Errorf("left: %q", found)
	}
}

func TestASetThatIsRestartedIsEmpty(t *testing.T) {
	s := create(t, opens(t))
	if _, err := s.Add("users.sql", "users", []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(s.Folder()); len(left) != 0 || err != nil {
		t.Errorf("%v, %v", left, err)
	}
	commit(t, s)
}

// A manifest that nobody could read again is not written.
func TestAManifestThatIsTooLongIsRefused(t *testing.T) {
	s := create(t, opens(t))
	f, err := s.Add("users.sql", "users", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Commit(&repository.Manifest{Files: []repository.File{f}, Warnings: []string{strings.Repeat("x", 64<<20)}})
	if err == nil || !strings.Contains(err.Error(), "is read up to 67108864 only") {
		t.Errorf("got %v", err)
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, "a name", func(b []byte) error { _, err := Discard("/", string(b), string(b)); return err })
}
