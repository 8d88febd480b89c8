// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"reflect"
	"testing"

	"overcloud.backup/internal/logins"
)

// The job compares with the logins of its own controller. They change no decision, and a host cannot make it large.
func TestTheDecisionHasTheLoginsOfTheChosenController(t *testing.T) {
	few := func(n int64) logins.Counted {
		return logins.Counted{Counter: logins.ByUser, Uptime: 60, Sums: logins.Sums{Remote: n, All: n},
			Users: []logins.User{{Name: "nova", Logins: n}}}
	}
	many := few(7)
	many.Users = make([]logins.User, 1_000_000)
	for name, tt := range map[string]struct {
		chosen logins.Counted
		want   bool
	}{"few": {few(7), true}, "none": {logins.None(logins.NotCounted), false}, "very many": {many, false}} {
		w := healthy(3)
		before, err := Decide(w.hosts, options())
		if err != nil {
			t.Fatal(err)
		}
		for i := range w.hosts {
			w.hosts[i].Galera.Logins = few(1000)
			if w.hosts[i].Name == before.Chosen {
				w.hosts[i].Galera.Logins = tt.chosen
			}
		}
		d, err := Decide(w.hosts, options())
		if err != nil || d.Chosen == "" || d.Chosen != before.Chosen || d.Text != before.Text {
			t.Fatalf("%s: %q was chosen, then %q, %v", name, before.Chosen, d.Chosen, err)
		}
		for _, k := range d.Clusters[0].Controllers {
			want := &tt.chosen
			if !tt.want || k.Name != d.Chosen {
				want = nil
			}
			if !reflect.DeepEqual(k.Logins, want) {
				t.Errorf("%s: %s has %+v", name, k.Name, k.Logins)
			}
		}
	}
}
