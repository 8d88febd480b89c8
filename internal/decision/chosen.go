// SPDX-License-Identifier: GPL-3.0-or-later

package decision

import (
	"encoding/json"
	"errors"
	"strings"
)

// Choice is a controller that was chosen.
type Choice struct {
	Controller
	// Events are those of its cluster; nil where the decision has none.
	Events *Events
}

// Choices lists the controllers that a decision chose. known is false for what is no decision of idle_controller. What
// has another type than it should have is left out.
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
			if c.Verdict == Chosen {
				list = append(list, Choice{c, cluster.Events})
			}
		}
	}
	return list, known
}

// PolicyOf is the policy under which a decision was made; empty for what is no decision.
func PolicyOf(raw json.RawMessage) Policy {
	var d struct {
		Policy Policy `json:"policy"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return ""
	}
	return d.Policy
}

// Is says that a host of this name, with a Galera node of that name, is meant.
func (c Controller) Is(host, node string) bool {
	return sameHost(c.Name, host) || sameHost(c.PacemakerNode, host) || sameHost(c.GaleraNode, host) ||
		node != "" && c.GaleraNode == node
}

// sameHost takes a name without a domain for the same name with one.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return shortA != "" && strings.EqualFold(shortA, shortB) &&
		(domainA == "" || domainB == "" || strings.EqualFold(domainA, domainB))
}
