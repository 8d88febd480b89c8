// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/restore/plan"
	"overcloud.backup/internal/restore/steps"
)

// seen returns the answer of a controller in state planned, as the plan receives it: decoded by the types of
// galera_restore.
func seen(t *testing.T, host string, book *restore.Book) any {
	t.Helper()
	needed := &rebuild.Plan{}
	needed.Space.Needed = 3
	raw, err := json.Marshal(steps.Values{
		Node: &restore.Node{Name: host, Members: []string{"c0", "c1"}, Datadir: "/var/lib/mysql", Port: "3306",
			Free: 5},
		Book: book, Set: &repository.Entry{Name: "S", Path: "/sets/galera_cluster/S"}, Plan: needed, NewJob: "new",
		UnderWay: book.UnderWay(), Stopped: book.Stopped(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"host": host, "view": json.RawMessage(raw)}
}

func TestRestorePlanUnderstandsWhatControllersAnswer(t *testing.T) {
	args := map[string]any{
		"hosts": []string{"c0", "c1"}, "confirm": "galera_cluster",
		"views": []any{seen(t, "c0", &restore.Book{}), seen(t, "c1", &restore.Book{})},
	}
	r := runModule(t, "restore_plan", args)
	if r["failed"] != nil || r["refused"] != "" || r["target"] != "c0" || r["set"] != "/sets/galera_cluster/S" ||
		r["job"] != "new" {
		t.Errorf("%v", r)
	}
	begun := &restore.Book{
		Job: "J", Set: "/sets/galera_cluster/T", Target: true, Resource: &restore.Role{}, RollingBack: true,
		Began: "10:00",
	}
	args["views"] = []any{seen(t, "c0", begun), seen(t, "c1", &restore.Book{})}
	if r = runModule(t, "restore_plan", args); r["refused"] != "rollback_under_way" || r["job"] != "J" {
		t.Errorf("%v", r)
	}
}

func TestRestorePlanNeedsNoConfirmationInCheckMode(t *testing.T) {
	args := map[string]any{"hosts": []string{"c0", "c1"}, "views": []any{seen(t, "c0", &restore.Book{}), seen(t, "c1",
		&restore.Book{})}}
	if r := runModule(t, "restore_plan", args); r["refused"] != "not_confirmed" || r["failed"] != nil ||
		len(r["lines"].([]any)) < 5 {
		t.Errorf("%v", r)
	}
	args["_ansible_check_mode"] = true
	if r := runModule(t, "restore_plan", args); r["refused"] != "" || len(r["steps"].([]any)) != 9 {
		t.Errorf("%v", r)
	}
}

func TestRestorePlanLeavesOutAnAnswerThatItCannotUse(t *testing.T) {
	r := runModule(t, "restore_plan", map[string]any{
		"hosts": []string{"c0"}, "views": []any{map[string]any{"host": "c0",
			"view": map[string]any{"node": map[string]any{}}}},
	})
	warnings, _ := r["warnings"].([]any)
	if r["refused"] != "controller_missing" || len(warnings) != 1 || !strings.Contains(warnings[0].(string),
		"lacks node or book") {
		t.Errorf("%v", r)
	}
}

func TestRestorePlanRefusesBadOptions(t *testing.T) {
	c0 := map[string]any{"host": "c0", "view": map[string]any{"node": map[string]any{}, "book": map[string]any{}}}
	for want, args := range map[string]map[string]any{
		"views: not given":                {},
		`views: host "c0" is given twice`: {"views": []any{c0, c0}},
		"is not one of":                   {"views": []any{}, "state": "staged"},
	} {
		r := runModule(t, "restore_plan", args)
		if msg, _ := r["msg"].(string); r["failed"] != true || !strings.Contains(msg, want) {
			t.Errorf("%s: %v", want, r)
		}
	}
}

func TestRestorePlanDocumentsEveryCode(t *testing.T) {
	for _, m := range plan.Meanings() {
		if line := "C(" + string(m.Code) + "): " + m.Meaning + "."; !bytes.Contains(restorePlanSpec, []byte(line)) {
			t.Errorf("restore_plan.yml does not say %q", line)
		}
	}
}
