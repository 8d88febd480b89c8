// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
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
