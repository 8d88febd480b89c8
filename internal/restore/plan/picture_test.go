// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// diagram is the one of docs/restore.md: which states follow which. A state of a box is reached through its first one,
// and left after its last one.
type diagram struct{ follow map[string][]string }

func readDiagram(t *testing.T) diagram {
	t.Helper()
	page, err := os.ReadFile("../../../docs/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "```mermaid\n")
	text, _, ended := strings.Cut(text, "```\n")
	if !found || !ended {
		t.Fatal("docs/restore.md has no diagram")
	}
	d := diagram{map[string][]string{}}
	first, last, box := map[string]string{}, map[string]string{}, ""
	arrow := regexp.MustCompile(`^(\S+) --> (\w+|\[\*\])(: .*)?$`)
	var outer [][2]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		a := arrow.FindStringSubmatch(line)
		switch {
		case strings.HasSuffix(line, "{"):
			box = strings.Fields(line)[len(strings.Fields(line))-2]
		case line == "}":
			box = ""
		case a == nil:
		case box == "":
			outer = append(outer, [2]string{a[1], a[2]})
		case a[1] == "[*]":
			first[box] = a[2]
		default:
			d.follow[a[1]] = append(d.follow[a[1]], a[2])
			last[box] = a[2]
		}
	}
	for _, a := range outer {
		from, to := a[0], a[1]
		if last[from] != "" {
			from = last[from]
		}
		if first[to] != "" {
			to = first[to]
		}
		d.follow[from] = append(d.follow[from], to)
	}
	return d
}

// walk returns the states of a plan, from beginning to end, as the diagram names them: those of a rollback until it
// lets clients in begin with back_.
func walk(d Decision) []string {
	path := []string{"look"}
	back := false
	for _, state := range stepsOf(d) {
		back = (back || state == "rolling_back") && state != "opened"
		if back && state != "rolling_back" {
			state = "back_" + state
		}
		path = append(path, state)
	}
	return append(path, "[*]")
}

// The plans of a restore and of both rollbacks are paths of the diagram, and it has no arrow that none of them takes,
// but those that lead into a rollback and out of a failure.
func TestTheDiagramOfTheDocumentationShowsThePlans(t *testing.T) {
	shown := readDiagram(t)
	taken := map[[2]string]bool{
		{"[*]", "look"}: true, {"staged", "[*]"}: true,
		{"checked", "rolling_back"}: true, {"finished", "rolling_back"}: true, // out of the whole box
	}
	for name, d := range plansOfTheCluster(t) {
		path := walk(d)
		if path[1] == "rolling_back" {
			path = path[1:] // which a restore leads to, whatever step it is in
		}
		for i := range path[1:] {
			if !slices.Contains(shown.follow[path[i]], path[i+1]) {
				t.Errorf("%s: the diagram has no arrow from %s to %s, only to %v", name, path[i], path[i+1],
					shown.follow[path[i]])
			}
			taken[[2]string{path[i], path[i+1]}] = true
		}
	}
	for from, all := range shown.follow {
		for _, to := range all {
			if !taken[[2]string{from, to}] {
				t.Errorf("no plan leads from %s to %s", from, to)
			}
		}
	}
	if len(shown.follow) < 15 {
		t.Errorf("only %d states", len(shown.follow))
	}
}

func plansOfTheCluster(t *testing.T) map[string]Decision {
	t.Helper()
	decide := func(state State, change func(*View)) Decision {
		views := controllers(3)
		for i := range views {
			see(&views[i], theSet)
			change(&views[i])
		}
		o := asked(state, views)
		o.Confirm = "galera_cluster"
		d, err := Decide(views, o)
		if err != nil || d.Refused != "" {
			t.Fatalf("%s: %+v, %v", state, d, err)
		}
		return d
	}
	begun := func(v *View) {
		v.Book = Book{Job: "J", Set: theSet, Began: "10:00", Target: v.Host == "c0"}
		v.UnderWay = true
	}
	return map[string]Decision{
		"a restore":                  decide(Restored, func(*View) {}),
		"a rollback before the stop": decide(RolledBack, begun),
		"a rollback": decide(RolledBack, func(v *View) {
			begun(v)
			v.Stopped, v.HasOld = true, true
		}),
	}
}
