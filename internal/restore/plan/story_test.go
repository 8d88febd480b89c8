// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is decided into the stories")

// TestStories reads testdata/*.txt, which operators can read and write: what the controllers say, what is asked for,
// and after the line of dashes what is decided. "go test -update" writes the last.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told := (&story{t: t}).tell(string(content))
			if *update {
				err = os.WriteFile(file, []byte(told), 0o644)
			}
			if err != nil || !*update && told != string(content) {
				t.Errorf("%v: %s differs from what is decided:\n%s", err, file, told)
			}
		})
	}
}

// story is what the controllers of one file say by now.
type story struct {
	t     *testing.T
	order []string
	hosts map[string]map[string]string
}

// tell returns the text of a story with what is decided now.
func (s *story) tell(text string) string {
	var out strings.Builder
	paragraphs := strings.Split(strings.TrimRight(text, "\n"), "\n\n")
	for i, p := range paragraphs {
		if i > 0 {
			out.WriteString("\n")
		}
		asked, _, decides := strings.Cut(p+"\n", "\n----\n")
		asked = strings.TrimRight(asked, "\n")
		out.WriteString(asked + "\n")
		said := s.hear(asked)
		if decides != (said != "") {
			s.t.Fatalf("a line of dashes belongs after what decides, and nowhere else: %s", asked)
		}
		if decides {
			out.WriteString("----\n" + said)
		}
	}
	return out.String()
}

// hear takes in what one paragraph says, and returns what is decided if it asks for that.
func (s *story) hear(paragraph string) (said string) {
	for line := range strings.Lines(paragraph) {
		fields := words(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case fields[0] == "decide":
			said += s.decide(fields[1:])
		default:
			if s.hosts == nil {
				s.hosts = map[string]map[string]string{}
			}
			if s.hosts[fields[0]] == nil {
				s.order = append(s.order, fields[0])
			}
			s.hosts[fields[0]] = values(fields[1:])
		}
	}
	return said
}

// words splits a line at blanks; a quoted value keeps its own.
func words(line string) []string {
	quoted := false
	return strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// values are key=value and, for yes, key alone.
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

func (s *story) view(host string) View {
	given := s.hosts[host]
	take := func(key string) string { value := given[key]; delete(given, key); return value }
	number := func(key string, otherwise int64) int64 {
		n, err := strconv.ParseInt(take(key), 10, 64)
		if err != nil {
			return otherwise
		}
		return n
	}
	given = copied(given)
	v := View{Host: host, NewJob: "new-of-" + host, Problems: listed(take("problem"))}
	v.Node = Node{Name: host, Members: listed(take("members")), Datadir: "/var/lib/mysql", Port: "3306",
		Free: number("free", 100)}
	if v.Node.Members == nil {
		v.Node.Members = s.order
	}
	unknown := given["needs"] == "unknown"
	needed := number("needs", 50)
	if path := take("sees"); path != "" {
		v.Set, v.Cost = &Set{Name: filepath.Base(path), Path: path, Verified: take("verified")}, &Cost{}
		v.Cost.Space.Needed = needed
	}
	if unknown {
		v.Cost = nil
	}
	v.Book = Book{
		Job: take("job"), Set: take("set"), Began: take("began"), Target: take("target") != "", Started: take("started"),
		Opened: take("opened") != "", Ended: take("ended"), Rejoin: take("rejoin") != "", Back: take("back") != "",
		Aside: listed(take("aside")),
	}
	v.HasOld, v.UnderWay, v.Stopped = take("old") != "", take("under_way") != "", take("stopped") != ""
	if len(given) > 0 {
		s.t.Fatalf("%s: nobody knows %v", host, given)
	}
	return v
}

func copied(from map[string]string) map[string]string {
	to := map[string]string{}
	for k, v := range from {
		to[k] = v
	}
	return to
}

func listed(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *story) decide(fields []string) string {
	given := values(fields)
	o := Options{
		State: State(given["state"]), Set: given["set"], Destination: "/sets", Confirm: given["confirm"], Host: given["host"],
		Hosts: s.order, Pattern: "mysql", RemoveOld: given["remove_old"] != "", Push: given["push"] != "",
		CheckMode: given["check"] != "",
	}
	if o.Set == "" {
		o.Set = Newest
	}
	var views []View
	for _, host := range s.order {
		if s.hosts[host]["silent"] == "" {
			views = append(views, s.view(host))
		}
	}
	d, err := Decide(views, o)
	if err != nil {
		return err.Error() + "\n"
	}
	return d.told()
}

// told is a decision as stories have it.
func (d Decision) told() string {
	var out strings.Builder
	if d.Refused != "" {
		fmt.Fprintf(&out, "refused, %s: %s\n", d.Refused, d.Message)
	}
	for _, line := range d.Lines {
		fmt.Fprintf(&out, "%s\n", line)
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
