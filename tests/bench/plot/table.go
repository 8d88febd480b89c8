// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strings"
)

// tableOf returns the table of the picture's numbers, each the median of the rounds, with what was missed below it:
// the backup of an idle controller gives no client an error.
func tableOf(curves []curve) (text string, missed bool) {
	var b strings.Builder
	b.WriteString("| while it ran | seconds | p50, ms | p95, ms | p99, ms | max, ms | p99 against none " +
		"| errors | seconds without a commit |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, c := range curves {
		ms := func(value func(latency) float64) float64 {
			return c.of(func(m measurement) float64 { return value(m.During.Latency) })
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.1f | %.1f | %.1f | %.0f | %.2f | %d | %d |\n", c.Situation.title(),
			c.seconds(), ms(func(l latency) float64 { return l.P50 }), ms(func(l latency) float64 { return l.P95 }),
			c.p99(), ms(func(l latency) float64 { return l.Max }), c.p99()/curves[0].p99(), c.errors(), c.silent())
	}
	for _, c := range curves {
		if n := c.errors(); c.Situation == idle && n > 0 {
			fmt.Fprintf(&b, "\nMissed: the backup of an idle controller gave clients %d errors, and the goal is 0\n", n)
			missed = true
		}
	}
	return b.String(), missed
}
