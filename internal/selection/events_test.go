// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb/catalog"
)

func TestTheDecisionHasTheEventsOfAllMembers(t *testing.T) {
	events := func(list ...string) catalog.Events {
		e := catalog.Events{Known: true, Scheduler: "OFF"}
		for _, name := range list {
			e.Enabled = append(e.Enabled, catalog.Event{Schema: "nova", Name: name})
		}
		return e
	}
	w := healthy(3)
	w.hosts[0].Galera.Events = events("b", "a")
	w.hosts[0].Galera.Events.Scheduler = "ON"
	w.hosts[1].Galera.Events = events("a")
	w.hosts[1].Galera.Events.Disabled = []catalog.Event{{Schema: "nova", Name: "c"}}
	// The third reports more events than any server has, and is not believed.
	w.hosts[2].Galera.Events = events(strings.Repeat("x", maxEventNames))
	d, err := Decide(w.hosts, options())
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(d.Clusters[0].Events)
	if want := "{[nova.a nova.b] [nova.c] [controller-0] [controller-2]}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAMemberThatIsDownReportsNoEvents(t *testing.T) {
	w := healthy(3)
	for i := range w.hosts {
		w.hosts[i].Galera.Events = catalog.Events{Known: true}
	}
	w.stop(2)
	d, err := Decide(w.hosts, options())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(d.Clusters[0].Events.Unknown); got != "[controller-2]" {
		t.Error(got)
	}
}
