// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/quantity"
)

// EnableEvents makes the restored cluster run the events that it ran when the set was made, on this member only. done
// names them; warnings are what an operator has to do.
func (b *Book) EnableEvents(ctx context.Context, c *mariadb.Client) (done string, warnings []string) {
	enabled, left, err := catalog.EnableEvents(ctx, c, b.Events.Enable)
	if len(enabled) > 0 {
		done = fmt.Sprintf("enabled %s here, and nowhere else: %s", quantity.Count(int64(len(enabled)), "event"),
			strings.Join(excerpt.First(enabled, excerpt.FewNames), ", "))
	}
	if err != nil {
		warnings = append(warnings, fmt.Sprintf("whether the events that ran before run is not known: %v", err))
	}
	if len(left) > 0 {
		warnings = append(warnings, "no controller runs these events: "+
			strings.Join(excerpt.First(left, excerpt.FewNames),
				"; "))
	}
	if len(b.Events.Unknown) > 0 {
		warnings = append(warnings,
			"no controller runs these events now, and the set does not say whether one ran them; enable on one"+
				" controller "+
				"those that are to run: "+strings.Join(excerpt.First(statements(ctx, c, b.Events.Unknown),
				excerpt.FewNames), "; "))
	}
	if scheduler, err := catalog.EventScheduler(ctx, c); len(enabled) > 0 && err == nil && scheduler != "ON" {
		warnings = append(warnings, "event_scheduler is "+scheduler+
			" on this controller, so that the events do not run here")
	}
	return done, warnings
}

// statements returns those that enable events; an event that cannot be read is named.
func statements(ctx context.Context, c *mariadb.Client, events []catalog.Event) (all []string) {
	for _, e := range events {
		statement, err := catalog.EnableStatement(ctx, c, e)
		if err != nil || statement == "" {
			statement = excerpt.Of(e.String())
		}
		all = append(all, statement)
	}
	return all
}
