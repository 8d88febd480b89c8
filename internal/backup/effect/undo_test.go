// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/node"
)

// remains is the state that a killed job leaves.
type remains struct {
	Login       mariadb.Login
	Destination string
	Journal     node.Journal
}

// undo replays the journal, like the stop command of the job's unit.
func (a remains) undo(t *testing.T) ([]Undone, error) {
	t.Helper()
	notes, err := journal.Open(string(a.Journal))
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	return Undo(t.Context(), UndoOptions{
		Entries: a.Journal.Entries(t), Journal: notes, Login: a.Login, DrainTimeout: 10 * time.Second,
	})
}

// partial returns the unfinished sets.
func (a remains) partial() []string {
	found, _ := filepath.Glob(a.Destination + "/*/.partial-*")
	return found
}

// in returns the names in a folder.
func in(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Settings of somebody else stay unchanged, and effects that are already gone are noted.
func TestUndoLeavesADesyncThatIsNotItsOwn(t *testing.T) {
	s := node.Shared(t)
	now, err := ThisServer(t.Context(), s.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	if now.BootID == "" || now.PID != s.PID() || now.Start == "" || now.UID == "" {
		t.Fatalf("%+v", now)
	}
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("SET GLOBAL wsrep_desync = OFF") })
	change := func(do func(*Instance)) Instance { i := now; do(&i); return i }
	for name, tt := range map[string]struct {
		noted Instance
		said  string
		left  string
	}{
		"another process":                   {change(func(i *Instance) { i.Start += "0" }), "was restarted since", "1"},
		"a later process with the same pid": {change(func(i *Instance) { i.PID++ }), "was restarted since", "1"},
		"before a reboot":                   {change(func(i *Instance) { i.BootID = "x" }), "was restarted since", "1"},
		"another server":                    {change(func(i *Instance) { i.UID = "x" }), "was restarted since", "1"},
		"over TCP, started later": {change(func(i *Instance) { i.PID, i.Start, i.Up = 0, "", now.Up+1000 }),
			"was restarted since", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			undoesDesync(t, s, tt.noted, tt.said, tt.left)
		})
	}
	undoesDesync(t, s, now, "then OFF", "0")
	undoesDesync(t, s, now, "wsrep_desync is OFF", "0")
	gone := mariadb.Login{Socket: filepath.Join(t.TempDir(), "none")}
	a := remains{Login: gone, Journal: node.NewJournal(t)}
	a.Journal.Note(t, DesyncEffect, desyncUndo{"OFF", change(func(i *Instance) { i.Start += "0" })})
	if done, err := a.undo(t); err != nil || len(done) != 1 ||
		!strings.Contains(done[0].Done, "does not run any more") || len(a.Journal.Open(t)) != 0 {
		t.Errorf("no server: %+v, %v", done, err)
	}
}

func undoesDesync(t *testing.T, s *node.Server, noted Instance, said, left string) {
	t.Helper()
	a := remains{Login: s.Login(), Journal: node.NewJournal(t)}
	a.Journal.Note(t, DesyncEffect, desyncUndo{"OFF", noted})
	done, err := a.undo(t)
	if err != nil || len(done) != 1 || !strings.Contains(done[0].Done, said) || s.Desync(t) != left ||
		len(a.Journal.Open(t)) != 0 {
		t.Errorf("%+v, %v, wsrep_desync %s, open %q", done, err, s.Desync(t), a.Journal.Open(t))
	}
}

// A damaged or unknown entry is reported and kept, and does not keep any other from being undone.
func TestUndoGoesOnAfterWhatItCannotUndo(t *testing.T) {
	a := remains{Destination: node.Destination(t) + "/sets", Journal: node.NewJournal(t)}
	hidden := a.unfinished(t, "solo", ".partial-20261123T081500Z-physical-x")
	kept := a.unfinished(t, "solo", "20261123T081500Z-physical-x")
	outside := a.unfinished(t, "..", ".partial-x")
	a.Journal.Note(t, SetEffect, setUndo{Destination: a.Destination, Cluster: "solo", Hidden: filepath.Base(hidden),
		Final: filepath.Base(kept)})
	a.Journal.Note(t, "teleport", nil)
	a.Journal.Note(t, SetEffect, "no object")
	a.Journal.Note(t, SetEffect, setUndo{Destination: a.Destination, Cluster: "solo", Hidden: filepath.Base(kept)})
	a.Journal.Note(t, SetEffect, setUndo{Destination: a.Destination, Cluster: "..", Hidden: filepath.Base(outside)})
	a.Journal.Note(t, SetEffect, setUndo{Destination: a.Destination, Cluster: "solo",
		Hidden: ".partial-../../" + filepath.Base(filepath.Dir(kept))})
	done, err := a.undo(t)
	if err == nil || len(done) != 1 || !slices.Equal(a.Journal.Open(t),
		[]string{SetEffect, SetEffect, SetEffect, SetEffect, "teleport"}) {
		t.Errorf("%+v, %v, open %q", done, err, a.Journal.Open(t))
	}
	for _, want := range []string{"use the version that made it", "read the journal", "does not name an unfinished set",
		"cluster name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	for path, want := range map[string]bool{hidden: false, kept: true, outside: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// unfinished creates a folder with a file, like a set's.
func (a remains) unfinished(t *testing.T, cluster, name string) string {
	t.Helper()
	path := filepath.Join(a.Destination, cluster, name)
	if err := errors.Join(os.MkdirAll(path, 0o700), os.WriteFile(filepath.Join(path, "backup.xbstream.zst"),
		[]byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// After a reboot the destination may not be mounted yet. An empty mount point does not prove that nothing is left.
func TestASetOnAFileSystemThatIsNotMountedStaysInTheJournal(t *testing.T) {
	a := remains{Destination: node.Destination(t) + "/sets", Journal: node.NewJournal(t)}
	mount := filepath.Dir(a.Destination)
	if err := unix.Mount("tmpfs", mount, "tmpfs", 0, "mode=0700,size=1m"); err != nil {
		t.Skip("cannot mount a file system:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(mount, unix.MNT_DETACH) })
	hidden := a.unfinished(t, "solo", ".partial-x")
	undo := setUndo{Destination: a.Destination, Cluster: "solo", Hidden: ".partial-x", Mount: mountOf(a.Destination)}
	if undo.Mount != mount {
		t.Fatalf("it is mounted at %q", undo.Mount)
	}
	a.Journal.Note(t, SetEffect, undo)
	// Another mount over it hides it, as if it were not mounted.
	away := filepath.Join(t.TempDir(), "away")
	if err := errors.Join(os.Mkdir(away, 0o700), unix.Mount(mount, away, "", unix.MS_MOVE, "")); err != nil {
		t.Skip("cannot move a mount:", err)
	}
	done, err := a.undo(t)
	if err == nil || !strings.Contains(err.Error(), "is not mounted at "+mount+
		" now: mount it and call galera_backup with state: recovered") || len(done) != 0 ||
		len(a.Journal.Open(t)) != 1 {
		t.Errorf("%+v, %v, open %q", done, err, a.Journal.Open(t))
	}
	if err := unix.Mount(away, mount, "", unix.MS_MOVE, ""); err != nil {
		t.Fatal(err)
	}
	if done, err := a.undo(t); err != nil || len(done) != 1 || len(a.Journal.Open(t)) != 0 || len(in(t, mount)) != 1 {
		t.Errorf("mounted again: %+v, %v, left %q of %s", done, err, in(t, mount), hidden)
	}
}

// frozen is a file system on which every change blocks until thaw.
func frozen(t *testing.T) (path string, freeze, thaw func()) {
	t.Helper()
	image, path := filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "frozen")
	for _, command := range [][]string{{"truncate", "-s", "256M", image}, {"mkfs.ext4", "-q", image},
		{"mkdir", "-m", "700", path}, {"mount", "-o", "loop", image, path}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("cannot make a file system: %v: %s", err, out)
		}
	}
	before := removeTimeout
	removeTimeout = time.Second
	t.Cleanup(func() { removeTimeout = before; _ = exec.Command("umount", "-l", path).Run() })
	freeze = func() {
		if out, err := exec.Command("fsfreeze", "--freeze", path).CombinedOutput(); err != nil {
			t.Skipf("cannot freeze it: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("fsfreeze", "--unfreeze", path).Run() })
	}
	return path, freeze, func() { _ = exec.Command("fsfreeze", "--unfreeze", path).Run() }
}

// A destination that hangs delays neither the rest of the undo nor its end.
func TestAHangingDestinationIsLeftForLater(t *testing.T) {
	s := node.Shared(t)
	path, freeze, thaw := frozen(t)
	a := remains{Login: s.Login(), Destination: path, Journal: node.NewJournal(t)}
	a.unfinished(t, "solo", ".partial-x")
	now, err := ThisServer(t.Context(), s.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	a.Journal.Note(t, DesyncEffect, desyncUndo{"OFF", now})
	a.Journal.Note(t, SetEffect, setUndo{Destination: path, Cluster: "solo", Hidden: ".partial-x",
		Mount: mountOf(path)})
	freeze()
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	done, err := a.undo(t)
	if took := time.Since(begun); took > removeTimeout+5*time.Second {
		t.Errorf("it took %s", took)
	}
	if err == nil || !strings.Contains(err.Error(), "the file system hangs") || len(done) != 1 ||
		!slices.Equal(a.Journal.Open(t), []string{SetEffect}) || s.Desync(t) != "0" {
		t.Errorf("%+v, %v, open %q, desync %s", done, err, a.Journal.Open(t), s.Desync(t))
	}
	thaw()
	time.Sleep(500 * time.Millisecond) // goes on with what was left, which may come first
	if done, err := a.undo(t); err != nil || len(done) != 1 || len(a.Journal.Open(t)) != 0 || len(a.partial()) != 0 {
		t.Errorf("afterwards: %+v, %v, open %q, %q", done, err, a.Journal.Open(t), a.partial())
	}
}

// A destination that hangs after everything was read does not block the job for ever: it returns at its time limit.
func TestAJobComesBackFromAHangingDestination(t *testing.T) {
	path, freeze, thaw := frozen(t)
	set, err := BeginSet(SetRequest{Destination: path, Cluster: "solo", Method: "physical", Controller: "c",
		Begun: time.Now()}, NewNotes(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	freeze()
	begun := time.Now()
	if err := abandon.Either(t.Context(), time.Second, set.Folder(), set.Restart); err != nil &&
		!strings.Contains(err.Error(), "hangs") {
		t.Error(err)
	}
	commit := func() error { return set.Commit(&repository.Manifest{}) }
	if err := abandon.Either(t.Context(), time.Second, set.Folder(), commit); err == nil ||
		!strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "hangs") {
		t.Errorf("got %v", err)
	}
	if err := set.Abort(); err == nil || !strings.Contains(err.Error(), "remove "+set.Folder()) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took > removeTimeout+15*time.Second {
		t.Errorf("it took %s", took)
	}
	thaw()
}

func TestMountOf(t *testing.T) {
	if got := mountOf("/proc/self/not/there"); got != "/proc" {
		t.Errorf("got %q", got)
	}
	if got := mountOf("/"); got != "/" {
		t.Errorf("got %q", got)
	}
	if got := (setUndo{Destination: "/proc/x", Mount: "/proc"}).mounted(); got != nil {
		t.Error(got)
	}
}
