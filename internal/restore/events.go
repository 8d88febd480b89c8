// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/galera"
)

// EnableEvents has the restored cluster run the events that it ran when the set was made, on this member alone. said tells
// which; warnings are what an operator has to do.
func (b *Book) EnableEvents(ctx context.Context, c *galera.Client) (said string, warnings []string) {
	enabled, left, err := c.EnableEvents(ctx, b.Events.Enable)
	if len(enabled) > 0 {
		said = fmt.Sprintf("enabled %d events here, and nowhere else: %s", len(enabled), eventNames(enabled))
	}
	if err != nil {
		warnings = append(warnings, fmt.Sprintf("%v; until these run on one controller, as an account that may, no controller runs the events: %s",
			err, strings.Join(first(left), "; ")))
	}
	if unknown := b.Events.Unknown; len(unknown) > 0 {
		var statements []string
		for _, e := range unknown {
			statements = append(statements, e.EnableStatement(""))
		}
		warnings = append(warnings, "no controller runs these events now, and the set does not say whether one ran them: run on one controller "+
			"for those that are to run: "+strings.Join(first(statements), "; "))
	}
	if scheduler, err := c.Value(ctx, "SELECT @@GLOBAL.event_scheduler"); len(enabled) > 0 && err == nil && scheduler != "ON" {
		warnings = append(warnings, "event_scheduler is "+scheduler+" on this controller, so that the events do not run here")
	}
	return said, warnings
}

func eventNames(events []galera.Event) string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.String()
	}
	return strings.Join(first(names), ", ")
}

// first are the first names, and how many there are besides.
func first(names []string) []string {
	if more := len(names) - mostNames; more > 0 {
		return append(append([]string{}, names[:mostNames]...), fmt.Sprintf("and %d more", more))
	}
	return names
}
