// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"fmt"
	"regexp"
	"strings"
)

var versionNumber = regexp.MustCompile(`\b\d+\.\d+\.\d+-MariaDB`)

// Release returns the x.y.z in a version text, "10.11.6" of "10.11.6-MariaDB-log"; empty if it is not MariaDB's.
func Release(text string) string {
	return strings.TrimSuffix(versionNumber.FindString(text), "-MariaDB")
}

// LaterRelease reports whether release a, x.y.z, is later than b of the same series.
func LaterRelease(a, b string) bool {
	last := func(v string) (n int) {
		_, _ = fmt.Sscan(v[strings.LastIndexByte(v, '.')+1:], &n)
		return n
	}
	return last(a) > last(b)
}

// Series returns the x.y of the release x.y.z. Only servers of one series read each other's data.
func Series(release string) string {
	at := strings.LastIndexByte(release, '.')
	return release[:max(at, 0)]
}
