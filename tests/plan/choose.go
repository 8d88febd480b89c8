// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// testLimit is the time limit of make test, in seconds: 35 minutes less those in which it installs what it needs.
	testLimit = (35 - 3) * 60
	// partLimit is the time limit of a part of make test-all.
	partLimit = 60 * 60
	// labUp is the time to bring a lab up: one of hosts in each run, and one of bundles for the steps that need it.
	labUp = 60
)

// inTurn lists the steps without a lab that the others wait for.
var inTurn = []string{"check", "build", "dist"}

// room is how many seconds are left for each of the two rows of steps that run beside each other: those with a lab,
// and those without.
type room struct{ lab, beside int }

// less returns what is left when a step is added to others, which have these labs up.
func (r room) less(s step, up map[string]bool) room {
	switch {
	case slices.Contains(inTurn, s.name):
		r.lab -= s.test.count()
		r.beside -= s.test.count()
	case s.lab == "-":
		r.beside -= s.test.count()
	default:
		r.lab -= s.test.count()
		if s.lab == "bundle" && !up[s.lab] {
			r.lab -= labUp
		}
	}
	return r
}

func (r room) enough() bool { return r.lab >= 0 && r.beside >= 0 }

// always returns the room that the steps which always run leave for the others.
func always(steps []step) room {
	left := room{testLimit - labUp, testLimit}
	for _, s := range steps {
		if s.when == "always" {
			left = left.less(s, nil)
		}
	}
	return left
}

// forTest returns the steps of make test: those that always run, and as many of the others as there is time for. Steps
// that the commit touches come first; the others take turns by its hash.
func forTest(steps []step, c commit) (chosen []step, why string) {
	turns := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.when != "turn" })
	touched := func(s step) bool {
		return slices.ContainsFunc(c.changed, func(f string) bool { return below(f, s.paths) })
	}
	first := c.number() % max(len(turns), 1)
	turns = slices.Concat(turns[first:], turns[:first])
	slices.SortStableFunc(turns, func(a, b step) int { return cmp.Compare(rank(touched(a)), rank(touched(b))) })
	left := always(steps)
	in, up := map[string]bool{}, map[string]bool{}
	var asked, byTurn, waiting []string
	for _, s := range turns {
		then := left.less(s, up)
		switch {
		case !then.enough() && touched(s):
			waiting = append(waiting, s.name)
			continue
		case !then.enough():
			continue
		case touched(s):
			asked = append(asked, s.name)
		default:
			byTurn = append(byTurn, s.name)
		}
		in[s.name], up[s.lab] = true, true
		left = then
	}
	chosen = slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.when != "always" && !in[s.name] })
	why = fmt.Sprintf("commit %.7s touches what these test: %s; by turn come: %s", c.hash, list(asked), list(byTurn))
	if len(waiting) > 0 {
		why += "; touched, but there is no time for: " + list(waiting) +
			" (run: tests/run " + strings.Join(waiting, " ") + ")"
	}
	return chosen, why + "; make test-all runs all"
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func list(names []string) string { return cmp.Or(strings.Join(names, ", "), "none") }

// part returns the Nth of M parts of all steps, of about the same length: the longest remaining step is added to the
// shortest part. In a part the steps keep their order.
func part(steps []step, which string) (chosen []step, why string, err error) {
	first, last, ok := strings.Cut(which, "/")
	n, errN := strconv.Atoi(first)
	m, errM := strconv.Atoi(last)
	if !ok || errN != nil || errM != nil || n < 1 || n > m {
		return nil, "", fmt.Errorf("part %q is not N/M, as 1/4", which)
	}
	all := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.all.none() })
	parts, longest := split(all, m)
	if longest > partLimit {
		for most := m + 1; most <= len(all); most++ {
			if _, longest = split(all, most); longest <= partLimit {
				return nil, "", fmt.Errorf("with %d parts one takes more than an hour: make it %d", m, most)
			}
		}
		return nil, "", fmt.Errorf("a step alone takes more than an hour: split it")
	}
	chosen = slices.DeleteFunc(all, func(s step) bool { return parts[s.name] != n-1 })
	return chosen, fmt.Sprintf("part %d of %d, about %d minutes", n, m, (total(chosen)+59)/60), nil
}

// split assigns each step to a part of m, and returns the length of the longest part.
func split(steps []step, m int) (parts map[string]int, longest int) {
	byLength := slices.Clone(steps)
	slices.SortStableFunc(byLength, func(a, b step) int { return cmp.Compare(b.all.count(), a.all.count()) })
	in := make([][]step, m)
	parts = map[string]int{}
	for _, s := range byLength {
		least := 0
		for i := range in {
			if total(append(slices.Clone(in[i]), s)) < total(append(slices.Clone(in[least]), s)) {
				least = i
			}
		}
		in[least] = append(in[least], s)
		parts[s.name] = least
	}
	for _, p := range in {
		longest = max(longest, total(p))
	}
	return parts, longest
}

// total returns how many seconds steps take in make test-all, including the labs that they need.
func total(steps []step) int {
	n := 0
	if slices.ContainsFunc(steps, func(s step) bool { return s.lab != "-" }) {
		n = labUp
	}
	for _, s := range steps {
		n += s.all.count()
	}
	return n
}
