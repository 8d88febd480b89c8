// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
)

// Events are the scheduled events of a server, outside its own schemas. Galera makes an event SLAVESIDE_DISABLED on all
// members except the one that the statement was sent to: those are in neither list (10.11).
type Events struct {
	// Known says that all of them were read and that the lists are complete.
	Known bool `json:"known"`
	// Scheduler is event_scheduler: ON, OFF or DISABLED. Without ON no event runs here.
	Scheduler string `json:"scheduler"`
	// Enabled are those that run here, Disabled those that were disabled on this member; at most 1000 of each.
	Enabled  []Event `json:"enabled"`
	Disabled []Event `json:"disabled"`
}

// Event names an event.
type Event struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// String is <schema>.<name>.
func (e Event) String() string { return e.Schema + "." + e.Name }

// EventStatus is the status of an event as the server reports it.
type EventStatus string

// Slaveside is an event that another server runs.
const (
	Enabled   EventStatus = "ENABLED"
	Disabled  EventStatus = "DISABLED"
	Slaveside EventStatus = "SLAVESIDE_DISABLED"
)

// maxEvents limits each list of the facts.
const maxEvents = 1000

// NoEvents are the facts of a server whose events were not read.
func NoEvents() Events { return Events{Enabled: []Event{}, Disabled: []Event{}} }

// ReadEvents reads which events run here. The account needs EVENT ON *.*: without it, it sees only those for which it
// has that privilege.
func ReadEvents(ctx context.Context, c *mariadb.Client, limit time.Duration) (Events, error) {
	events := NoEvents()
	scheduler, err := c.Value(ctx, "SELECT @@GLOBAL.event_scheduler")
	if err != nil {
		return events, fmt.Errorf("read event_scheduler: %w", err)
	}
	events.Scheduler = scheduler
	statuses, err := EventStatuses(ctx, c, limit)
	if err != nil {
		return events, err
	}
	events.Known = true
	for e, status := range statuses {
		switch {
		case status != Enabled && status != Disabled:
		case len(events.Enabled) == maxEvents || len(events.Disabled) == maxEvents:
			return NoEvents(), fmt.Errorf("there are more than %d events", maxEvents)
		case status == Enabled:
			events.Enabled = append(events.Enabled, e)
		default:
			events.Disabled = append(events.Disabled, e)
		}
	}
	SortEvents(events.Enabled)
	SortEvents(events.Disabled)
	return events, nil
}

// EventStatuses reads the status of every event. The account needs EVENT ON *.*. The server itself ends the query after
// limit.
func EventStatuses(ctx context.Context, c *mariadb.Client, limit time.Duration) (map[Event]EventStatus, error) {
	grants, err := accounts.ReadGrants(ctx, c)
	if err != nil {
		return nil, err
	}
	if missing := grants.Missing("EVENT"); len(missing) > 0 {
		return nil, fmt.Errorf("%s may not see every event: it lacks EVENT ON *.*", c.Reached().User)
	}
	rows, err := c.Rows(ctx, mariadb.Limited(limit)+
		"SELECT event_schema, event_name, status FROM information_schema.events WHERE "+
		mariadb.UserTables("event_schema"))
	if err != nil {
		return nil, fmt.Errorf("list the events: %w", err)
	}
	statuses := map[Event]EventStatus{}
	for _, row := range rows {
		statuses[Event{row[0], row[1]}] = EventStatus(row[2])
	}
	return statuses, nil
}

// SortEvents sorts by schema and name.
func SortEvents(events []Event) {
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
}
