// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// possible returns the cases that make sense in this shape of the lab.
func possible(l lab.Lab, faults []harness.Fault) []harness.Fault {
	return slices.DeleteFunc(faults, func(f harness.Fault) bool { return f.Contained && !l.Bundle() })
}

// partOf returns a part of the cases, as N/M; all parts together are all cases.
func partOf(faults []harness.Fault, part string) (chosen []harness.Fault, err error) {
	var n, m int
	if got, err := fmt.Sscanf(part+" ", "%d/%d ", &n, &m); err != nil || got != 2 || n < 1 || n > m {
		return nil, fmt.Errorf("--part: %q is not N/M with N from 1 to M", part)
	}
	for i, f := range faults {
		if i%m == n-1 {
			chosen = append(chosen, f)
		}
	}
	return chosen, nil
}

// everyNth returns every Nth case, beginning where the commit says, and those that always run.
func everyNth(faults []harness.Fault, every uint64, commit string) []harness.Fault {
	n, _ := strconv.ParseUint(commit[:min(8, len(commit))], 16, 64)
	fmt.Printf("part %d of %d, by commit %.8s\n", n%every+1, every, commit)
	var chosen []harness.Fault
	for i, f := range faults {
		if f.Always || uint64(i)%every == n%every {
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

// runOne runs a case, and if clients suffered, the same fault without a backup, to compare.
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

// tooSlow reports whether the only errors are those that can occur in any case on a busy machine: the guard saw a tool
// stuck in its last locks, a tool that could not be slowed ended before its fault, or a commit took long. If that
// happens twice it is not chance.
func tooSlow(v harness.Verdict, f harness.Fault) bool {
	if len(v.Wrong) != 1 {
		return false
	}
	stalled := f.Want != harness.Failed && v.Outcome == harness.Failed && strings.Contains(v.Said, "(commit_stall, ")
	escaped := f.Want == harness.Failed && v.Outcome == harness.Good && v.Escaped
	slow := !f.Control && v.Clients.Latency.Max > harness.LongestCommit
	return stalled || escaped || slow
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
