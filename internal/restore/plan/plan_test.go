// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestEveryRefusalMeansSomething(t *testing.T) {
	seen := map[Code]bool{}
	for _, m := range Meanings() {
		if m.Meaning == "" || seen[m.Code] {
			t.Errorf("%s means %q, and was there before: %v", m.Code, m.Meaning, seen[m.Code])
		}
		seen[m.Code] = true
	}
	if all := Meanings(); len(all) != 18 || all[len(all)-1].Code != NotConfirmed {
		t.Errorf("%d refusals, and the last is %s: what is confirmed is known last", len(all), all[len(all)-1].Code)
	}
}

func TestAViewThatCannotBeUsedIsRefused(t *testing.T) {
	for raw, want := range map[string]string{
		`[]`:                                   "views: ",
		`{"view": {}}`:                         "an entry has no host",
		`{"host": "c0"}`:                       "views: c0: ",
		`{"host": "c0", "view": 1}`:            "views: c0: ",
		`{"host": "c0", "view": null}`:         "lacks node or book",
		`{"host": "c0", "view": {"node": {}}}`: "lacks node or book",
		`{"host": "c0", "view": {"book": {}}}`: "lacks node or book",
		`{"host": "c0", "view": {"node": {}, "book": null}}`:                          "lacks node or book",
		`{"host": "c0", "view": {"node": {"free_bytes": "9"}, "book": {}}}`:           "views: c0: ",
		`{"host": "c0", "view": {"node": {"name": "a\u001b[2J"}, "book": {}}}`:        "is not a name",
		`{"host": "c0", "view": {"node": {"members": ["a\nb"]}, "book": {}}}`:         "is not a name",
		`{"host": "c0", "view": {"node": {}, "book": {}, "set": {"path": "a\tb"}}}`:   "is not a name",
		`{"host": "c0", "view": {"node": {}, "book": {}, "new_job": "` + long + `"}}`: "is not a name",
	} {
		if v, err := DecodeView([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) ||
			len(err.Error()) > 1000 {
			t.Errorf("%.200s: %+v, %v", raw, v, err)
		}
	}
}

var long = strings.Repeat("x", 5000)

func TestAViewIsDecoded(t *testing.T) {
	v, err := DecodeView([]byte(`{"host": "c0", "view": {"node": {"name": "n", "members": ["n"], "free_bytes": 7},
		"book": {"job": "J", "rolling_back": true}, "set": {"name": "S", "path": "/a/S"},
		"plan": {"space": {"needed_bytes": 3}},
		"problems": ["one\ntwo"], "unknown": {}}}`))
	if err != nil || v.Host != "c0" || v.Node.Free != 7 || !v.Book.Back || v.Cost.Space.Needed != 3 ||
		v.Problems[0] != "one; two" {
		t.Errorf("%+v %v", v, err)
	}
}

func TestConfirmed(t *testing.T) {
	for _, c := range []struct {
		given, name string
		want        bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "a", false}, {"", "", false}, {"a", "", false}} {
		if Confirmed(c.given, c.name) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestCostMustBeKnown(t *testing.T) {
	v := View{Host: "c0", Node: Node{Name: "c0", Members: []string{"c0"}}, Set: &Set{Name: "S", Path: "/s/c/S"}}
	d, err := Decide([]View{v}, Options{State: Restored, Set: Newest, Confirm: "c", Hosts: []string{"c0"}})
	if err != nil || d.Refused != "cost_not_known" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestOnlyKnownStatesAreDecided(t *testing.T) {
	if _, err := Decide(nil, Options{State: "staged"}); err == nil {
		t.Error("decided")
	}
}

// The order of answers, fastest first, makes no difference.
func TestTheOrderOfAnswersMakesNoDifference(t *testing.T) {
	var views []View
	for _, host := range []string{"c0", "c1", "c2"} {
		v := View{Host: host, NewJob: "new-of-" + host,
			Node: Node{Name: host, Members: []string{"c0", "c1", "c2"}, Free: 9}}
		v.Set, v.Cost = &Set{Name: "S", Path: "/s/c/S"}, &Cost{}
		views = append(views, v)
	}
	o := Options{State: Restored, Set: Newest, Confirm: "c", Hosts: []string{"c0", "c1", "c2"}}
	want, err := Decide(views, o)
	if err != nil || want.Refused != "" {
		t.Fatalf("%+v %v", want, err)
	}
	slices.Reverse(views)
	if got, _ := Decide(views, o); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, and %+v", got, want)
	}
}

// FuzzDecide checks that, whatever controllers claim, no step is for a host that was not asked, nothing is replaced
// without a confirmation, steps keep their order, and no controller gets a set on another's word alone.
func FuzzDecide(f *testing.F) {
	f.Add([]byte(`[{"host":"c0","view":{"node":{"name":"c0","members":["c0"]},"book":{},
		"set":{"name":"S","path":"/s/c/S"},"plan":{}}}]`), 0, "c", "")
	f.Add([]byte(`[{"host":"c0","view":{"node":{"name":"c0","members":["c0"]},
		"book":{"job":"J","set":"/s/c/S","opened":true},
		"stopped":true,"has_old":true}}]`), 1, "c", "c0")
	f.Add([]byte(`[{"host":"c0","view":{"node":{"name":"c0"},"book":{"job":"J","set":"/S"},"under_way":true}}]`), 0, "",
		"")
	f.Fuzz(func(t *testing.T, raw []byte, state int, confirm, host string) {
		var entries []json.RawMessage
		if json.Unmarshal(raw, &entries) != nil {
			return
		}
		var views []View
		for _, e := range entries {
			if v, err := DecodeView(e); err == nil {
				views = append(views, v)
			}
		}
		o := Options{State: states[(state%len(states)+len(states))%len(states)], Set: Newest, Confirm: confirm,
			Host:  host,
			Hosts: hosts(views)}
		d, err := Decide(views, o)
		if err != nil {
			t.Fatal(err)
		}
		if (d.Refused != "") != (len(d.Steps) == 0) || d.Message == "" {
			t.Fatalf("neither refused nor planned: %+v", d)
		}
		holds(t, views, o, d)
	})
}

// order is the order of the states of a restore.
var order = []string{
	"staged", "rolling_back", "fenced", "stopped", "replaced", "rolled_back", "started", "checked", "opened", "reached",
	"finished",
}

func holds(t *testing.T, views []View, o Options, d Decision) {
	t.Helper()
	last := -1
	for _, step := range d.Steps {
		at := slices.Index(order, step.State)
		if at >= 0 && at <= last {
			t.Fatalf("%s comes too late: %+v", step.State, d.Steps)
		}
		last = max(last, at)
		for _, host := range step.Hosts {
			if !slices.Contains(o.Hosts, host) {
				t.Fatalf("%s was not asked: %+v", host, step)
			}
		}
		replaces := step.State == "replaced" || step.State == "rejoined" || step.State == "staged"
		if replaces && o.Confirm == "" {
			t.Fatalf("not confirmed: %+v", d)
		}
	}
	if o.State != Restored || d.Refused != "" {
		return
	}
	knows := func(v View) bool {
		return v.Host == d.Target && (v.sees(d.Set) || v.Book.Job == d.Job && v.Book.Target)
	}
	if !slices.ContainsFunc(views, knows) {
		t.Fatalf("%s restores %s by the word of others: %+v", d.Target, d.Set, views)
	}
}
