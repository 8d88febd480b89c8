// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"fmt"
	"strings"

	"overcloud.backup/internal/galera"
)

// Codes about the clients of a node.
const (
	Serves         Code = "active"
	ClientsUnknown Code = "unknown"
)

// MinProxyUptime is the age from which the statistics of the VIP holder's HAProxy count.
var MinProxyUptime = Limit{
	Name: "min_proxy_uptime", Default: 5, Whole: true, Unit: "s",
	Meaning: "Minimum uptime in seconds of a HAProxy whose statistics count. A younger one has not checked its" +
		" servers yet.",
}

var clients = []Condition{
	{
		Code: Serves, Meaning: "it serves clients, or would serve the next one",
		Remedy: "Nothing, this is its purpose. Two active ones: the VIP has moved; wait until the old sessions end," +
			" or use `prefer_idle`",
		Check: serves,
		Passes: &Passing{
			When: "yes, unless HAProxy would send the next client there",
			If:   func(s Subject) bool { return s.Clients.SeenPasses },
		},
	},
	{
		Code: ClientsUnknown, Meaning: "whether it serves clients is unknown: a source did not answer",
		Seen:   "a source that should report clients did not",
		Remedy: "The message names the source: see Facts, and for HAProxy the table below",
		Limit:  &MinProxyUptime, Check: clientsUnknown,
		Passes: &Passing{
			When: "only right after HAProxy has started, and while Pacemaker moves the VIP",
			If:   func(s Subject) bool { return s.Clients.UnknownPasses },
		},
	},
}

// serves reports the first evidence.
func serves(s Subject, _ Limits) string {
	switch n := len(s.Clients.Seen); {
	case n == 0 || s.Clients.Welcome:
		return ""
	case n == 1:
		return s.Clients.Seen[0]
	default:
		return fmt.Sprintf("%s, and %d more", s.Clients.Seen[0], n-1)
	}
}

// clientsUnknown is not reported about a node that serves clients and is refused for it: no more needs to be known of
// it.
func clientsUnknown(s Subject, _ Limits) string {
	if len(s.Clients.Seen) > 0 && !s.Clients.Welcome {
		return ""
	}
	return strings.Join(s.Clients.Unknown, "; ")
}

// Sessions lists client sessions, as evidence; empty if there are none.
func Sessions(sessions []galera.Session) string {
	var who []string
	for _, s := range sessions {
		who = append(who, fmt.Sprintf("%d of %s from %s", s.Count, s.User, s.Source))
	}
	return strings.Join(who, ", ")
}
