// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/unit"
)

func TestABackupsOptionsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		option string
		value  any
		says   string
	}{
		{"ionice_class", "realtime", "ionice_class"}, {"on_lost_caller", "panic", "on_lost_caller"}, {"desync", "maybe", "desync"},
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

// A backup without what undoes it when it is killed is none.
func TestABackupWithoutSystemdLeavesNothing(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("systemd runs this host")
	}
	s, _ := jobStore(t)
	_, err := (galeraBackupOptions{}).start(t.Context(), &ansible.Call{}, s)
	if !errors.Is(err, unit.ErrNoSystemd) {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(s.State); err == nil {
		t.Error("a folder was made")
	}
}

// Who made the decision may lie: it neither loosens the policy nor the number of spares.
func TestADecisionAllowsNothing(t *testing.T) {
	strict, prefer, lax := "require_idle", "prefer_idle", "allow_active"
	const refused = "this task has the stricter"
	for _, c := range []struct{ policy, decision, says string }{
		{strict, "", ""},
		{strict, `{"policy":""}`, ""},
		{strict, `{"policy":7}`, ""},
		{strict, `["allow_active"]`, ""},
		{strict, `{"policy":"require_idle"}`, ""},
		{strict, `{"policy":"prefer_idle"}`, refused},
		{strict, `{"policy":"allow_active"}`, refused},
		{prefer, `{"policy":"require_idle"}`, ""},
		{prefer, `{"policy":"prefer_idle"}`, ""},
		{prefer, `{"policy":"allow_active"}`, refused},
		{lax, `{"policy":"require_idle"}`, ""},
		{lax, `{"policy":"allow_active"}`, ""},
		{lax, `{"policy":"any"}`, `"any", which idle_controller does not know`},
		{strict, `{"Policy":"allow_active"}`, refused}, // encoding/json takes it for the same key
	} {
		o := galeraBackupOptions{Policy: c.policy, MinSpares: 1, Decision: json.RawMessage(c.decision)}
		err := o.checkPolicy()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s, %s: %v", c.policy, c.decision, err)
		}
		options := o.options(&ansible.Call{})
		if options.AllowClients != (c.policy == lax) || options.AllowActive != (c.policy == prefer) || options.MinSpares != 1 {
			t.Errorf("%s, %s: %+v", c.policy, c.decision, options)
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

func TestHowAJobEndedIsInWords(t *testing.T) {
	for _, c := range []struct{ result, status, want string }{
		{"signal", "KILL", "SIGKILL"}, {"signal", "SIGSEGV", "SIGSEGV"}, {"oom-kill", "KILL", "it needed more memory than memory_high"},
		{"timeout", "TERM", "timeout TERM"}, {"exit-code", "2", "exit-code 2"}, {"core-dump", "ABRT", "core-dump ABRT"},
		{"", "", "systemd does not say how"}, // before 232
	} {
		env := map[string]string{"SERVICE_RESULT": c.result, "EXIT_STATUS": c.status}
		if got := how(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
}

func TestAKilledJobSaysWhatIsLeft(t *testing.T) {
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	o := galeraBackupOptions{Job: "j"}
	done := []effect.Undone{{Effect: "lock", Done: "the lock is free"}}
	for want, err := range map[string]error{
		"the backup job j was ended by force (SIGKILL); nothing is left of it":                         o.killed(nil, "", nil),
		"the backup job j was ended by force (SIGKILL); undone: the lock is free; left: the set: busy": o.killed(done, "", errors.New("the set: busy")),
		"the backup job j was ended by force (SIGKILL); its set was whole by then: /b/c/s":             o.killed(nil, "/b/c/s", nil),
	} {
		if err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}
