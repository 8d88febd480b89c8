// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/tests/story"
)

const stories = "testdata/stories/*.txt"

// The stories are in testdata/stories; README.md beside them describes the commands.
func TestStories(t *testing.T) {
	story.Run(t, stories, func(t *testing.T, lines []string) string {
		s := &situated{hosts: map[string]map[string]string{}}
		if err := s.tell(lines); err != nil {
			t.Fatal(err)
		}
		return s.out
	})
}

// Each refusal has a story in each state that it applies to, and each state has a story in which it proceeds: so a
// refusal that can never be given is noticed.
func TestEveryRefusalOfEveryStateHasItsStory(t *testing.T) {
	if flag.Lookup("update").Value.String() == "true" {
		t.Skip("the stories are being written")
	}
	type outcome struct {
		state State
		code  Code
	}
	seen := map[outcome]bool{}
	story.Run(t, stories, func(t *testing.T, lines []string) string {
		s := &situated{hosts: map[string]map[string]string{}}
		if err := s.tell(lines); err != nil {
			t.Fatal(err)
		}
		for _, d := range s.decided {
			seen[outcome{d.State, d.Refused}] = true
		}
		return s.out
	})
	never := []outcome{
		{Restored, "nobody_answers"}, {RolledBack, "nobody_answers"}, // controller_missing comes before
		{Loaded, NotConfirmed}, // nothing is replaced without the option replace
	}
	for _, r := range rules {
		for _, state := range r.of {
			if o := (outcome{state, r.code}); seen[o] == slices.Contains(never, o) {
				t.Errorf("state %s, refused with %s: in a story: %v", o.state, o.code, seen[o])
			}
		}
	}
	for _, state := range states {
		if !seen[outcome{state, ""}] {
			t.Errorf("no story has a plan for %s", state)
		}
	}
}

// situated holds the answers of the controllers of one story.
type situated struct {
	order   []string
	hosts   map[string]map[string]string
	decided []Decision
	out     string
}

// tell parses the lines of a story: one for each controller, then the options.
func (s *situated) tell(lines []string) error {
	asked := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "decide ") {
			asked++
		}
	}
	for _, line := range lines {
		fields := words(line)
		if fields[0] != "decide" {
			s.order = append(s.order, fields[0])
			s.hosts[fields[0]] = values(fields[1:])
			continue
		}
		if asked > 1 {
			s.out += "=> " + line + "\n"
		}
		if err := s.decide(values(fields[1:])); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

// words splits a line at blanks, but not within quotes.
func words(line string) []string {
	quoted := false
	return strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// values parses key=value, and a key alone as yes.
func values(fields []string) map[string]string {
	all := map[string]string{}
	for _, f := range fields {
		key, value, given := strings.Cut(f, "=")
		if all[key] = strings.Trim(value, `"`); !given {
			all[key] = "yes"
		}
	}
	return all
}

// takes removes values from a line, so that only unknown ones remain.
type takes map[string]string

func (g takes) text(key string) string {
	value := g[key]
	delete(g, key)
	return value
}

func (g takes) yes(key string) bool { return g.text(key) != "" }

func (g takes) list(key string) []string {
	if text := g.text(key); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

func (g takes) number(key string, otherwise int64) int64 {
	n, err := strconv.ParseInt(g.text(key), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (g takes) rest() error {
	if len(g) > 0 {
		return fmt.Errorf("there is no %s", strings.Join(slices.Sorted(maps.Keys(g)), ", "))
	}
	return nil
}

// view returns the answer of a controller.
func (s *situated) view(host string) (View, error) {
	given := takes(maps.Clone(s.hosts[host]))
	v := View{Host: host, NewJob: "new-of-" + host, Problems: given.list("problem")}
	v.Node = Node{
		Name: host, Members: given.list("members"), Datadir: "/var/lib/mysql", Port: "3306",
		Free: given.number("free", 100),
	}
	if name := given.text("name"); name != "" {
		v.Node.Name = name
	}
	if v.Node.Members == nil {
		v.Node.Members = s.order
	}
	unknown := given["needs"] == "unknown"
	needed := given.number("needs", 50)
	if path := given.text("sees"); path != "" {
		v.Set = &Set{Name: filepath.Base(path), Path: path, Verified: given.text("verified")}
	}
	if v.Set != nil && !unknown {
		v.Cost = &Cost{}
		v.Cost.Space.Needed = needed
	}
	v.Book = Book{
		Job: given.text("job"), Set: given.text("set"), Began: given.text("began"), Target: given.yes("target"),
		Started: given.text("started"), Opened: given.yes("opened"), Ended: given.text("ended"),
		Rejoin: given.yes("rejoin"),
		Back:   given.yes("back"), Aside: given.list("aside"),
	}
	v.HasOld, v.UnderWay, v.Stopped = given.yes("old"), given.yes("under_way"), given.yes("stopped")
	return v, given.rest()
}

func (s *situated) decide(asked takes) error {
	o := Options{
		State: State(asked.text("state")), Set: asked.text("set"), Destination: "/sets", Confirm: asked.text("confirm"),
		Host: asked.text("host"), Hosts: s.order, Pattern: "mysql", RemoveOld: asked.yes("remove_old"),
		Push: asked.yes("push"), CheckMode: asked.yes("check"),
	}
	if err := asked.rest(); err != nil {
		return err
	}
	if o.Set == "" {
		o.Set = Newest
	}
	var views []View
	for _, host := range s.order {
		if s.hosts[host]["silent"] != "" {
			continue
		}
		v, err := s.view(host)
		if err != nil {
			return fmt.Errorf("%s: %w", host, err)
		}
		views = append(views, v)
	}
	d, err := Decide(views, o)
	s.decided = append(s.decided, d)
	s.out += written(d)
	return err
}

// written formats a decision as stories have it.
func written(d Decision) string {
	var out strings.Builder
	if d.Refused != "" {
		fmt.Fprintf(&out, "refused, %s: %s\n", d.Refused, wrapped(d.Message))
	}
	for _, line := range d.Lines {
		fmt.Fprintf(&out, "%s\n", wrapped(line))
	}
	width := 0
	for _, step := range d.Steps {
		width = max(width, len(step.State))
	}
	for _, step := range d.Steps {
		names := slices.Clone(step.Hosts)
		for i, host := range names {
			if host == step.Target {
				names[i] += "*"
			}
		}
		fmt.Fprintf(&out, "  %-*s %s\n", width, step.State, strings.Join(names, " "))
	}
	return out.String()
}

// wrapped breaks a long line at blanks.
func wrapped(text string) string {
	const most = 100
	lines, column := "", 0
	indent := strings.Repeat(" ", 4+len(text)-len(strings.TrimLeft(text, " ")))
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
		case column+len(word) > most:
			lines, column = lines+"\n"+indent, len(indent)
		default:
			lines, column = lines+" ", column+1
		}
		lines, column = lines+word, column+len(word)
	}
	return lines
}
