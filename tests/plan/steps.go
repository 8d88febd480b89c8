// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// seconds is how long a step takes: "250", "~250" if that is an estimate, "-" if the step does not run.
type seconds string

func (s seconds) none() bool { return s == "-" }

// count returns the number; 0 if the step does not run.
func (s seconds) count() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(s), "~"))
	return n
}

func (s seconds) valid() bool {
	n, err := strconv.Atoi(strings.TrimPrefix(string(s), "~"))
	return s.none() || err == nil && n > 0
}

// step is one line of steps.txt.
type step struct {
	name      string
	when      string // always, turn or all
	lab       string // hosts, bundle, own or -
	test, all seconds
	paths     []string
}

// parse reads steps.txt.
func parse(text string) ([]step, error) {
	var steps []step
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 5 {
			return nil, fmt.Errorf("steps.txt: %q has %d columns, and at least 5 are needed",
				strings.TrimSpace(line), len(fields))
		}
		s := step{fields[0], fields[1], fields[2], seconds(fields[3]), seconds(fields[4]), fields[5:]}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("steps.txt: %s: %w", s.name, err)
		}
		if slices.Contains(names(steps), s.name) {
			return nil, fmt.Errorf("steps.txt: %s is there twice", s.name)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (s step) check() error {
	switch {
	case !slices.Contains([]string{"always", "turn", "all"}, s.when):
		return fmt.Errorf("%q is not always, turn or all", s.when)
	case !slices.Contains([]string{"hosts", "bundle", "own", "-"}, s.lab):
		return fmt.Errorf("%q is not a lab", s.lab)
	case !s.test.valid() || !s.all.valid():
		return fmt.Errorf("%q and %q have to be seconds or -", s.test, s.all)
	case s.test.none() != (s.when == "all"):
		return fmt.Errorf("a step that runs %s has %q seconds in make test", s.when, s.test)
	case (s.when == "turn") != (len(s.paths) > 0):
		return fmt.Errorf("a step that runs %s has %d paths", s.when, len(s.paths))
	}
	return nil
}

// names returns the names of steps.
func names(steps []step) []string {
	all := make([]string, 0, len(steps))
	for _, s := range steps {
		all = append(all, s.name)
	}
	return all
}

// below reports whether a file is one of these paths, below one, or begins like one.
func below(file string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		rest, ok := strings.CutPrefix(file, p)
		return ok && (rest == "" || strings.ContainsAny(rest[:1], "/_."))
	})
}

// record writes the measured seconds into the table in the source.
func record(column, file string) error {
	measured, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const source = "tests/plan/steps.txt"
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	written, err := recorded(string(text), column, string(measured))
	if err != nil {
		return err
	}
	return os.WriteFile(source, []byte(written), 0o644)
}

// recorded returns the table with the measured values in one of its columns; columns keep their width.
func recorded(text, column, measured string) (string, error) {
	at, ok := map[string]int{"test": 3, "all": 4}[column]
	if !ok {
		return "", fmt.Errorf("there is no column %q: test or all", column)
	}
	took := map[string]string{}
	for line := range strings.Lines(measured) {
		name, n, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !seconds(n).valid() {
			return "", fmt.Errorf("%q is no step with its seconds", strings.TrimSpace(line))
		}
		took[name] = n
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || strings.HasPrefix(line, "#") || took[fields[0]] == "" || fields[at] == "-" {
			b.WriteString(line)
			continue
		}
		fields[at] = took[fields[0]]
		row := fmt.Sprintf("%-14s %-7s %-6s %-6s %-6s %s",
			fields[0], fields[1], fields[2], fields[3], fields[4], strings.Join(fields[5:], " "))
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return b.String(), nil
}
