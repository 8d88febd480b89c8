// SPDX-License-Identifier: GPL-3.0-or-later

// Command faults breaks the lab while a backup runs, with real clients on it, and checks each time that nothing is
// lost, nothing is left, and the message names the cause. It breaks things from outside: the product has no hooks for
// it.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

func main() {
	o := parse(os.Args[1:])
	ok, err := o.do()
	if err != nil {
		fmt.Fprintf(os.Stderr, "fault: %v\n", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func (o options) do() (bool, error) {
	if o.list {
		for _, f := range cases.All() {
			fmt.Printf("%-28s %s, %s\n", f.Name, f.Breaks, f.When.Name)
		}
		return true, nil
	}
	l, err := lab.Find()
	if err != nil {
		return false, err
	}
	switch {
	case o.table:
		return writeTable(l)
	case o.random:
		return randomFaults(l, o)
	case o.signals:
		return randomSignals(l, o)
	}
	chosen, err := o.choose(l)
	if err != nil {
		return false, err
	}
	ok := runAll(l, chosen, o.verbose)
	if o.all {
		_, err = writeTable(l)
	}
	return ok, err
}

func (o options) choose(l lab.Lab) ([]harness.Fault, error) {
	if o.all {
		return possible(l, cases.All()), nil
	}
	if o.part != "" {
		return partOf(possible(l, cases.All()), o.part)
	}
	if o.every > 0 {
		head, err := exec.Command("git", "-C", l.Root(), "rev-parse", "HEAD").Output()
		if err != nil {
			return nil, fmt.Errorf("read the commit: %w", err)
		}
		return everyNth(possible(l, cases.All()), uint64(o.every), strings.TrimSpace(string(head))), nil
	}
	var chosen []harness.Fault
	for _, name := range o.names {
		i := slices.IndexFunc(cases.All(), func(f harness.Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no case %q; lab fault --list names them", name)
		}
		chosen = append(chosen, cases.All()[i])
	}
	if there := possible(l, slices.Clone(chosen)); len(there) < len(chosen) {
		return nil, errors.New("some of these break a container: run tests/lab/lab up --shape bundle")
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("name a case, or --all; lab fault --list names them")
	}
	return chosen, nil
}
