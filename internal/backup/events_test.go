// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
)

// An event of another member is SLAVESIDE_DISABLED on the member that is backed up, as Galera replicates it.
func TestTheManifestHasTheEventsOfTheCluster(t *testing.T) {
	s := shared(t)
	for _, statement := range []string{"CREATE DATABASE ev",
		"CREATE EVENT ev.own ON SCHEDULE EVERY 1 DAY DO SET @x = 1",
		"CREATE EVENT ev.elsewhere ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @x = 1",
		"CREATE EVENT ev.off ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1"} {
		if _, err := s.SQL(statement); err != nil {
			t.Fatal(err)
		}
	}
	defer s.SQL("DROP DATABASE ev")
	node, err := s.SQL("SELECT @@hostname")
	if err != nil {
		t.Fatal(err)
	}
	decision := fmt.Sprintf(`{"clusters":[{"controllers":[{"name":%q,"verdict":"chosen"}],
		"events":{"enabled":[{"schema":"ev","name":"elsewhere"}],
		"disabled":[{"schema":"ev","name":"off"}],"scheduling":["other"],"unknown":[]}}]}`, node)
	for method, decided := range map[tool.Method]string{tool.Physical: decision, tool.Logical: ""} {
		t.Run(string(method), func(t *testing.T) {
			made, err := s.job(t, func(o *Options) {
				o.Method, o.Decision = method,
					json.RawMessage(decided)
			}).Run(t.Context())
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
			if got := strings.Contains(strings.Join(made.Manifest.Warnings, "\n"),
				"idle_controller): ev.elsewhere"); got != warned {
				t.Errorf("warnings %q", made.Manifest.Warnings)
			}
		})
	}
}
