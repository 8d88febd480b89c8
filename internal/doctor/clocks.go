// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Limits of a clock, in seconds. The age of facts and of the lock is known to some seconds at best, because a module
// takes as long to arrive.
const (
	warnSkew = 10
	failSkew = 60
)

// majority is how many clocks are needed to find the one that is wrong.
const majority = 3

// skewsOf returns how far each host's clock is ahead of the control node's. Each document has a measurement; the time
// that a module took to arrive makes it larger, so that the smallest is the best.
func skewsOf(subjects []subject) map[string]float64 {
	skews := map[string]float64{}
	for _, s := range subjects {
		if s.silent() != "" {
			continue
		}
		best := math.Inf(1)
		for _, head := range s.headers() {
			if math.Abs(head.ClockSkew) < math.Abs(best) {
				best = head.ClockSkew
			}
		}
		if !math.IsInf(best, 1) {
			skews[s.host.Name] = best
		}
	}
	return skews
}

// middle is the median of the clocks, which one that is wrong does not move far; 0, the control node's, if there are
// too few.
func middle(skews map[string]float64) (of float64, known bool) {
	if len(skews) < majority {
		return 0, false
	}
	sorted := slices.Sorted(maps.Values(skews))
	return sorted[(len(sorted)-1)/2], true
}

func clock(host string, skews map[string]float64) Row {
	c := named(Clock)
	skew, read := skews[host]
	if !read {
		return c.row(host, Unknown, "it was not read")
	}
	of, all := middle(skews)
	than := map[bool]string{true: "the controllers", false: "the control node"}[all]
	off := skew - of
	return c.row(host, graded(off), offText(off, than))
}

func graded(off float64) Status {
	switch {
	case math.Abs(off) >= failSkew:
		return Fail
	case math.Abs(off) >= warnSkew:
		return Warn
	}
	return OK
}

func offText(off float64, than string) string {
	if graded(off) == OK {
		return fmt.Sprintf("within %d s of %s", warnSkew, than)
	}
	side := map[bool]string{true: "ahead of", false: "behind"}[off > 0]
	return fmt.Sprintf("%.0f s %s %s (limit %d s)", math.Abs(off), side, than, failSkew)
}

// controlNode blames the control node if most controllers agree with each other, and not with it.
func controlNode(skews map[string]float64) []Row {
	of, known := middle(skews)
	if !known {
		return nil
	}
	status := OK
	if graded(of) != OK {
		status = Warn
	}
	return []Row{named(TheClock).row("", status, offText(-of, "the controllers")).whole()}
}
