// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/selection"
	"overcloud.backup/internal/topology"
	"overcloud.backup/tests/story"
)

// The stories are in testdata/stories; the README.md beside them has their commands.
func TestStories(t *testing.T) {
	story.Run(t, "testdata/stories/*.txt", func(t *testing.T, lines []string) string {
		l := healthy(t)
		for _, line := range lines {
			if err := l.do(t, line); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		return l.out
	})
}

// lab is what was read of the lab's three controllers, as the entries of the module's option facts.
type lab struct {
	entries []map[string]any
	options selection.Options
	now     float64
	strict  bool
	out     string
}

func healthy(t *testing.T) *lab {
	t.Helper()
	l := &lab{options: selection.Defaults()}
	for i := range 3 {
		raw, err := os.ReadFile(filepath.Join("..", "selection", "testdata", fmt.Sprintf("lab-%d.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		var entry map[string]any
		if err := json.Unmarshal(raw, &entry); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("controller-%d", i)
		entry["name"], entry["doctor"] = name, wellDoctor(t, name)
		l.now = max(l.now, entry["haproxy"].(map[string]any)["gathered_at"].(float64))
		l.entries = append(l.entries, entry)
	}
	return l
}

// wellDoctor is the document of a host on which nothing is missing.
func wellDoctor(t *testing.T, name string) map[string]any {
	t.Helper()
	f := Facts{SELinux: "disabled", Kernel: "6.1.0"}
	f.Mount = Mount{Point: "/var/backups", Type: "xfs", Source: "/dev/vdb1"}
	f.Host.Name, f.Present = name, true
	for _, c := range checks {
		if c.onHost() {
			f.Results = append(f.Results, Result{Check: c.Name, Seen: "well", Warnings: []string{}})
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func (l *lab) do(t *testing.T, line string) error {
	words := strings.Fields(line)
	switch words[0] {
	case "look", "lacks", "set", "unreachable", "without", "proxyonly":
		return l.each(words)
	case "host":
		return l.add(words[1])
	case "policy":
		l.options.Policy = decision.Policy(words[1])
	case "strict":
		l.strict = true
	case "later":
		seconds, err := strconv.ParseFloat(words[1], 64)
		l.now += seconds
		return err
	case "judge":
		r := l.judge(t)
		l.out += only(r.Text, words[1:]) + fmt.Sprintf("=> %s, healthy: %t\n", r.Status, r.Healthy)
	default:
		return fmt.Errorf("there is no command %s", words[0])
	}
	return nil
}

// only keeps the lines of a table that are not ok, unless all are asked for.
func only(text string, words []string) string {
	if len(words) > 0 {
		return text
	}
	kept, bad := "", false
	for line := range strings.Lines(text) {
		if first, _, _ := strings.Cut(line, " "); first != "" {
			bad = first != "ok"
		}
		if bad {
			kept += line
		}
	}
	return kept
}

func (l *lab) judge(t *testing.T) Report {
	t.Helper()
	in := Input{Now: l.now, Strict: l.strict}
	for _, entry := range l.entries {
		raw, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		h, err := topology.DecodeHost(raw)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		in.Hosts, in.Documents = append(in.Hosts, h), append(in.Documents, d)
	}
	l.options.Now = l.now
	decided, err := selection.Decide(in.Hosts, l.options)
	if err != nil {
		t.Fatal(err)
	}
	in.Decision = decided
	return Judge(in)
}

// add adds a host that has what controller-2 has.
func (l *lab) add(name string) error {
	raw, err := json.Marshal(l.entries[2])
	if err != nil {
		return err
	}
	var entry map[string]any
	if err := json.Unmarshal(raw, &entry); err != nil {
		return err
	}
	entry["name"] = name
	l.entries = append(l.entries, entry)
	return nil
}

// each does something to the entry of a controller, or to all.
func (l *lab) each(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("name a controller, or all")
	}
	done := false
	for _, entry := range l.entries {
		if words[1] != "all" && words[1] != entry["name"] {
			continue
		}
		done = true
		if err := change(entry, words[0], words[2:]); err != nil {
			return err
		}
	}
	if !done {
		return fmt.Errorf("there is no %s", words[1])
	}
	return nil
}

func change(entry map[string]any, command string, words []string) error {
	switch command {
	case "unreachable":
		for _, document := range []string{"galera", "pacemaker", "haproxy", "doctor"} {
			delete(entry, document)
		}
		entry["unreachable"] = true
		return nil
	case "without":
		delete(entry, words[0])
		return nil
	case "proxyonly":
		// It has HAProxy, and neither a database nor Pacemaker.
		galera, pacemaker := entry["galera"].(map[string]any), entry["pacemaker"].(map[string]any)
		galera["present"], galera["running"], galera["errors"] = false, false, []any{}
		pacemaker["present"], pacemaker["connected"], pacemaker["nodes"] = false, false, []any{}
		for _, document := range []string{"galera", "pacemaker", "haproxy"} {
			host := entry[document].(map[string]any)["host"].(map[string]any)
			host["name"], host["addresses"] = entry["name"], []any{"10.99.0.77"}
		}
		return nil
	case "set":
		path, text, _ := strings.Cut(strings.Join(words[1:], " "), "=")
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		return put(entry[words[0]], strings.Split(path, "."), value)
	}
	looks := entry["doctor"].(map[string]any)["looks"].([]any)
	for i, l := range looks {
		look := l.(map[string]any)
		if look["check"] != words[0] {
			continue
		}
		if command == "lacks" {
			entry["doctor"].(map[string]any)["looks"] = append(looks[:i:i], looks[i+1:]...)
			return nil
		}
		kind, text, _ := strings.Cut(strings.Join(words[1:], " "), "=")
		if look[kind] = text; kind == "warning" {
			look["warnings"] = append(look["warnings"].([]any), text)
			delete(look, kind)
		}
		return nil
	}
	return fmt.Errorf("there is no check %s", words[0])
}

// put sets what a path leads to.
func put(in any, path []string, value any) error {
	object, ok := in.(map[string]any)
	if !ok || object[path[0]] == nil {
		return fmt.Errorf("it leads nowhere at %s", path[0])
	}
	if len(path) == 1 {
		object[path[0]] = value
		return nil
	}
	return put(object[path[0]], path[1:], value)
}
