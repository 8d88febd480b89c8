// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import "overcloud.backup/internal/galera"

// Events are the scheduled events that run somewhere in a cluster. Galera keeps an event ENABLED on one member, and a
// backup is of another one.
type Events struct {
	// Enabled and Disabled are those that any member named so.
	Enabled  []galera.Event `json:"enabled"`
	Disabled []galera.Event `json:"disabled"`
	// Scheduling are the members whose event scheduler is on.
	Scheduling []string `json:"scheduling"`
	// Unknown are the members that did not tell.
	Unknown []string `json:"unknown"`
}

// maxEventNames bounds the names of a list, in bytes: a decision is kept in a manifest, and what a host tells may be
// anything. 1000 events of the longest names have 500 kB.
const maxEventNames = 512 << 10

// events is the union over the members with a database.
func (c *cluster) events() Events {
	e := Events{Enabled: []galera.Event{}, Disabled: []galera.Event{}, Scheduling: []string{}, Unknown: []string{}}
	enabled, disabled := map[galera.Event]bool{}, map[galera.Event]bool{}
	for _, m := range c.members {
		g := m.answering()
		switch {
		case !m.runsDatabase:
			continue
		case g == nil || !g.Events.Known || !take(enabled, g.Events.Enabled) || !take(disabled, g.Events.Disabled):
			e.Unknown = append(e.Unknown, m.name)
		}
		if g != nil && g.Events.Scheduler == "ON" {
			e.Scheduling = append(e.Scheduling, m.name)
		}
	}
	e.Enabled, e.Disabled = sortedEvents(enabled), sortedEvents(disabled)
	return e
}

// take adds all of a list, or nothing when there would be too much.
func take(into map[galera.Event]bool, list []galera.Event) bool {
	size := 0
	for event := range into {
		size += len(event.Schema) + len(event.Name)
	}
	for _, event := range list {
		size += len(event.Schema) + len(event.Name)
	}
	if size > maxEventNames {
		return false
	}
	for _, event := range list {
		into[event] = true
	}
	return true
}

func sortedEvents(set map[galera.Event]bool) []galera.Event {
	list := make([]galera.Event, 0, len(set))
	for event := range set {
		list = append(list, event)
	}
	galera.SortEvents(list)
	return list
}
