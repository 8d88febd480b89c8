// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import "strings"

// ParseStatus reads the column status of a server, such as "UP", "UP 1/3", "DOWN (agent)", "MAINT (via b/s)".
//
// "UP 1/3" (up, its checks failing) is StatusGoing: HAProxy still sends sessions there. "DOWN 1/2" (down, its checks
// succeeding) is StatusDown: it does not yet. A word that HAProxy does not have is StatusUnknown.
func ParseStatus(text string) Status {
	word, rest, more := strings.Cut(text, " ")
	switch s := Status(word); s {
	case StatusUp:
		if more {
			return StatusGoing
		}
		return s
	case StatusDown, StatusMaint, StatusDrain, StatusNoLB:
		return s
	case "no":
		if rest == "check" {
			return StatusNoCheck
		}
	}
	return StatusUnknown
}
