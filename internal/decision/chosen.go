// SPDX-License-Identifier: GPL-3.0-or-later

package decision

import (
	"encoding/json"
	"errors"
	"strings"
)

// Choice is a chosen controller.
type Choice struct {
	Controller
	// Events are those of its cluster; nil if the decision has none.
	Events *Events
}

// Choices lists the controllers that a decision chose. known is false for anything but a decision of idle_controller.
// Values of a wrong type are left out.
func Choices(raw json.RawMessage) (list []Choice, known bool) {
	var d struct {
		Clusters []struct {
			Controllers []Controller `json:"controllers"`
			Events      *Events      `json:"events"`
		} `json:"clusters"`
	}
	if err := json.Unmarshal(raw, &d); err != nil && !errors.As(err, new(*json.UnmarshalTypeError)) {
		return nil, false
	}
	for _, cluster := range d.Clusters {
		for _, c := range cluster.Controllers {
			known = known || c.Verdict != ""
			if c.Logins != nil {
				c.Logins = c.Logins.Kept()
			}
			if c.Verdict == Chosen {
				list = append(list, Choice{c, cluster.Events})
			}
		}
	}
	return list, known
}

// PolicyOf returns the policy under which a decision was made; empty for anything but a decision.
func PolicyOf(raw json.RawMessage) Policy {
	var d struct {
		Policy Policy `json:"policy"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return ""
	}
	return d.Policy
}

// Is reports that a host of this name, with a Galera node of that name, is meant.
func (c Controller) Is(host, node string) bool {
	return sameHost(c.Name, host) || sameHost(c.PacemakerNode, host) || sameHost(c.GaleraNode, host) ||
		node != "" && c.GaleraNode == node
}

// sameHost treats a name without a domain as the same name with one.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return shortA != "" && strings.EqualFold(shortA, shortB) &&
		(domainA == "" || domainB == "" || strings.EqualFold(domainA, domainB))
}
