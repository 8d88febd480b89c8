// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is the part of the list of sets that the tests read.
type listed struct {
	Schema   int      `json:"schema"`
	Complete bool     `json:"complete"`
	Asked    []string `json:"asked"`
	Unknown  []string `json:"unknown"`
	Clusters []struct {
		Name       string `json:"name"`
		UUID       string `json:"uuid"`
		NewestGood *struct {
			Set string `json:"set"`
		} `json:"newest_good"`
		NewestVerified *struct {
			Set      string `json:"set"`
			Verified string `json:"verified"`
		} `json:"newest_verified"`
	} `json:"clusters"`
	Sets []struct {
		Path       string   `json:"path"`
		Hosts      []string `json:"hosts"`
		State      string   `json:"state"`
		Controller string   `json:"controller"`
		Method     string   `json:"method"`
		Bytes      int64    `json:"bytes"`
		Verified   string   `json:"verified"`
		Position   *struct {
			UUID  string `json:"uuid"`
			Seqno int64  `json:"seqno"`
		} `json:"position"`
		Age *int64 `json:"age"`
	} `json:"sets"`
}

// list runs the playbook, and returns what it shows and what it writes for programs.
func (l lab) list(vars map[string]any) (string, listed, error) {
	l.t.Helper()
	file := filepath.Join(l.t.TempDir(), "sets.json")
	all := map[string]any{"controller_list_file": file}
	for key, value := range vars {
		all[key] = value
	}
	out, failed := l.play("playbooks/list.yml", all)
	raw, err := os.ReadFile(file)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	var found listed
	if err := json.Unmarshal(raw, &found); err != nil {
		l.t.Fatalf("%v\n%s", err, raw)
	}
	return out, found, failed
}

// TestList lists the sets of every controller, as an operator does after backups by both methods, a verification, and
// damage. In either shape.
func TestList(t *testing.T) {
	l := quiet(t)
	out, found, err := l.list(nil)
	if err != nil || len(found.Sets) > 0 || len(found.Asked) != 3 ||
		!strings.Contains(out, "there is no such directory") {
		t.Fatalf("without sets: %v %+v\n%s", err, found, out)
	}
	_, physical, _ := l.backup(map[string]any{"controller_backup_method": "physical",
		"controller_backup_verify": "none"})
	_, logical, m := l.backup(map[string]any{"controller_backup_method": "logical", "controller_backup_verify": "read"})
	if out, err := l.play("playbooks/verify.yml", map[string]any{"controller_verify_set": physical}); err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
	out, found, err = l.list(nil)
	if err != nil || found.Schema != 1 || !found.Complete || len(found.Asked) != 3 || len(found.Sets) != 2 {
		t.Fatalf("%v %+v\n%s", err, found, out)
	}
	for i, want := range []struct{ path, method, verified string }{
		{logical, "logical", "read"}, {physical, "physical", "restore"},
	} {
		s := found.Sets[i]
		if s.Path != want.path || s.Method != want.method || s.Verified != want.verified || s.State != "complete" ||
			len(s.Hosts) != 1 || s.Bytes == 0 || s.Position == nil || s.Position.Seqno <= 0 || s.Age == nil ||
			!strings.HasSuffix(s.Path, s.Controller) || !slices.Contains(found.Asked, s.Hosts[0]) {
			t.Errorf("%+v, expected %+v", s, want)
		}
		if !strings.Contains(out, filepath.Base(want.path)) || !strings.Contains(out, want.verified+", ") {
			t.Errorf("the table lacks %s:\n%s", want.path, out)
		}
	}
	if c := found.Clusters; len(c) != 1 || c[0].UUID == "" || c[0].NewestGood == nil ||
		!strings.HasSuffix(logical, c[0].NewestGood.Set) || c[0].NewestVerified == nil ||
		c[0].NewestVerified.Verified != "read" {
		t.Errorf("%+v", c)
	}
	l.aDamagedSetIsListedAsOne(m.Controller, logical)
	l.aControllerThatIsAwayIsUnknown(found.Asked[2]) // by its name in the inventory, which differs with bundles
}

// aDamagedSetIsListedAsOne cuts the manifest of the newest set: then the older one is the newest good.
func (l lab) aDamagedSetIsListedAsOne(controller, set string) {
	l.t.Helper()
	l.on(controller, "truncate -s 100 "+set+"/manifest.json")
	out, found, err := l.list(map[string]any{"controller_list_output": "json"})
	if err != nil || len(found.Sets) != 2 || found.Sets[0].State != "damaged" || found.Sets[1].State != "complete" {
		l.t.Errorf("damaged: %v %+v\n%s", err, found, out)
	}
	if c := found.Clusters; len(c) == 0 || c[0].NewestGood == nil || strings.HasSuffix(set, c[0].NewestGood.Set) {
		l.t.Errorf("damaged: %+v", c)
	}
	if !strings.Contains(out, "\n{\n") || !strings.Contains(out, "\n}\n") {
		l.t.Errorf("no JSON in\n%s", out)
	}
}

// aControllerThatIsAwayIsUnknown lists while nobody listens at the port of one controller.
func (l lab) aControllerThatIsAwayIsUnknown(away string) {
	l.t.Helper()
	inventory := filepath.Join(l.t.TempDir(), "away.yml")
	text := "all: {hosts: {" + away + ": {ansible_port: 1}}}\n"
	if err := os.WriteFile(inventory, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	file := filepath.Join(l.t.TempDir(), "sets.json")
	out, err := l.play("playbooks/list.yml", map[string]any{"controller_list_file": file}, "-i", inventory)
	if err == nil || !strings.Contains(out, away+" could not be asked: what is there is unknown.") {
		l.t.Errorf("away: %v\n%s", err, out)
	}
	raw, _ := os.ReadFile(file)
	var found listed
	err = json.Unmarshal(raw, &found)
	if err != nil || !slices.Equal(found.Unknown, []string{away}) || found.Complete {
		l.t.Errorf("away: %v %+v", err, found)
	}
}
