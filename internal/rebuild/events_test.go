// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"fmt"
	"testing"

	"overcloud.backup/internal/repository"
)

// Every event that may have run is remembered when those of the datadir are disabled.
func TestHeldEventsAreEnabledOrNamed(t *testing.T) {
	rows := [][]string{{"mysql", "purge", "ENABLED"}, {"nova", "here", "ENABLED"},
		{"nova", "there", "SLAVESIDE_DISABLED"}}
	for name, c := range map[string]struct {
		known []repository.Name
		want  string
	}{
		"an older set": {nil, "{[mysql.purge nova.here] [nova.there]}"},
		"none ran":     {[]repository.Name{}, "{[] [mysql.purge nova.here]}"},
		"those of users are known": {[]repository.Name{{Schema: "nova", Name: "here"}, {Schema: "nova", Name: "there"}},
			"{[nova.here nova.there] [mysql.purge]}"},
	} {
		if got := fmt.Sprint(heldEvents(rows, c.known)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
