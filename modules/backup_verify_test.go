// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/verifications"
	"overcloud.backup/internal/unit"
	"overcloud.backup/tests/sets"
	"overcloud.backup/tests/units"
)

// asked runs a module as Ansible does.
func asked(t *testing.T, module string, args map[string]any) map[string]any {
	t.Helper()
	in, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	before := jobs.Systemd
	defer func() { jobs.Systemd = before }()
	jobs.Systemd = func(context.Context) (int, error) { return 0, unit.ErrNoSystemd }
	var out bytes.Buffer
	program().Main([]string{"-", module}, bytes.NewReader(in), &out)
	var answer map[string]any
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return answer
}

func newest(t *testing.T, destination string) map[string]any {
	t.Helper()
	answer := asked(t, "backup_info", map[string]any{"destination": destination})
	if answer["failed"] != nil || answer["changed"] != false || len(answer["sets"].([]any)) != 1 {
		t.Fatalf("%v", answer)
	}
	return answer["newest"].(map[string]any)
}

func TestASetIsListedReadBackAndVerified(t *testing.T) {
	destination, path := sets.Small(t)
	if n := newest(t, destination); n["path"] != path || n["verified"] != "" {
		t.Errorf("%v", n)
	}
	args := map[string]any{"destination": destination, "level": "read", "_ansible_check_mode": true}
	if answer := asked(t, "backup_verify", args); answer["changed"] != true ||
		newest(t, destination)["verified"] != "" {
		t.Errorf("check mode: %v", answer)
	}
	if answer := asked(t, "backup_info", map[string]any{"destination": destination,
		"read": true}); answer["failed"] != nil || answer["read"].(map[string]any)["ok"] != true {
		t.Errorf("read back: %v", answer)
	}
	if n := newest(t, destination); n["verified"] != "" {
		t.Errorf("backup_info wrote: %v", n)
	}
	delete(args, "_ansible_check_mode")
	if answer := asked(t, "backup_verify", args); answer["failed"] != nil ||
		newest(t, destination)["verified"] != "read" {
		t.Errorf("verified: %v", answer)
	}
}

func TestADamagedSetIsNamedWithFileAndOffset(t *testing.T) {
	destination, path := sets.Small(t)
	if err := os.Truncate(filepath.Join(path, "backup.sql"), 7); err != nil {
		t.Fatal(err)
	}
	for module, args := range map[string]map[string]any{
		"backup_info": {"destination": destination, "read": true}, "backup_verify": {"destination": destination,
			"level": "read"},
	} {
		answer := asked(t, module, args)
		if msg, _ := answer["msg"].(string); answer["failed"] != true ||
			!strings.Contains(msg, "backup.sql, offset 7:") ||
			!strings.Contains(msg, path) {
			t.Errorf("%s: %v", module, answer)
		}
	}
	if n := newest(t, destination); n["verified"] != "" || len(n["problems"].([]any)) != 1 {
		t.Errorf("%v", n)
	}
	if err := os.WriteFile(filepath.Join(path, "manifest.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := asked(t, "backup_info", map[string]any{"destination": destination})
	if n, _ := answer["newest"].(map[string]any); answer["failed"] != nil || n["path"] != path ||
		len(answer["damaged"].([]any)) != 1 {
		t.Errorf("%v", answer)
	}
	answer = asked(t, "backup_verify", map[string]any{"destination": destination, "level": "read"})
	if msg, _ := answer["msg"].(string); answer["failed"] != true || !strings.Contains(msg, "manifest.json") {
		t.Errorf("%v", answer)
	}
}

func TestARestoreThatCannotBeDoneIsRefused(t *testing.T) {
	destination, _ := sets.Small(t)
	before := verifications.Store
	verifications.Store, _ = units.Store(t)
	t.Cleanup(func() { verifications.Store = before })
	scratch := filepath.Join(filepath.Dir(destination), "scratch")
	args := map[string]any{"destination": destination, "scratch": scratch, "policy": "allow_active"}
	if answer := asked(t, "backup_verify", args); answer["failed"] != true {
		t.Errorf("a set of another series: %v", answer)
	}
	if n := newest(t, destination); n["verified"] != "" || len(n["problems"].([]any)) != 0 {
		t.Errorf("that is nothing against the set: %v", n)
	}
	if answer := asked(t, "backup_verify", map[string]any{}); answer["failed"] != true ||
		!strings.Contains(answer["msg"].(string), "destination") {
		t.Errorf("without a destination: %v", answer)
	}
	if answer := asked(t, "backup_verify", map[string]any{"state": "recovered",
		"scratch": scratch}); answer["failed"] != nil || answer["changed"] != false {
		t.Errorf("nothing to recover: %v", answer)
	}
}

// Reading a set back needs no programs of the server.
func TestASetIsReadBackWhilePacemakerIsDown(t *testing.T) {
	destination, _ := sets.Small(t)
	units.Store(t)
	if err := os.Remove(filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "cib")); err != nil {
		t.Fatal(err)
	}
	if answer := asked(t, "backup_verify", map[string]any{"destination": destination,
		"level": "read"}); answer["failed"] != nil {
		t.Error(answer)
	}
	answer := asked(t, "backup_verify", map[string]any{"destination": destination, "policy": "allow_active",
		"scratch": filepath.Join(filepath.Dir(destination), "scratch")})
	if msg, _ := answer["msg"].(string); !strings.Contains(msg,
		"determine the image that the database runs in: read the galera resource") {
		t.Error(msg)
	}
}
