// SPDX-License-Identifier: GPL-3.0-or-later

// Package quantity writes measured values for people.
package quantity

import (
	"fmt"
	"strconv"
	"strings"
)

// units are those of Bytes, the largest first.
var units = []struct {
	name  string
	bytes int64
}{{"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// Bytes writes bytes in the largest unit that keeps a digit before the point: "1.5 GiB", "512 bytes".
func Bytes(n int64) string {
	for _, unit := range units {
		if n >= unit.bytes {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// Number writes a measured value with at most three significant digits and no trailing zeros.
func Number(v float64) string {
	if v >= 1000 || v == float64(int64(v)) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Count writes a number with its noun: "1 session", "12 sessions", "2 entries".
func Count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok && !strings.HasSuffix(stem, "a") && !strings.HasSuffix(stem, "e") {
		what = stem + "ie" // keys and days are the exceptions
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Age writes a time that has passed in its largest unit, rounded down: "45 s", "12 min", "3 h", "40 d".
func Age(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%d min", seconds/60)
	case seconds < 48*3600:
		return fmt.Sprintf("%d h", seconds/3600)
	}
	return fmt.Sprintf("%d d", seconds/(24*3600))
}
