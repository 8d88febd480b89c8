// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// Running lists the events that a member of the cluster runs, and warnings about events for which that is not known.
type Running struct {
	Enabled  []repository.Name
	Warnings []string
}

// runningEvents finds out which of this node's events run, here or on another member. In Galera an event is
// SLAVESIDE_DISABLED on all members except the one where it was created, enabled or disabled (10.11). A decision is
// input from outside: it cannot add an event, nor enable one that is disabled here or according to another member.
func runningEvents(reported *decision.Events, own map[catalog.Event]catalog.EventStatus) Running {
	var enabled, unclear, unknown, nowhere []catalog.Event
	if reported == nil {
		reported = &decision.Events{Unknown: []string{unnamedMembers}}
	}
	reportedOn, reportedOff := setOf(reported.Enabled), setOf(reported.Disabled)
	for event, status := range own {
		on, off := reportedOn[event], reportedOff[event]
		switch {
		case status == catalog.Enabled && !off || status == catalog.Slaveside && on && !off:
			enabled = append(enabled, event)
		case status == catalog.Disabled && !on || status == catalog.Slaveside && off && !on:
		case on || off:
			unclear = append(unclear, event)
		case len(reported.Unknown) > 0:
			unknown = append(unknown, event)
		default:
			nowhere = append(nowhere, event)
		}
	}
	r := Running{Enabled: []repository.Name{}}
	catalog.SortEvents(enabled)
	for _, e := range enabled {
		r.Enabled = append(r.Enabled, repository.Name(e))
	}
	r.warn("one member reports that it runs these events, and another that they are disabled; the set has them as"+
		" disabled: %s", unclear)
	r.warn(whyUnclear(reported)+": %s", unknown)
	r.warn("no member of the cluster runs these events, each has them SLAVESIDE_DISABLED: %s; ALTER EVENT ..."+
		" ENABLE on one of them if they should run", nowhere)
	return r
}

func setOf(events []catalog.Event) map[catalog.Event]bool {
	set := map[catalog.Event]bool{}
	for _, e := range events {
		set[e] = true
	}
	return set
}

// unnamedMembers stands for all other members if there is no decision.
const unnamedMembers = ""

// whyUnclear returns why it is not known whether an event runs.
func whyUnclear(reported *decision.Events) string {
	const what = "whether another member of the cluster runs these events is not known, and the set has them as" +
		" disabled "
	if slices.Contains(reported.Unknown, unnamedMembers) {
		return what + "(pass the decision of idle_controller)"
	}
	return what + "(not reported by " + strings.ReplaceAll(excerpt.Names(reported.Unknown), "%", "%%") + ")"
}

func (r *Running) warn(format string, events []catalog.Event) {
	if len(events) == 0 {
		return
	}
	catalog.SortEvents(events)
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.String()
	}
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, excerpt.Names(names)))
}

// RunningEvents finds out which events run. reported is what the decision says about the cluster's events; nil if there
// is none.
func RunningEvents(ctx context.Context, c *mariadb.Client, reported *decision.Events) (Running, error) {
	own, err := catalog.EventStatuses(ctx, c, QueryLimit)
	if err != nil {
		return Running{}, err
	}
	return runningEvents(reported, own), nil
}
