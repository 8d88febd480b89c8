// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
	"overcloud.backup/tests/units"
)

// startsWith requests a job with these options, on a host whose systemd starts units in the given way. It returns the
// answer as JSON.
func startsWith(t *testing.T, s jobs.Store, o Options, start func(unit.Spec) error) (answer map[string]any, err error) {
	t.Helper()
	available, real := jobs.Systemd, jobs.StartUnit
	t.Cleanup(func() { jobs.Systemd, jobs.StartUnit = available, real })
	jobs.Systemd = func(context.Context) (int, error) { return 252, nil }
	jobs.StartUnit = func(_ context.Context, spec unit.Spec) error { return start(spec) }
	caller := jobs.Caller{Module: "galera_backup", Arguments: map[string]any{"destination": "/nowhere",
		"login_password": "hunter2"}}
	a, err := o.Start(t.Context(), caller, s)
	if a == nil {
		return nil, err
	}
	raw, failed := json.Marshal(a.Values)
	if failed = errors.Join(failed, json.Unmarshal(raw, &answer)); failed != nil {
		t.Fatal(failed)
	}
	if strings.Contains(string(raw)+a.Msg, "hunter2") {
		t.Errorf("the password is in the result: %s", raw)
	}
	answer["changed"], answer["msg"] = a.Changed, a.Msg
	return answer, err
}

func TestAJobIsStartedAsAUnit(t *testing.T) {
	s, _ := units.Store(t)
	var spec unit.Spec
	o := soundBackup()
	o.Wait, o.DrainTimeout, o.Nice, o.IOClass, o.IOLevel = false, 60, 7, "best-effort", 7
	got, err := startsWith(t, s, o, func(u unit.Spec) error { spec = u; return nil })
	if err != nil {
		t.Fatal(err)
	}
	id, _ := got["job"].(string)
	job, err := s.Open(id)
	if err != nil || got["changed"] != true || got["attached"] != false || got["unit"] != job.Unit() {
		t.Fatalf("%v %v", got, err)
	}
	want := []string{job.Binary(), job.Arguments(), "--job", job.StateFile()}
	if !slices.Equal(spec.Exec, want) || spec.StopPost[2] != "--undo" || spec.Name != job.Unit() ||
		spec.StopTimeout.Minutes() != 5 {
		t.Errorf("%+v", spec)
	}
	if l := spec.Limits; l.CPUWeight != 50 || l.IOWeight != 50 || l.MemoryHigh != 1<<30 || l.Nice != 7 ||
		l.IOClass != "best-effort" || l.IOLevel != 7 {
		t.Errorf("%+v", l)
	}
	// The unit's program gets the arguments of this call, its secrets included.
	var args map[string]any
	raw, err := os.ReadFile(job.Arguments())
	if err = errors.Join(err, json.Unmarshal(raw, &args)); err != nil {
		t.Fatal(err)
	}
	if args["_ansible_module_name"] != "galera_backup" || args["job"] != id || args["login_password"] != "hunter2" ||
		args["destination"] != "/nowhere" {
		t.Errorf("%v", args)
	}
	if info, err := os.Stat(job.Arguments()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestAJobIsStartedOnce(t *testing.T) {
	s, folder := units.Store(t)
	starts := 0
	start := func(u unit.Spec) error {
		starts++
		return os.WriteFile(filepath.Join(folder, u.Name), []byte(":"), 0o600)
	}
	for _, attached := range []bool{false, true, true} {
		got, err := startsWith(t, s, Options{Job: "j"}, start)
		if err != nil || got["attached"] != attached || got["changed"] == attached || got["ended"] != false ||
			starts != 1 {
			t.Errorf("%v, started %d times", got, starts)
		}
	}
}

func TestTheCallerGetsTheResultOfTheJobItStarted(t *testing.T) {
	s, _ := units.Store(t)
	got, err := startsWith(t, s, Options{Job: "j", Wait: true, Lease: 300}, func(u unit.Spec) error {
		return os.WriteFile(u.Exec[3], []byte(units.Made), 0o600)
	})
	if err != nil || got["changed"] != true || got["msg"] != "made" || got["job"] != "j" || got["backup"] == nil {
		t.Errorf("%v", got)
	}
}

func TestAUnitThatDoesNotStartLeavesNoSecretAndAResult(t *testing.T) {
	s, _ := units.Store(t)
	_, err := startsWith(t, s, Options{Job: "j"}, func(unit.Spec) error { return errors.New("no bus") })
	if err == nil || !strings.Contains(err.Error(), "no bus") {
		t.Errorf("%v", err)
	}
	job, err := s.Open("j")
	if err != nil || !units.Gone(t, job.Arguments()) {
		t.Errorf("the arguments are left: %v", err)
	}
	if state, err := job.State(); err != nil || !state.Failed {
		t.Errorf("%+v %v", state, err)
	}
}

// A backup without an undo for a kill is not started.
func TestABackupWithoutSystemdLeavesNothing(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("systemd runs this host")
	}
	s, _ := units.Store(t)
	_, err := (Options{}).Start(t.Context(), jobs.Caller{}, s)
	if !errors.Is(err, unit.ErrNoSystemd) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(s.State); err == nil {
		t.Error("a folder was made")
	}
}
