// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/topology"
)

// maxEventNames limits the names of a list, in bytes: a decision is kept in a manifest, and a host may report anything.
// 1000 events of the longest names have 500 kB.
const maxEventNames = 512 << 10

// events returns the union over the members with a database.
func events(c *topology.Cluster) decision.Events {
	e := decision.Events{Enabled: []catalog.Event{}, Disabled: []catalog.Event{}, Scheduling: []string{},
		Unknown: []string{}}
	enabled, disabled := map[catalog.Event]bool{}, map[catalog.Event]bool{}
	for _, m := range c.Members {
		g := m.Answering()
		switch {
		case !m.RunsDatabase:
			continue
		case g == nil || !g.Events.Known || !addAll(enabled, g.Events.Enabled) || !addAll(disabled, g.Events.Disabled):
			e.Unknown = append(e.Unknown, m.Name)
		}
		if g != nil && g.Events.Scheduler == "ON" {
			e.Scheduling = append(e.Scheduling, m.Name)
		}
	}
	e.Enabled, e.Disabled = sortedEvents(enabled), sortedEvents(disabled)
	return e
}

// addAll adds all of a list, or nothing if there would be too much.
func addAll(into map[catalog.Event]bool, list []catalog.Event) bool {
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

func sortedEvents(set map[catalog.Event]bool) []catalog.Event {
	list := make([]catalog.Event, 0, len(set))
	for event := range set {
		list = append(list, event)
	}
	catalog.SortEvents(list)
	return list
}
