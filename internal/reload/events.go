// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// enableEvents enables the loaded events that ran when the set was made, through this server only. Failures are
// warnings, because everything is loaded by now.
func (l *loading) enableEvents(ctx context.Context) {
	if len(l.events) == 0 {
		return
	}
	if err := l.enableWanted(ctx); err != nil {
		l.warn("whether the loaded events run is not known: %v", err)
	}
	scheduler, err := catalog.EventScheduler(ctx, l.server)
	if err == nil && scheduler != "ON" {
		l.warn("no event runs through this server: its event_scheduler is %s", excerpt.Of(scheduler))
	}
}

func (l *loading) enableWanted(ctx context.Context) error {
	var names []catalog.Event
	for _, e := range l.events {
		// A manifest cannot enable an event that the set has as disabled.
		if e.event != nil && e.event.Status == "DISABLE" {
			continue
		}
		ran := l.set.Manifest.Schema.EventsEnabled
		wanted := slices.Contains(ran, repository.Name{Schema: e.set, Name: e.name})
		if wanted && e.set == e.schema {
			names = append(names, catalog.Event{Schema: e.schema, Name: e.name})
		} else if err := l.warnOf(ctx, e, wanted, ran != nil); err != nil {
			return err
		}
	}
	enabled, left, err := catalog.EnableEvents(ctx, l.server, names)
	if len(enabled) > 0 {
		l.done.Actions = append(l.done.Actions, "enabled the events "+excerpt.UpTo(1000, strings.Join(enabled, ", ")))
	}
	for _, why := range left {
		l.warn("not enabled: %s", why)
	}
	return err
}

// warnOf warns about an event that stays as it is in the dump, with the statement that enables it: events of a copy of
// a schema would run along with those of the schema, and it is unknown whether the events of an older set ran.
func (l *loading) warnOf(ctx context.Context, e eventLoaded, wanted, known bool) error {
	name := catalog.Event{Schema: e.schema, Name: e.name}
	slave := e.event == nil || e.event.Status == "DISABLE ON SLAVE"
	if !wanted && (known || !slave) {
		return nil
	}
	statement, err := catalog.EnableStatement(ctx, l.server, name)
	switch {
	case err != nil:
		return err
	case !wanted:
		l.warn("the set does not report whether the event %s ran; if it did: %s", name, statement)
	case slave:
		l.warn("the event %s is a copy, and does not run; to run it along with the one of %s: %s", name,
			excerpt.Of(e.set), statement)
	default:
		l.warn("the event %s is a copy, and runs along with the one of %s; to end that: %s", name, excerpt.Of(e.set),
			strings.TrimSuffix(statement, "ENABLE")+"DISABLE")
	}
	return nil
}
