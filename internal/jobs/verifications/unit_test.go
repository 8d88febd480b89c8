// SPDX-License-Identifier: GPL-3.0-or-later

package verifications

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
	"overcloud.backup/tests/units"
)

// ownStore makes verifications keep their files in a folder of the test, which it returns.
func ownStore(t *testing.T) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "verify-unit-")
	if err != nil {
		t.Fatal(err)
	}
	before := Store
	t.Cleanup(func() { Store = before; os.RemoveAll(dir) })
	Store = jobs.Store{State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "memory")}
	return dir
}

// The stop command of a unit, run after its verification was killed.
func TestAKilledVerificationIsUndoneByItsUnit(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	dir := ownStore(t)
	job, err := Store.Create("one", []byte(`{"login_password":"hunter2"}`), os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Job: "one", Scratch: filepath.Join(dir, "scratch")}
	if err := os.MkdirAll(filepath.Join(o.Scratch, "overcloud_verify.run", "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	result, err := o.AfterUnit(context.Background())
	if err == nil || !strings.Contains(err.Error(), "SIGKILL") || len(result.Values.(Values).Undone) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	for _, left := range []string{filepath.Join(o.Scratch, "overcloud_verify.run"), job.Arguments()} {
		if _, err := os.Lstat(left); err == nil {
			t.Errorf("%s is left", left)
		}
	}
}

// systemd-run is cut off, and its unit runs anyway.
func TestAVerificationThatRunsInSpiteOfItsStartKeepsItsArguments(t *testing.T) {
	own, folder := units.Store(t)
	before, available, real := Store, jobs.Systemd, jobs.StartUnit
	t.Cleanup(func() { Store, jobs.Systemd, jobs.StartUnit = before, available, real })
	Store = own
	jobs.Systemd = func(context.Context) (int, error) { return 252, nil }
	for cut, id := range map[bool]string{true: "runs", false: "not"} {
		jobs.StartUnit = func(_ context.Context, u unit.Spec) error {
			if cut {
				units.Put(t, filepath.Join(folder, u.Name), ":", 0o600)
			}
			return errors.New("timed out")
		}
		_, failed := Options{Job: id}.Start(t.Context(), jobs.Caller{Module: "backup_verify"})
		job, err := own.Open(id)
		if err != nil || (failed == nil) != cut || units.Gone(t, job.Arguments()) == cut {
			t.Errorf("%s: %v, %v", id, err, failed)
		}
	}
}

// A verification that wrote its result itself was not killed, whatever systemd runs after it.
func TestAVerificationThatEndedItselfIsNotCalledForced(t *testing.T) {
	own, folder := units.Store(t)
	before := Store
	t.Cleanup(func() { Store = before })
	Store = own
	for state, forced := range map[string]bool{units.Made: false, units.Failed: false, units.AtWork: true, "": true} {
		job := units.Job(t, own, folder, "one", state, "")
		answer, err := Options{Job: "one", Scratch: filepath.Join(t.TempDir(), "none")}.AfterUnit(t.Context())
		// The undo itself fails here, because this test is not a process of the unit.
		if err == nil || strings.Contains(err.Error(), "ended by force") != forced ||
			len(answer.Values.(Values).Undone) > 0 {
			t.Errorf("%q: %+v %v", state, answer, err)
		}
		if forced && !strings.Contains(err.Error(), "nothing is left of it") {
			t.Errorf("%q: %v", state, err)
		}
		if !units.Gone(t, job.Arguments()) {
			t.Errorf("%q: its secrets are left", state)
		}
		if err := os.RemoveAll(filepath.Dir(job.StateFile())); err != nil {
			t.Fatal(err)
		}
	}
}

// The unit has a lower priority than the services, and its stop command undoes leftovers.
func TestAVerificationRunsAsAUnitThatGivesWay(t *testing.T) {
	own, _ := units.Store(t)
	before, available, real := Store, jobs.Systemd, jobs.StartUnit
	t.Cleanup(func() { Store, jobs.Systemd, jobs.StartUnit = before, available, real })
	Store = own
	jobs.Systemd = func(context.Context) (int, error) { return 252, nil }
	var spec unit.Spec
	jobs.StartUnit = func(_ context.Context, u unit.Spec) error { spec = u; return nil }
	o := Options{Job: "one", CPUWeight: 20, IOWeight: 30, MemoryHigh: 1024}
	caller := jobs.Caller{Module: "backup_verify", Arguments: map[string]any{"login_password": "hunter2"}}
	answer, err := o.Start(t.Context(), caller)
	if err != nil || answer == nil || strings.Contains(answer.Msg, "hunter2") {
		t.Fatalf("%+v %v", answer, err)
	}
	job, err := own.Open("one")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(spec.Exec, " "); got != job.Binary()+" "+job.Arguments()+" --job "+job.StateFile() {
		t.Error(got)
	}
	if got := strings.Join(spec.StopPost, " "); got != job.Binary()+" "+job.Arguments()+" --undo "+job.StateFile() {
		t.Error(got)
	}
	want := unit.Limits{CPUWeight: 20, IOWeight: 30, MemoryHigh: 1 << 30, Nice: 10, IOClass: "best-effort", IOLevel: 7}
	if spec.Limits != want || spec.Name != job.Unit() || !strings.Contains(spec.Description, "verification one") {
		t.Errorf("%+v", spec)
	}
	if _, err := callerLeft(job); err == nil || !strings.Contains(err.Error(),
		"the verification continues as "+job.Unit()) {
		t.Error(err)
	}
}

// It runs in this process only if there is no systemd: a systemd that does not answer may run the unit.
func TestASystemdThatDoesNotAnswerStartsNothing(t *testing.T) {
	ownStore(t)
	available := jobs.Systemd
	t.Cleanup(func() { jobs.Systemd = available })
	for want, failure := range map[string]error{
		"it does not answer": errors.New("it does not answer"), "no such file or directory": unit.ErrNoSystemd,
	} {
		jobs.Systemd = func(context.Context) (int, error) { return 0, failure }
		o := Options{Job: "one", MaxDuration: 10, Level: "read"}
		o.Destination, o.Set.Set = filepath.Join(t.TempDir(), "none"), "newest"
		if _, err := o.Start(t.Context(), jobs.Caller{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestWhereAVerificationStands(t *testing.T) {
	own, folder := units.Store(t)
	before := Store
	t.Cleanup(func() { Store = before })
	Store = own
	units.Job(t, own, folder, "ended", units.Made, "")
	units.Job(t, own, folder, "running", units.AtWork, ":")
	for id, want := range map[string]string{
		"": "job: state status needs to know which verification", "none": "there is no verification none on this host",
	} {
		if _, err := (Options{Job: id}).Status(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", id, err)
		}
	}
	for id, ended := range map[string]bool{"ended": true, "running": false} {
		answer, err := Options{Job: id}.Status(t.Context())
		if err != nil || answer.Changed || answer.Values.(jobs.Standing).Ended != ended {
			t.Errorf("%s: %+v %v", id, answer, err)
		}
	}
}

func TestLeftoversOfAKilledVerificationAreRemovedOnce(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	o := Options{Scratch: filepath.Join(ownStore(t), "scratch")}
	left := filepath.Join(o.Scratch, "overcloud_verify.run")
	if answer, err := o.Recover(t.Context(), jobs.Caller{}); err != nil || answer.Changed {
		t.Errorf("nothing was ever verified: %+v %v", answer, err)
	}
	if err := os.MkdirAll(filepath.Join(left, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	answer, err := o.Recover(t.Context(), jobs.Caller{CheckMode: true})
	if err != nil || answer.Changed || !strings.HasPrefix(answer.Msg, "would remove what killed verifications left") ||
		units.Gone(t, left) {
		t.Errorf("check mode: %+v %v", answer, err)
	}
	for _, changed := range []bool{true, false} {
		answer, err := o.Recover(t.Context(), jobs.Caller{})
		if err != nil || answer.Changed != changed || (answer.Msg != "") != changed || !units.Gone(t, left) {
			t.Errorf("%+v %v", answer, err)
		}
	}
}

func TestAVerificationIsLookedAtByItsName(t *testing.T) {
	ownStore(t)
	for id, says := range map[string]string{"x": "there is no verification x", "../x": "../x", "": "job"} {
		if r, err := Info(t.Context(), id); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %+v, %v", id, r, err)
		}
	}
}
