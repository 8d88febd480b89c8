// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
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
	before := verifications
	t.Cleanup(func() { verifications = before })
	verifications = jobs.Store{State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "memory")}
	job, err := verifications.Create("one", []byte(`{"login_password":"hunter2"}`), os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	o := backupVerifyOptions{Job: "one", Scratch: filepath.Join(dir, "scratch")}
	if err := os.MkdirAll(filepath.Join(o.Scratch, "overcloud_verify.run", "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	result, err := o.afterUnit(context.Background())
	if err == nil || !strings.Contains(err.Error(), "SIGKILL") || len(result.Values.(backupVerifyValues).Undone) != 1 {
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
	store, units := jobStore(t)
	before, available, real := verifications, systemd, startUnit
	t.Cleanup(func() { verifications, systemd, startUnit = before, available, real })
	verifications = store
	systemd = func(context.Context) (int, error) { return 252, nil }
	for cut, id := range map[bool]string{true: "runs", false: "not"} {
		startUnit = func(_ context.Context, u unit.Spec) error {
			if cut {
				putFile(t, filepath.Join(units, u.Name), ":", 0o600)
			}
			return errors.New("timed out")
		}
		p := ansible.Program{Modules: map[string]ansible.Module{"backup_verify": {Spec: backupVerifySpec, Run: backupVerify}}, Fragments: fragments}
		var out bytes.Buffer
		p.Main([]string{"-", "backup_verify"}, strings.NewReader(`{"destination":"/nowhere","wait":false,"job":"`+id+`"}`), &out)
		job, err := store.Open(id)
		if err != nil || strings.Contains(out.String(), "timed out") == cut || gone(t, job.Arguments()) == cut {
			t.Errorf("%s: %v, %s", id, err, out.String())
		}
	}
}
