// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/quantity"
)

// regular reports whether these are more than a probe.
func regular(v logins.Visits) bool {
	return v.Answers >= loginsChecks && v.Last.Sub(v.First) >= loginsApart
}

// notClients is the remedy for users whom nobody waits for.
const notClients = "; if these are no clients (monitoring), name them in ignore_users"

// visited is broken by clients that come and go between two looks at the process list.
func visited(s Sample, l limits) string {
	var who []string
	for _, v := range s.Server.Visits {
		if !regular(v) {
			continue
		}
		from := ""
		if len(v.Sources) > 0 {
			from = " from " + excerpt.Of(strings.Join(v.Sources, ", "))
		}
		who = append(who, fmt.Sprintf("%s of %s%s within %.0f s", quantity.Count(v.Logins, "login"),
			excerpt.Of(v.User), from, v.Last.Sub(v.First).Seconds()))
	}
	if l.AllowClients || len(who) == 0 {
		return ""
	}
	return "clients connect to this node again and again: " + strings.Join(who, ", ") + notClients
}

// visitedFor is how long they have been doing so, in seconds.
func visitedFor(s Sample) float64 {
	longest := time.Duration(0)
	for _, v := range s.Server.Visits {
		if regular(v) {
			longest = max(longest, s.At.Sub(v.First))
		}
	}
	return longest.Seconds()
}
