// SPDX-License-Identifier: GPL-3.0-or-later

package verifications

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/sets"
)

func reads(destination string) Options {
	o := Options{Level: repository.LevelRead, MaxDuration: 60, MadeBy: "test"}
	o.Destination, o.Set.Set = destination, "newest"
	return o
}

// recorded returns the outcome that is recorded beside the manifest, if any.
func recorded(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path, repository.RecordName))
	if err != nil {
		return ""
	}
	return string(content)
}

func TestASoundSetIsReadBackAndThatIsRecorded(t *testing.T) {
	destination, path := sets.Small(t)
	o := reads(destination)
	answer, err := o.Run(t.Context(), jobs.Caller{CheckMode: true})
	if err != nil || !answer.Changed || !strings.HasPrefix(answer.Msg, "would verify "+path+" by the level read") ||
		recorded(t, path) != "" || answer.Values.(Values).Outcome != nil {
		t.Errorf("check mode: %+v %v", answer, err)
	}
	answer, err = o.Run(t.Context(), jobs.Caller{})
	v := answer.Values.(Values)
	if err != nil || !answer.Changed || answer.Msg != path+" reads back well to its last byte" || v.Outcome == nil ||
		!v.Outcome.OK || v.Path != path || v.Level != repository.LevelRead || v.Outcome.MadeBy != "test" {
		t.Errorf("%+v %v", answer, err)
	}
	if !strings.Contains(recorded(t, path), `"ok": true`) {
		t.Error(recorded(t, path))
	}
}

// Whatever part of a set is damaged, both the answer and the record beside the manifest call it damaged.
func TestADamagedSetIsCalledDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(path string) error
		want   string
		record bool
	}{
		"a byte": {func(p string) error { return overwrite(filepath.Join(p, "backup.sql"), "X") }, "backup.sql",
			true},
		"a file is cut": {func(p string) error { return os.Truncate(filepath.Join(p, "backup.sql"), 5) }, "backup.sql",
			true},
		"a file is gone": {func(p string) error { return os.Remove(filepath.Join(p, "backup.sql")) }, "backup.sql",
			true},
		"the manifest is cut": {
			func(p string) error { return os.Truncate(filepath.Join(p, repository.ManifestName), 20) },
			repository.ManifestName,
			false,
		},
	} {
		destination, path := sets.Small(t)
		if err := c.damage(path); err != nil {
			t.Fatal(err)
		}
		o := reads(destination)
		o.Set.Set = path // a broken set is not found as the newest
		answer, err := o.Run(t.Context(), jobs.Caller{})
		if err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v := answer.Values.(Values)
		if v.Path != path || c.record && (v.Outcome == nil || v.Outcome.OK || len(v.Outcome.Problems) == 0) {
			t.Errorf("%s: %+v", name, v)
		}
		if c.record != strings.Contains(recorded(t, path), `"ok": false`) {
			t.Errorf("%s: beside the manifest is %q", name, recorded(t, path))
		}
	}
}

func overwrite(path, with string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte(with), 3)
	return err
}

func TestASetThatIsNotThereIsNoDamagedOne(t *testing.T) {
	destination, _ := sets.Small(t)
	for set, where := range map[string]string{"solo/none": destination, "newest": filepath.Join(t.TempDir(), "none")} {
		o := reads(where)
		o.Set.Set = set
		if answer, err := o.Run(t.Context(), jobs.Caller{}); err == nil || answer != nil ||
			strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %+v %v", set, answer, err)
		}
	}
}

// The answer sums up the result in one line; tables, of which there may be thousands, stay in the record.
func TestTheAnswerOfARestoreIsShort(t *testing.T) {
	destination, path := sets.Small(t)
	s := sets.Open(t, destination, "newest")
	restored := &repository.Restored{Checked: 3, Rows: 70, Tables: make([]repository.Table, 3)}
	outcome := repository.Outcome{OK: true, Duration: 1.25, Restored: restored, Warnings: []string{"w"}}
	answer, err := verified(s, Values{}, outcome)
	const want = " was restored into a scratch server: 3 tables undamaged, with 70 rows in those of users, 1.2 s"
	if err != nil || answer.Msg != path+want || len(answer.Warnings) != 1 {
		t.Errorf("%+v %v", answer, err)
	}
	if got := answer.Values.(Values).Outcome.Restored; got.Tables != nil || got.Rows != 70 ||
		len(restored.Tables) != 3 {
		t.Errorf("%+v, of %+v", got, restored)
	}
	outcome.OK, outcome.Problems = false, []repository.Problem{repository.Damage("nova", "table t is corrupt")}
	if answer, err := verified(s, Values{}, outcome); err == nil ||
		!strings.Contains(err.Error(), "table t is corrupt") ||
		answer.Values.(Values).Outcome == nil {
		t.Errorf("%v", err)
	}
}

// A restore takes memory and disk from a server that serves clients on the same host.
func TestAHostThatServesClientsVerifiesNothing(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	o := Options{}
	o.Socket, o.ConnectTimeout = s.Socket, 3
	if err := o.idle(t.Context(), jobs.Caller{}); err != nil {
		t.Errorf("nobody but this test: %v", err)
	}
	mariadbtest.Exec(t, root, "CREATE USER nova@'%' IDENTIFIED BY 'p'")
	t.Cleanup(func() { _, _ = s.SQL("DROP USER nova@'%'") })
	client := s.Open(t, mariadb.Login{Socket: s.Socket, User: "nova", Password: "p"})
	if _, err := client.Rows(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	err := o.idle(t.Context(), jobs.Caller{})
	if err == nil || !strings.Contains(err.Error(),
		"this host's database serves clients now (1 session of nova from ") {
		t.Error(err)
	}
	o.IgnoreUsers = []string{"nova"}
	if err := o.idle(t.Context(), jobs.Caller{}); err != nil {
		t.Errorf("one that does not count: %v", err)
	}
	o.IgnoreUsers, o.Policy = nil, "allow_active"
	if err := o.idle(t.Context(), jobs.Caller{}); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

// A host without a server has no clients; if a server refuses our login, the clients are unknown.
func TestOnlyAServerThatIsNotThereHasNoClients(t *testing.T) {
	o := Options{}
	o.Socket, o.ConnectTimeout = filepath.Join(t.TempDir(), "none"), 1
	if err := o.idle(t.Context(), jobs.Caller{}); err != nil {
		t.Errorf("no server: %v", err)
	}
	// A listener accepts the connection and closes it.
	o.Socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", o.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			c.Close()
		}
	}()
	err = o.idle(t.Context(), jobs.Caller{})
	if err == nil || !strings.HasPrefix(err.Error(), "check whether this host serves clients: ") ||
		!strings.HasSuffix(err.Error(), "or set policy to allow_active") {
		t.Error(err)
	}
}

func TestBadNumbersOfAVerificationAreRefusedByName(t *testing.T) {
	sound := Options{Memory: 512, MemoryHigh: 1024, MaxDuration: 60, CPUWeight: 1, IOWeight: 10000,
		Job: "20261130T101010Z-1"}
	sound.ConnectTimeout = 3
	if err := sound.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Options){
		"memory: 31 is not":         func(o *Options) { o.Memory = 31 },
		"memory_high: 1023 is not":  func(o *Options) { o.MemoryHigh = 1023 },
		"max_duration: 0 is not":    func(o *Options) { o.MaxDuration = 0 },
		"cpu_weight: 0 is not":      func(o *Options) { o.CPUWeight = 0 },
		"io_weight: 10001 is not":   func(o *Options) { o.IOWeight = 10001 },
		"connect_timeout: 0 is not": func(o *Options) { o.ConnectTimeout = 0 },
		`job "../x"`:                func(o *Options) { o.Job = "../x" },
	} {
		o := sound
		change(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
