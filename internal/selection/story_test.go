// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
	"overcloud.backup/tests/story"
)

// The stories are in testdata/stories; testdata/stories/README.md describes the commands.
func TestStories(t *testing.T) {
	story.Run(t, "testdata/stories/*.txt", func(t *testing.T, lines []string) string {
		tale := &tale{o: options()}
		for _, line := range lines {
			if err := tale.do(t, line); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		return tale.out
	})
}

// tale is the cluster of a story. Its hosts are a world until the first command that changes their documents, and the
// entries of idle_controller's option facts from then on.
type tale struct {
	world   *world
	entries []map[string]any
	o       Options
	out     string
}

func (s *tale) do(t *testing.T, line string) error {
	words := strings.Fields(line)
	command, arguments := words[0], words[1:]
	if command != "cluster" && s.world == nil {
		return fmt.Errorf("a story begins with: cluster N")
	}
	switch command {
	case "cluster":
		n, err := number(arguments, 0)
		s.world = healthy(n)
		return err
	case "clients", "stop", "down":
		return s.change(command, arguments)
	case "set":
		return s.set(t, arguments)
	case "unreachable":
		return s.each(t, arguments, func(entry map[string]any) error { entry["unreachable"] = true; return nil })
	case "option":
		return s.option(arguments)
	case "decide":
		return s.decide(t)
	}
	return fmt.Errorf("there is no command %s", command)
}

func number(words []string, i int) (int, error) {
	if len(words) <= i {
		return 0, fmt.Errorf("a number is missing")
	}
	return strconv.Atoi(words[i])
}

// change executes the commands on the world that need more than a value.
func (s *tale) change(command string, arguments []string) error {
	if s.entries != nil {
		return fmt.Errorf("%s has to come before set and unreachable", command)
	}
	if command == "clients" && strings.Join(arguments, " ") == "none" {
		s.world.quiet()
		return nil
	}
	if len(arguments) == 0 {
		return fmt.Errorf("name a controller")
	}
	i, err := strconv.Atoi(strings.TrimPrefix(arguments[len(arguments)-1], "controller-"))
	if err != nil || i >= len(s.world.hosts) {
		return fmt.Errorf("there is no %s", arguments[len(arguments)-1])
	}
	switch command {
	case "clients":
		s.world.serve(i)
	case "stop":
		s.world.stop(i)
	case "down":
		s.world.down(i)
	}
	return nil
}

// each changes the entry of one controller, or of all.
func (s *tale) each(t *testing.T, arguments []string, do func(map[string]any) error) error {
	if s.entries == nil {
		for _, h := range s.world.hosts {
			s.entries = append(s.entries, encoded(t, h))
		}
	}
	if len(arguments) == 0 {
		return fmt.Errorf("name a controller, or all")
	}
	done := false
	for _, entry := range s.entries {
		if arguments[0] == "all" || entry["name"] == arguments[0] {
			done = true
			if err := do(entry); err != nil {
				return err
			}
		}
	}
	if !done {
		return fmt.Errorf("there is no %s", arguments[0])
	}
	return nil
}

func (s *tale) set(t *testing.T, arguments []string) error {
	if len(arguments) < 3 {
		return fmt.Errorf("give a controller, a document and path=value")
	}
	return s.each(t, arguments, func(entry map[string]any) error {
		for _, assignment := range arguments[2:] {
			path, text, _ := strings.Cut(assignment, "=")
			var value any
			if json.Unmarshal([]byte(text), &value) != nil {
				value = text // a word
			}
			if err := put(entry[arguments[1]], strings.Split(path, "."), value); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return nil
	})
}

// put sets the value at a path. A step may be name[element]: the element of a list with that name or id, or all (*).
func put(in any, path []string, value any) error {
	object, ok := in.(map[string]any)
	if !ok {
		return fmt.Errorf("it leads nowhere at %s", path[0])
	}
	key, element, list := strings.Cut(strings.TrimSuffix(path[0], "]"), "[")
	old, known := object[key]
	if !known {
		return fmt.Errorf("there is no %s", key)
	}
	if !list {
		if len(path) == 1 {
			object[key] = value
			return nil
		}
		return put(old, path[1:], value)
	}
	found := false
	elements, _ := old.([]any)
	for _, e := range elements {
		o, _ := e.(map[string]any)
		if element == "*" || o["name"] == element || o["id"] == element || o["node"] == element {
			found = true
			if err := put(e, path[1:], value); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("there is no %s", path[0])
	}
	return nil
}

// option parses limits, policy, exclude and prefer.
func (s *tale) option(arguments []string) error {
	for _, assignment := range arguments {
		name, text, _ := strings.Cut(assignment, "=")
		switch name {
		case "policy":
			s.o.Policy = decision.Policy(text)
		case "exclude":
			s.o.Exclude = strings.Split(text, ",")
		case "prefer":
			s.o.Prefer = strings.Split(text, ",")
		default:
			raw, _ := json.Marshal(map[string]json.RawMessage{name: json.RawMessage(text)})
			var given condition.Limits
			if err := json.Unmarshal(raw, &given); err != nil || len(given) == 0 {
				return fmt.Errorf("there is no option %s (%w)", name, err)
			}
			s.o.Limits[name] = given[name]
		}
	}
	return nil
}

func (s *tale) decide(t *testing.T) error {
	hosts := s.world.hosts
	if s.entries != nil {
		hosts = nil
	}
	for _, entry := range s.entries {
		raw, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		h, err := topology.DecodeHost(raw)
		if err != nil {
			return err
		}
		hosts = append(hosts, h)
	}
	d := decide(t, hosts, s.o)
	s.out += d.Text
	for _, w := range d.Warnings {
		s.out += "warning: " + w + "\n"
	}
	return nil
}
