// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/journal"
)

// store returns a store in a folder of its own, and a binary for its jobs.
func store(t *testing.T) (s Store, binary string) {
	t.Helper()
	folder := t.TempDir()
	binary = filepath.Join(folder, "binary")
	if err := os.WriteFile(binary, []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Store{State: filepath.Join(folder, "lib", "jobs"), Run: filepath.Join(folder, "run")}, binary
}

func create(t *testing.T, s Store, id, binary string) *Job {
	t.Helper()
	j, err := s.Create(id, []byte(`{"password":"secret"}`), binary)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestIDs(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 15, 0, 0, time.FixedZone("", 2*3600))
	if id := NewID(at, 0xff4f2a9c); id != "20261123T081500Z-4f2a9c" || CheckID(id) != nil {
		t.Errorf("got %q, %v", id, CheckID(id))
	}
	if id := NewID(at, 7); id != "20261123T081500Z-000007" {
		t.Errorf("got %q", id)
	}
	for _, id := range []string{"a", "A.b_c-d", strings.Repeat("x", 64), "a..b"} {
		if err := CheckID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	s, binary := store(t)
	for _, id := range []string{"", ".", "..", ".hidden", "-x", "_x", "a/b", "a b", "a\n", "a\x00", "ä", "a%n", "lock",
		"verifications", strings.Repeat("x", 65)} {
		_, createErr := s.Create(id, nil, binary)
		_, openErr := s.Open(id)
		if CheckID(id) == nil || createErr == nil || openErr == nil {
			t.Errorf("%q was taken: %v, %v", id, createErr, openErr)
		}
	}
}

func TestANewJobsFilesAreRootsAlone(t *testing.T) {
	s, binary := store(t)
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	j := create(t, s, "a", binary)
	for path, mode := range map[string]fs.FileMode{
		s.State: fs.ModeDir | 0o700, s.Run: fs.ModeDir | 0o700, filepath.Join(s.State, "a"): fs.ModeDir | 0o700,
		filepath.Join(s.Run, "a"): fs.ModeDir | 0o700, j.Arguments(): 0o600, j.StateFile(): 0o600, j.lease(): 0o600,
		j.Binary(): 0o700,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v; want %v", path, info, err, mode)
		}
	}
	if program, err := os.ReadFile(j.Binary()); err != nil || string(program) != "program" {
		t.Errorf("the program: %q, %v", program, err)
	}
	if j.Unit() != "overcloud-backup-a.service" || j.Journal() != s.State+"/a/journal" {
		t.Errorf("got %s, %s", j.Unit(), j.Journal())
	}
	if state, err := j.State(); err != nil || !state.Running() || state.Finished {
		t.Errorf("got %+v, %v", state, err)
	}
	secret := false
	for _, path := range []string{j.StateFile(), j.lease(), j.Binary()} {
		content, _ := os.ReadFile(path)
		secret = secret || bytes.Contains(content, []byte("secret"))
	}
	if secret {
		t.Error("the secret is not in the arguments alone")
	}
}

func TestTheBinaryIsCopiedFromAnotherFileSystem(t *testing.T) {
	s, binary := store(t)
	other, err := os.MkdirTemp("/dev/shm", "jobs")
	if err != nil {
		t.Skip("no second file system: ", err)
	}
	defer os.RemoveAll(other)
	s.State = filepath.Join(other, "jobs")
	program, err := os.ReadFile(create(t, s, "a", binary).Binary())
	if err != nil || string(program) != "program" {
		t.Errorf("got %q, %v", program, err)
	}
}

func TestASecondCreateReattaches(t *testing.T) {
	s, binary := store(t)
	j := create(t, s, "a", binary)
	if _, err := s.Create("a", []byte("other"), binary); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if arguments, err := os.ReadFile(j.Arguments()); err != nil || string(arguments) != `{"password":"secret"}` {
		t.Errorf("the second one changed the arguments: %q, %v", arguments, err)
	}
	again, err := s.Open("a")
	if err != nil || again.Arguments() != j.Arguments() {
		t.Errorf("got %+v, %v", again, err)
	}
	if _, err := s.Open("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a job that is not there: %v", err)
	}
}

func TestALinkedBinaryIsFollowed(t *testing.T) {
	s, binary := store(t)
	if err := os.Symlink("binary", binary+".link"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(create(t, s, "a", binary+".link").Binary()); err != nil || !info.Mode().IsRegular() {
		t.Errorf("got %v, %v", info, err)
	}
}

func TestLeftoversOfAnEarlierJobInRunAreReplaced(t *testing.T) {
	s, binary := store(t)
	create(t, s, "a", binary)
	if err := os.RemoveAll(s.State); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create("a", []byte("new"), binary); err != nil {
		t.Fatal(err)
	}
	if arguments, err := os.ReadFile(filepath.Join(s.Run, "a", "arguments")); err != nil || string(arguments) != "new" {
		t.Errorf("got %q, %v", arguments, err)
	}
}

func TestAFailedCreateLeavesNothing(t *testing.T) {
	s, binary := store(t)
	for name, path := range map[string]string{"missing": binary + "x", "a folder": filepath.Dir(binary),
		"a device": "/dev/zero"} {
		if _, err := s.Create("a", nil, path); err == nil || errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
		if jobs, err := s.List(); len(jobs) != 0 || err != nil {
			t.Errorf("%s: left %v, %v", name, jobs, err)
		}
		if _, err := os.Lstat(filepath.Join(s.Run, "a")); err == nil {
			t.Errorf("%s: its secrets are left", name)
		}
	}
}

func TestFoldersOfOthersAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(s Store) error{
		"open to others": func(s Store) error { return os.Chmod(s.State, 0o755) },
		"writable above": func(s Store) error { return os.Chmod(filepath.Dir(s.State), 0o777) },
		"a link": func(s Store) error {
			return errors.Join(os.Rename(s.State, s.State+"x"), os.Symlink(s.State+"x", s.State))
		},
		"a linked job": func(s Store) error {
			return errors.Join(os.Rename(s.State+"/a", s.State+"x"), os.Symlink(s.State+"x", s.State+"/a"))
		},
		"a file": func(s Store) error {
			return errors.Join(os.RemoveAll(s.State), os.WriteFile(s.State, nil,
				0o600))
		},
		"a job open to others":   func(s Store) error { return os.Chmod(s.State+"/a", 0o750) },
		"secrets open to others": func(s Store) error { return os.Chmod(s.Run+"/a", 0o711) },
		"a stranger's job":       func(s Store) error { return os.Chown(s.State+"/a", 12345, 12345) },
	} {
		if name == "a stranger's job" && os.Geteuid() != 0 {
			continue
		}
		s, binary := store(t)
		create(t, s, "a", binary)
		if err := spoil(s); err != nil {
			t.Fatal(name, err)
		}
		if j, err := s.Open("a"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, j, err)
		}
		if _, err := s.List(); err == nil {
			t.Errorf("%s was listed", name)
		}
	}
	s, binary := store(t)
	s.Run = "run"
	if _, err := s.Create("a", nil, binary); err == nil {
		t.Error("a relative path was taken")
		os.RemoveAll("run")
	}
}

func TestList(t *testing.T) {
	s, binary := store(t)
	if jobs, err := s.List(); len(jobs) != 0 || err != nil {
		t.Errorf("no job yet: %v, %v", jobs, err)
	}
	for _, id := range []string{"20261124T000000Z-000001", "20261123T000000Z-ffffff"} {
		create(t, s, id, binary)
	}
	// A reboot empties /run.
	if err := errors.Join(os.RemoveAll(s.Run), os.Mkdir(s.State+"/.hidden", 0o700)); err != nil {
		t.Fatal(err)
	}
	jobs, err := s.List()
	if err != nil || len(jobs) != 2 || jobs[0].ID != "20261123T000000Z-ffffff" {
		t.Errorf("got %v, %v", jobs, err)
	}
}

func TestEveryRenewalChangesTheLease(t *testing.T) {
	s, binary := store(t)
	j := create(t, s, "a", binary)
	seen := map[string]bool{}
	for range 50 {
		content, err := j.Lease()
		if err != nil || seen[content] {
			t.Fatalf("%q, %v", content, err)
		}
		seen[content] = true
		if err := j.Renew(); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(s.Run, "a")); len(left) != 2 {
		t.Errorf("left %v", left)
	}
	if err := os.RemoveAll(s.Run); err != nil {
		t.Fatal(err)
	}
	if err := j.Renew(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after a reboot: %v", err)
	}
}

func TestSecretsAreDropped(t *testing.T) {
	s, binary := store(t)
	j := create(t, s, "a", binary)
	for range 2 {
		if err := j.DropSecrets(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(j.Arguments()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestState(t *testing.T) {
	s, binary := store(t)
	j := create(t, s, "a", binary)
	for content, want := range map[string]State{
		`{"started":1,"finished":0,"progress":{"percent":5}}`: {Begun: true, Progress: []byte(`{"percent":5}`)},
		`{"changed":true,"ansible_job_id":"a"}`:               {Begun: true, Finished: true},
		`{"failed":true,"msg":"x"}`:                           {Begun: true, Finished: true, Failed: true},
		`{"started":1,"finished":1}`:                          {Begun: true, Finished: true},
		`{"started":true,"finished":false,"failed":true}`:     {Begun: true},
	} {
		if err := os.WriteFile(j.StateFile(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := j.State()
		if err != nil || got.Begun != want.Begun || got.Finished != want.Finished || got.Failed != want.Failed ||
			!bytes.Equal(got.Progress, want.Progress) || string(got.Content) != content {
			t.Errorf("%s: %+v, %v", content, got, err)
		}
	}
	for _, content := range []string{"", "{", "[]", `"x"`, "null x"} {
		if err := os.WriteFile(j.StateFile(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := j.State(); err == nil || !strings.Contains(err.Error(), j.StateFile()) {
			t.Errorf("%s: %+v, %v", content, got, err)
		}
	}
	if err := os.Remove(j.StateFile()); err != nil {
		t.Fatal(err)
	}
	if got, err := j.State(); err != nil || got.Begun || got.Running() || got.Finished {
		t.Errorf("a missing file: %+v, %v", got, err)
	}
	if err := os.Symlink("/dev/zero", j.StateFile()); err != nil {
		t.Fatal(err)
	}
	if got, err := j.State(); err == nil {
		t.Errorf("a link: %+v", got)
	}
}

func TestOneBackupRunsOnANode(t *testing.T) {
	s, _ := store(t)
	release, err := s.Lock("first")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Lock("second")
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Job != "first" ||
		!strings.Contains(err.Error(), "job first runs on this node") {
		t.Errorf("got %v", err)
	}
	release()
	if release, err = s.Lock("2"); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Lock("third"); !errors.As(err, &locked) || locked.Job != "2" {
		t.Errorf("a shorter name: %v", err)
	}
	path := filepath.Join(s.Run, "lock")
	if err := os.WriteFile(path, []byte("\x1b[2J"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Lock("third"); !errors.As(err, &locked) || locked.Job != "(unknown)" {
		t.Errorf("a lock with garbage: %v", err)
	}
	release()
	if err := errors.Join(os.Remove(path), os.Symlink(s.Run+"/elsewhere", path)); err != nil {
		t.Fatal(err)
	}
	if _, err = s.Lock("third"); err == nil || errors.As(err, &locked) && err == error(locked) {
		t.Errorf("a link was locked: %v", err)
	}
	if _, err := os.Lstat(s.Run + "/elsewhere"); err == nil {
		t.Error("a file was made behind the link")
	}
}

func TestPruneKeepsUnfinishedJobs(t *testing.T) {
	s, binary := store(t)
	end := func(id string, hours int) {
		t.Helper()
		j := create(t, s, id, binary)
		at := time.Unix(1795422000, 0).Add(time.Duration(hours) * time.Hour)
		if err := errors.Join(os.WriteFile(j.StateFile(), []byte(`{"changed":true}`), 0o600),
			os.Chtimes(j.StateFile(), at,
				at)); err != nil {
			t.Fatal(err)
		}
	}
	// The names are not in the order of time.
	end("z-oldest", 1)
	end("y-older", 2)
	end("a-newest", 4)
	end("b-newer", 3)
	end("open", 0)
	end("damaged", 0)
	end("undone", 0)
	create(t, s, "runs", binary)
	note(t, s, "open", false)
	note(t, s, "undone", true)
	if err := os.WriteFile(filepath.Join(s.State, "damaged", "journal"), []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(2); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.State); got != "a-newest b-newer damaged open runs" {
		t.Errorf("kept %s", got)
	}
	if got := names(t, s.Run); got != "a-newest b-newer damaged open runs" {
		t.Errorf("kept in run %s", got)
	}
	if err := errors.Join(s.Prune(5), s.Prune(-1)); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s.State); got != "damaged open runs" {
		t.Errorf("kept %s", got)
	}
}

// note creates a journal with one effect, undone or not.
func note(t *testing.T, s Store, id string, undone bool) {
	t.Helper()
	job, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	e, err := j.Will("desync", nil)
	if err == nil && undone {
		err = j.Undone(e)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name()
	}
	return strings.Join(list, " ")
}

func TestAJobIsUndoneByOneAtATime(t *testing.T) {
	s, binary := store(t)
	j := create(t, s, "j", binary)
	first, err := j.Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 3*pollEvery)
	defer cancel()
	if _, err := j.Alone(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(),
		"another process is undoing it") {
		t.Errorf("%v", err)
	}
	time.AfterFunc(3*pollEvery, first)
	second, err := j.Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second()
	if err := os.RemoveAll(j.folder()); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Alone(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a job that is gone: %v", err)
	}
}
