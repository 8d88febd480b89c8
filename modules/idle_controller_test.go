// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/selection"
)

func decideWith(t *testing.T, args map[string]any) map[string]any {
	t.Helper()
	return runModule(t, "idle_controller", args)
}

// runModule runs a module as Ansible does, on a file of arguments.
func runModule(t *testing.T, name string, args map[string]any) map[string]any {
	t.Helper()
	args["_ansible_module_name"] = name
	raw, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "args.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	p := program()
	p.Main([]string{file}, strings.NewReader(""), &out)
	var result map[string]any
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return result
}

func TestIdleControllerDecidesWithoutFailing(t *testing.T) {
	for _, check := range []bool{false, true} {
		r := decideWith(t, map[string]any{"hosts": []string{"controller-1", "controller-0"}, "facts": []any{},
			"_ansible_check_mode": check})
		if r["failed"] != nil || r["changed"] != false || r["chosen"] != "" || !strings.Contains(r["text"].(string),
			"cluster_incomplete") {
			t.Errorf("check mode %v: %v", check, r)
		}
	}
}

func TestIdleControllerNamesTheDocumentItCannotUse(t *testing.T) {
	r := decideWith(t, map[string]any{"facts": []any{map[string]any{"name": "controller-0",
		"galera": map[string]any{}}}})
	warnings, _ := r["warnings"].([]any)
	if r["failed"] != nil || len(warnings) != 1 || !strings.Contains(warnings[0].(string),
		"galera_facts of controller-0 cannot be used: it lacks present, gathered_at") {
		t.Errorf("%v", r)
	}
}

func TestIdleControllerRefusesBadOptions(t *testing.T) {
	for name, args := range map[string]map[string]any{
		"facts: not given":            {},
		"facts: an entry has no name": {"facts": []any{map[string]any{}}},
		"facts: host \"a\" is given twice": {"facts": []any{map[string]any{"name": "a"},
			map[string]any{"name": "a"}}},
		"min_spares: -1 is less than 0":      {"facts": []any{}, "min_spares": -1},
		"policy: \"any\" is not one of":      {"facts": []any{}, "policy": "any"},
		"max_flow_control: 7 is more than 1": {"facts": []any{}, "max_flow_control": 7},
	} {
		r := decideWith(t, args)
		if msg, _ := r["msg"].(string); r["failed"] != true || !strings.Contains(msg, name) {
			t.Errorf("%s: got %q", name, msg)
		}
	}
}

func TestIdleControllerDocumentsEveryCode(t *testing.T) {
	for _, c := range condition.All() {
		if !bytes.Contains(idleControllerSpec, []byte("C("+string(c.Code)+")")) {
			t.Errorf("idle_controller.yml does not explain %s", c.Code)
		}
	}
}

func TestIdleControllerDocumentsTheDefaultsItHas(t *testing.T) {
	var spec struct {
		Documentation struct {
			Options map[string]struct{ Default any }
		} `yaml:"DOCUMENTATION"`
	}
	readYAML(t, "idle_controller.yml", &spec)
	raw, _ := json.Marshal(selection.Defaults())
	var defaults map[string]any
	if err := json.Unmarshal(raw, &defaults); err != nil {
		t.Fatal(err)
	}
	for _, limit := range condition.AllLimits() {
		defaults[limit.Name] = limit.Default
	}
	for name, want := range defaults {
		if want == nil {
			want = []any{}
		}
		got, _ := json.Marshal(spec.Documentation.Options[name].Default)
		if w, _ := json.Marshal(want); !bytes.Equal(got, w) {
			t.Errorf("%s: documented %s, code %s", name, got, w)
		}
	}
}
