// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"encoding/json"
	"testing"
)

func TestProblemsOfEarlierRecordsAreDamage(t *testing.T) {
	for text, want := range map[string]ProblemKind{
		`{"file":"f","reason":"x"}`: Damaging, `{"file":"f","kind":"differs"}`: Differing,
		`{"kind":"does_not_load"}`: NotLoading, `{"kind":"fine"}`: Damaging,
	} {
		var p Problem
		if err := json.Unmarshal([]byte(text), &p); err != nil || p.Kind != want {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	text := Verdict([]Problem{Damage("a", "x").Of(Differing), DamageAt("b", 3, "y"),
		{Kind: NotLoading, File: "c", Line: 7, Object: "CREATE TABLE t", Reason: "z"}})
	if text != "is damaged: b, offset 3: y; it does not load: c, line 7, CREATE TABLE t: z; it differs from what was"+
		" recorded: a: x" {
		t.Error(text)
	}
}
