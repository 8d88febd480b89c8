// SPDX-License-Identifier: GPL-3.0-or-later

// Command faults breaks the lab while a backup runs, with real clients on it, and checks every time that nothing is
// lost, nothing is left, and the message names the cause. It breaks things from outside: the product has no hooks for
// it.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

type options struct {
	list, all, third, random, signals, table, verbose bool
	seed                                              uint64
	count                                             int
	names                                             []string
}

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

func parse(args []string) options {
	var o options
	flags := flag.NewFlagSet("lab fault", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: lab fault NAME... | --list | --all | --third | --table | --random [--seed N]"+
			" [--count N] | --signals [--seed N] [--count N]")
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.list, "list", false, "name the cases")
	flags.BoolVar(&o.all, "all", false, "every case; writes docs/faults.md")
	flags.BoolVar(&o.third, "third", false,
		"a third of the cases, another one for each commit, and those that guard the promises")
	flags.BoolVar(&o.table, "table", false, "write docs/faults.md from the last results of all cases")
	flags.BoolVar(&o.random, "random", false, "backups in a row with a random fault each, at a random moment")
	flags.BoolVar(&o.signals, "signals", false, "backups in a row with a signal each, at a random moment")
	flags.BoolVar(&o.verbose, "v", false, "show what the playbook printed")
	flags.Uint64Var(&o.seed, "seed", 0, "repeats the random run of that seed")
	flags.IntVar(&o.count, "count", 20, "how many random runs")
	_ = flags.Parse(args)
	o.names = flags.Args()
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano()) % 1_000_000
	}
	return o
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
	if o.third {
		head, err := exec.Command("git", "-C", l.Root(), "rev-parse", "HEAD").Output()
		if err != nil {
			return nil, fmt.Errorf("read the commit: %w", err)
		}
		return third(possible(l, cases.All()), strings.TrimSpace(string(head))), nil
	}
	var chosen []harness.Fault
	for _, name := range o.names {
		i := slices.IndexFunc(cases.All(), func(f harness.Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no case %q; lab fault --list names them", name)
		}
		chosen = append(chosen, cases.All()[i])
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("name a case, or --all; lab fault --list names them")
	}
	return chosen, nil
}

// possible are the cases that mean something in this shape of the lab.
func possible(l lab.Lab, faults []harness.Fault) []harness.Fault {
	return slices.DeleteFunc(faults, func(f harness.Fault) bool { return f.Contained && !l.Bundle() })
}

// third is every third case, beginning where the commit says, and those that always run.
func third(faults []harness.Fault, commit string) []harness.Fault {
	n, _ := strconv.ParseUint(commit[:min(8, len(commit))], 16, 64)
	fmt.Printf("part %d of 3, by commit %.8s\n", n%3+1, commit)
	var chosen []harness.Fault
	for i, f := range faults {
		if f.Always || uint64(i)%3 == n%3 {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// runAll runs the cases and prints a result line for each, as go test does.
func runAll(l lab.Lab, faults []harness.Fault, verbose bool) bool {
	bad := 0
	for _, f := range faults {
		if !runOne(l, f, nil, verbose) {
			bad++
		}
	}
	fmt.Printf("%d cases, %d not as they must be\n", len(faults), bad)
	return bad == 0
}

// runOne runs a case, and where clients suffered the same fault without a backup, to compare.
func runOne(l lab.Lab, f harness.Fault, random *rand.Rand, verbose bool) bool {
	v := (&harness.Run{Lab: l, Fault: f, Random: random}).Do()
	if tooSlow(v, f) {
		fmt.Printf("    again: %s: %s: %.300s\n", f.Name, v.Outcome, v.Said)
		v = (&harness.Run{Lab: l, Fault: f, Random: random}).Do()
	}
	if f.Control && (v.Clients.Errors > 0 || v.Clients.Latency.Max > harness.LongestCommit) && len(v.Wrong) == 0 {
		c := (&harness.Run{Lab: l, Fault: f, Control: true}).Do()
		v.Control = &c.Clients
		if worse := v.Worse(c.Clients); worse != "" {
			v.Add("%s", worse)
		}
		for _, w := range c.Wrong {
			fmt.Printf("    without a backup: %s\n", w)
		}
	}
	report(l, v, verbose)
	return len(v.Wrong) == 0
}

// tooSlow says that nothing is wrong but what may happen in any case on a busy machine: the guard saw a tool stand in
// its last locks, or a tool could not be slowed and was over before its fault was. Where it happens twice it is no
// chance.
func tooSlow(v harness.Verdict, f harness.Fault) bool {
	if len(v.Wrong) != 1 {
		return false
	}
	stalled := f.Want != harness.Failed && v.Outcome == harness.Failed && strings.Contains(v.Said, "(commit_stall, ")
	escaped := f.Want == harness.Failed && v.Outcome == harness.Good && v.Escaped
	return stalled || escaped
}

func report(l lab.Lab, v harness.Verdict, verbose bool) {
	result := "PASS"
	if len(v.Wrong) > 0 {
		result = "FAIL"
	}
	fmt.Printf("--- %s: faults/%s (%.1fs) %s, clean after %.1f s, serves after %.1f s, clients: %d commits, %d"+
		" errors, at most %.0f ms\n", result, v.Name, v.Took.Seconds(),
		v.Outcome, v.Clean.Seconds(), v.Serves.Seconds(), v.Clients.Commits, v.Clients.Errors, v.Clients.Latency.Max)
	fmt.Printf("    says: %.300s\n", v.Said)
	for _, w := range v.Wrong {
		fmt.Printf("    WRONG: %s\n", w)
	}
	if verbose || len(v.Wrong) > 0 {
		fmt.Printf("    | %s\n", strings.ReplaceAll(lastLines(v.Output, 40), "\n", "\n    | "))
	}
	if err := save(l, v); err != nil {
		fmt.Printf("    %v\n", err)
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
