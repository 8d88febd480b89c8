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

// The stop command of a unit, run when its verification was killed.
func TestAKilledVerificationIsUndoneByItsUnit(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	dir, err := os.MkdirTemp("/var/tmp", "verify-unit-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	before := Store
	t.Cleanup(func() { Store = before })
	Store = jobs.Store{State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "memory")}
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

// systemd-run is cut off, and its unit runs all the same.
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
