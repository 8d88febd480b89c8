// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
)

func TestEventsThatRunOnAnyMemberAreKnown(t *testing.T) {
	tick := galera.Event{Schema: "nova", Name: "tick"}
	list := []galera.Event{tick}
	for name, c := range map[string]struct {
		own     galera.EventStatus
		told    *clusterEvents
		enabled string
		warning string
	}{
		"enabled here, no decision":           {galera.Enabled, nil, "[nova.tick]", ""},
		"disabled here, no decision":          {galera.Disabled, nil, "[]", ""},
		"elsewhere, no decision":              {galera.Slaveside, nil, "[]", "(hand in the decision of idle_controller): nova.tick"},
		"enabled elsewhere":                   {galera.Slaveside, &clusterEvents{Enabled: list}, "[nova.tick]", ""},
		"disabled elsewhere":                  {galera.Slaveside, &clusterEvents{Disabled: list}, "[]", ""},
		"nowhere":                             {galera.Slaveside, &clusterEvents{}, "[]", "no member of the cluster runs these events"},
		"a member did not tell":               {galera.Slaveside, &clusterEvents{Unknown: []string{"b%d"}}, "[]", "(not told by b%d): nova.tick"},
		"a member did not tell, enabled here": {galera.Enabled, &clusterEvents{Enabled: list, Unknown: []string{"b"}}, "[nova.tick]", ""},
		"somebody enables what is disabled":   {galera.Disabled, &clusterEvents{Enabled: list, Disabled: list}, "[]", "another one that they are disabled"},
		"somebody disables what is enabled":   {galera.Enabled, &clusterEvents{Enabled: list, Disabled: list}, "[]", "another one that they are disabled"},
		"somebody adds one": {galera.Disabled, &clusterEvents{Disabled: list,
			Enabled: []galera.Event{{Schema: "mysql", Name: "evil"}}}, "[]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.told.running(map[galera.Event]galera.EventStatus{tick: c.own})
			if fmt.Sprint(got.enabled) != c.enabled || got.enabled == nil {
				t.Errorf("enabled %v, want %s", got.enabled, c.enabled)
			}
			warnings := strings.Join(got.warnings, "\n")
			if !strings.Contains(warnings, c.warning) || (c.warning == "") != (warnings == "") {
				t.Errorf("warnings %q, want %q", warnings, c.warning)
			}
		})
	}
}

// An event of another member is SLAVESIDE_DISABLED on the one that is backed up, as Galera leaves it.
func TestTheManifestHasTheEventsOfTheCluster(t *testing.T) {
	s := shared(t)
	for _, statement := range []string{"CREATE DATABASE ev", "CREATE EVENT ev.own ON SCHEDULE EVERY 1 DAY DO SET @x = 1",
		"CREATE EVENT ev.elsewhere ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @x = 1", "CREATE EVENT ev.off ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1"} {
		if _, err := s.SQL(statement); err != nil {
			t.Fatal(err)
		}
	}
	defer s.SQL("DROP DATABASE ev")
	node, err := s.SQL("SELECT @@hostname")
	if err != nil {
		t.Fatal(err)
	}
	decision := fmt.Sprintf(`{"clusters":[{"controllers":[{"name":%q,"verdict":"chosen"}],"events":{"enabled":[{"schema":"ev","name":"elsewhere"}],
		"disabled":[{"schema":"ev","name":"off"}],"scheduling":["other"],"unknown":[]}}]}`, node)
	for method, decided := range map[tool.Method]string{tool.Physical: decision, tool.Logical: ""} {
		t.Run(string(method), func(t *testing.T) {
			made, err := s.job(t, func(o *Options) { o.Method, o.Decision = method, json.RawMessage(decided) }).Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want, warned := "[ev.elsewhere ev.own]", false
			if decided == "" {
				want, warned = "[ev.own]", true
			}
			if got := fmt.Sprint(made.Manifest.Schema.EventsEnabled); got != want {
				t.Errorf("events %s, want %s", got, want)
			}
			if got := strings.Contains(strings.Join(made.Manifest.Warnings, "\n"), "idle_controller): ev.elsewhere"); got != warned {
				t.Errorf("warnings %q", made.Manifest.Warnings)
			}
		})
	}
}
