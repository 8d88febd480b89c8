// SPDX-License-Identifier: GPL-3.0-or-later

package decision

import (
	"strings"
	"testing"
)

func TestADecisionIsReadByItsNames(t *testing.T) {
	for text, want := range map[string]struct {
		known bool
		names string
	}{
		`{"clusters": [{"controllers": [{"name": "a", "verdict": "chosen"}, {"name": "b", "verdict": "rejected"}]},
			{"controllers": [{"name": "c", "verdict": "chosen"}]}]}`: {true, "a c"},
		`{"clusters": [{"controllers": [{"name": "b", "verdict": "rejected"}]}]}`:                {true, ""},
		`{"clusters": [{"controllers": [{"name": "a", "verdict": "chosen", "rank": "first"}]}]}`: {true, "a"},
		`{"chosen": "here"}`:     {false, ""},
		`{"clusters": ["here"]}`: {false, ""},
		`{"clusters": 7}`:        {false, ""},
		`nonsense`:               {false, ""},
		``:                       {false, ""},
	} {
		list, known := Choices([]byte(text))
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		if known != want.known || strings.Join(names, " ") != want.names {
			t.Errorf("%s: %q, %t", text, names, known)
		}
	}
	for _, c := range []Controller{
		{Name: "host-1"}, {PacemakerNode: "HOST-1.example"}, {Name: "10.0.0.5", GaleraNode: "host-1"},
		{GaleraNode: "node 1"},
	} {
		if !c.Is("host-1", "node 1") {
			t.Errorf("%+v is not host-1", c)
		}
	}
	for _, c := range []Controller{{}, {Name: "host-2"}, {PacemakerNode: "host"}} {
		if c.Is("host-1", "") {
			t.Errorf("%+v is host-1", c)
		}
	}
	if (Controller{Name: "host-1.a"}).Is("host-1.b", "") {
		t.Error("two domains, one host")
	}
}

func TestThePolicyOfADecision(t *testing.T) {
	for text, want := range map[string]Policy{
		`{"policy": "prefer_idle"}`: PreferIdle, `{"policy": 7}`: "", `[]`: "", ``: "", `{}`: "",
	} {
		if got := PolicyOf([]byte(text)); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	if !AllowActive.LaxerThan(RequireIdle) || RequireIdle.LaxerThan(PreferIdle) || PreferIdle.LaxerThan(PreferIdle) {
		t.Error("the order of policies")
	}
}
