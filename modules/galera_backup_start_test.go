// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
)

// startsWith calls state: present with these options, in a store of its own, on a host whose systemd starts units so.
func startsWith(t *testing.T, s jobs.Store, args map[string]any, start func(unit.Spec) error) map[string]any {
	t.Helper()
	available, real := systemd, startUnit
	t.Cleanup(func() { systemd, startUnit = available, real })
	systemd = func(context.Context) (int, error) { return 252, nil }
	startUnit = func(_ context.Context, spec unit.Spec) error { return start(spec) }
	run := func(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
		var o galeraBackupOptions
		if err := errors.Join(call.Decode(&o), o.check()); err != nil {
			return nil, err
		}
		return o.start(ctx, call, s)
	}
	p := ansible.Program{Modules: map[string]ansible.Module{"galera_backup": {Spec: galeraBackupSpec, Run: run}}, Fragments: fragments}
	args["destination"], args["login_password"] = "/nowhere", "hunter2"
	in, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p.Main([]string{"-", "galera_backup"}, bytes.NewReader(in), &out)
	var answer map[string]any
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the password is in the result: %s", out.String())
	}
	return answer
}

func TestAJobIsStartedAsAUnit(t *testing.T) {
	s, _ := jobStore(t)
	var spec unit.Spec
	got := startsWith(t, s, map[string]any{"wait": false, "drain_timeout": 60, "nice": 7}, func(u unit.Spec) error { spec = u; return nil })
	id, _ := got["job"].(string)
	job, err := s.Open(id)
	if err != nil || got["changed"] != true || got["attached"] != false || got["unit"] != job.Unit() {
		t.Fatalf("%v %v", got, err)
	}
	want := []string{job.Binary(), job.Arguments(), "--job", job.StateFile()}
	if !slices.Equal(spec.Exec, want) || spec.StopPost[2] != "--undo" || spec.Name != job.Unit() || spec.StopTimeout.Minutes() != 5 {
		t.Errorf("%+v", spec)
	}
	if l := spec.Limits; l.CPUWeight != 50 || l.IOWeight != 50 || l.MemoryHigh != 1<<30 || l.Nice != 7 || l.IOClass != "best-effort" || l.IOLevel != 7 {
		t.Errorf("%+v", l)
	}
	// The unit's program gets what this call got, its secrets too.
	var args map[string]any
	raw, err := os.ReadFile(job.Arguments())
	if err = errors.Join(err, json.Unmarshal(raw, &args)); err != nil {
		t.Fatal(err)
	}
	if args["_ansible_module_name"] != "galera_backup" || args["job"] != id || args["login_password"] != "hunter2" || args["destination"] != "/nowhere" {
		t.Errorf("%v", args)
	}
	if info, err := os.Stat(job.Arguments()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

func TestAJobIsStartedOnce(t *testing.T) {
	s, units := jobStore(t)
	starts := 0
	start := func(u unit.Spec) error {
		starts++
		return os.WriteFile(filepath.Join(units, u.Name), []byte(":"), 0o600)
	}
	for _, attached := range []bool{false, true, true} {
		got := startsWith(t, s, map[string]any{"wait": false, "job": "j"}, start)
		if got["attached"] != attached || got["changed"] == attached || got["ended"] != false || starts != 1 {
			t.Errorf("%v, started %d times", got, starts)
		}
	}
}

func TestTheCallerGetsTheResultOfTheJobItStarted(t *testing.T) {
	s, _ := jobStore(t)
	got := startsWith(t, s, map[string]any{"job": "j"}, func(u unit.Spec) error {
		return os.WriteFile(u.Exec[3], []byte(made), 0o600)
	})
	if got["changed"] != true || got["msg"] != "made" || got["job"] != "j" || got["backup"] == nil {
		t.Errorf("%v", got)
	}
}

func TestAUnitThatDoesNotStartLeavesNoSecretAndAResult(t *testing.T) {
	s, _ := jobStore(t)
	got := startsWith(t, s, map[string]any{"job": "j"}, func(unit.Spec) error { return errors.New("no bus") })
	if got["failed"] != true || !strings.Contains(got["msg"].(string), "no bus") {
		t.Errorf("%v", got)
	}
	job, err := s.Open("j")
	if err != nil || !gone(t, job.Arguments()) {
		t.Errorf("the arguments are left: %v", err)
	}
	if state, err := job.State(); err != nil || !state.Failed {
		t.Errorf("%+v %v", state, err)
	}
}
