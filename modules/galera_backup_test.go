// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"testing"
)

func TestABackupsOptionsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		option string
		value  any
		says   string
	}{
		{"ionice_class", "realtime", "ionice_class"}, {"on_lost_caller", "panic", "on_lost_caller"}, {"desync", "maybe",
			"desync"},
		{"job", "lock", "job"}, {"state", "absent", "state"}, {"destination", nil, "destination"},
	} {
		args := map[string]any{"destination": "/nowhere", "_ansible_check_mode": true}
		if args[c.option] = c.value; c.value == nil {
			delete(args, c.option)
		}
		got := runModule(t, "galera_backup", args)
		if msg, _ := got["msg"].(string); got["failed"] != true || !strings.Contains(msg, c.says) {
			t.Errorf("%s %v: %v", c.option, c.value, got["msg"])
		}
	}
}

func TestALaxerDecisionIsRefusedBeforeAnythingIsDone(t *testing.T) {
	decision := map[string]any{"policy": "allow_active", "min_spares": 0, "chosen_hosts": []string{"localhost"}}
	for _, policy := range []any{nil, "require_idle", "prefer_idle"} {
		args := map[string]any{"destination": "/nowhere", "decision": decision, "_ansible_check_mode": true}
		if policy != nil {
			args["policy"] = policy
		}
		got := runModule(t, "galera_backup", args)
		msg, _ := got["msg"].(string)
		if got["failed"] != true || !strings.Contains(msg, "made with the policy allow_active") {
			t.Errorf("%v: %v", policy, got["msg"])
		}
	}
}
