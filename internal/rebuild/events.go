// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// Events are the events of a set that was made ready. Galera marks an event SLAVESIDE_DISABLED on all members but the
// one that created it, and a state transfer copies that mark: in a datadir whose events are ENABLED, every member would
// run them.
type Events struct {
	// Enable are the events to enable on one member once the cluster runs.
	Enable []catalog.Event `json:"enable"`
	// Unknown are events that some member may have run: the set does not say.
	Unknown []catalog.Event `json:"unknown"`
}

// listEvents selects the events that some member may have run.
const listEvents = "SELECT event_schema, event_name, status FROM information_schema.events WHERE status <> 'DISABLED'" +
	" ORDER BY event_schema, event_name"

// holdEvents marks every enabled event of the datadir as that of another member, and returns which of them ran when the
// set was made.
func (r *Copy) holdEvents(ctx context.Context) (events Events, err error) {
	rows, err := r.server.Rows(ctx, listEvents)
	if err != nil {
		return events, fmt.Errorf("list the events: %w", err)
	}
	events = heldEvents(rows, r.set.Manifest.Schema.EventsEnabled)
	// The server here has read its events already, and runs none. ALTER EVENT would make them its own.
	if err := r.server.Exec(ctx,
		"UPDATE mysql.event SET status = 'SLAVESIDE_DISABLED' WHERE status = 'ENABLED'"); err != nil {
		return events, fmt.Errorf("hold the events: %w", err)
	}
	return events, nil
}

// heldEvents sorts the events of the datadir, each given by schema, name and status, by what the set knows about them.
// An event that would run here and is not among those that ran is reported, too: it may belong to a schema of the
// server itself, or members may have contradicted one another.
func heldEvents(rows [][]string, known []repository.Name) (events Events) {
	for _, row := range rows {
		event, enabled := catalog.Event{Schema: row[0], Name: row[1]}, row[2] == string(catalog.Enabled)
		switch {
		case slices.Contains(known, repository.Name(event)), enabled && known == nil:
			events.Enable = append(events.Enable, event)
		case enabled, known == nil:
			events.Unknown = append(events.Unknown, event)
		}
	}
	return events
}
