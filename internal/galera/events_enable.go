// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// EnableEvents enables events on this member alone: through Galera the others have them as SLAVESIDE_DISABLED. Nothing else
// of an event changes (10.11: a body, mode or zone that is not given stays). statements are those to run by hand for events
// that could not be enabled, and err says why the first one could not. Events that are not there are left out.
func (c *Client) EnableEvents(ctx context.Context, events []Event) (enabled []Event, statements []string, err error) {
	for _, e := range events {
		statement, found, failed := c.enabling(ctx, e)
		if failed == nil && !found {
			continue
		}
		if failed == nil {
			failed = c.Exec(ctx, statement)
		}
		if failed == nil {
			enabled = append(enabled, e)
			continue
		}
		statements = append(statements, statement)
		if err == nil {
			err = fmt.Errorf("enable the event %s: %w", excerpt.UpTo(300, e.String()), failed)
		}
	}
	return enabled, statements, err
}

// EnableStatement enables an event; its definer would become who runs it without one.
func (e Event) EnableStatement(definer string) string {
	by := ""
	// A host has no @; a user may.
	if at := strings.LastIndexByte(definer, '@'); at >= 0 {
		by = "DEFINER=" + quoteName(definer[:at]) + "@" + quoteName(definer[at+1:]) + " "
	}
	return "ALTER " + by + "EVENT " + quoteName(e.Schema) + "." + quoteName(e.Name) + " ENABLE"
}

func (c *Client) enabling(ctx context.Context, e Event) (statement string, found bool, err error) {
	statement = e.EnableStatement("")
	rows, err := c.Rows(ctx, "SELECT definer FROM information_schema.events WHERE BINARY event_schema = ? AND BINARY event_name = ?",
		e.Schema, e.Name)
	if err != nil || len(rows) == 0 {
		return statement, false, err
	}
	return e.EnableStatement(rows[0][0]), true, nil
}
