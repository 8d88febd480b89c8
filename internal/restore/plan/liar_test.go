// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"slices"
	"strings"
	"testing"
)

// lies are views of c2 in which it makes all kinds of false claims about itself.
func lies(do func(View)) {
	both := []bool{false, true}
	sets := []string{"", theSet, "/sets/galera_cluster/Z", "/sets/forged/Z"}
	for _, sees := range sets {
		for _, noted := range []string{"", theSet, "/sets/forged/Z"} {
			for _, ended := range []string{"", "restored", "rolled_back", "rejoined"} {
				for _, job := range []string{"", "J", "Z"} {
					for bits := range 1 << 7 {
						has := func(i int) bool { return both[bits>>i&1] }
						v := controllers(3)[2]
						if sees != "" {
							see(&v, sees)
						}
						v.Book = Book{Job: job, Set: noted, Ended: ended, Target: has(0), Opened: has(1),
							Rejoin: has(2), Back: has(3)}
						if has(0) {
							v.Book.Started = "09:00"
						}
						v.UnderWay, v.Stopped, v.HasOld = has(4), has(5), has(6)
						do(v)
					}
				}
			}
		}
	}
}

func stepsOf(d Decision) (states []string) {
	for _, s := range d.Steps {
		states = append(states, s.State)
	}
	return states
}

// c0 and c1 were never restored, and the operator names the controller: whatever c2 claims, the set is staged and
// replaces the data from the set that c0 itself sees, or nothing is done.
func TestALiarDoesNotSteerARestore(t *testing.T) {
	refused, planned := 0, 0
	lies(func(liar View) {
		views := controllers(3)
		see(&views[0], theSet)
		see(&views[1], theSet)
		views[2] = liar
		o := asked(Restored, views)
		o.Host, o.Confirm = "c0", "galera_cluster"
		d, err := Decide(views, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.Refused != "" {
			refused++
			return
		}
		planned++
		got := stepsOf(d)
		if d.Target != "c0" || d.Set != theSet || len(got) != 9 || got[0] != "staged" || got[3] != "replaced" {
			t.Fatalf("it is steered by %+v: %+v", liar, d)
		}
	})
	if refused == 0 || planned == 0 {
		t.Errorf("%d refused, %d planned", refused, planned)
	}
}

// Without a confirmation no liar makes the others stop a database, or discard the data that they serve.
func TestALiarDoesNotHaveDataGivenUp(t *testing.T) {
	for _, before := range []struct {
		name string
		book Book
	}{
		{"never restored", Book{}},
		{"restored, and in use", Book{Job: "J", Set: theSet, Began: "10:00", Ended: "restored", Opened: true}},
	} {
		refused, planned := 0, 0
		lies(func(liar View) {
			views := controllers(3)
			for i := range 2 {
				views[i].Book, views[i].HasOld, views[i].Stopped = before.book, true, before.book.Job != ""
			}
			views[2] = liar
			d, err := Decide(views, asked(RolledBack, views))
			if err != nil {
				t.Fatal(err)
			}
			if d.Refused != "" {
				refused++
				return
			}
			planned++
			for _, state := range stepsOf(d) {
				// The end of a restore that only the liar knows of replaces the records of the others.
				forgets := before.book.Job != "" && state == "finished"
				if forgets || slices.Contains([]string{"fenced", "stopped", "rolled_back", "started"}, state) {
					t.Fatalf("%s: %s by the word of %+v: %+v", before.name, state, liar, d)
				}
			}
		})
		if refused == 0 {
			t.Errorf("%s: %d refused, %d planned", before.name, refused, planned)
		}
	}
}

// Whatever a controller claims, a confirmation is requested by a name that the message contains.
func TestAConfirmationSaysWhatItConfirms(t *testing.T) {
	n := 0
	lies(func(liar View) {
		if n++; n%5 != 0 { // each state decides twice
			return
		}
		views := controllers(3)
		see(&views[0], theSet)
		views[2] = liar
		for _, state := range []State{Restored, RolledBack, Rejoined} {
			o := asked(state, views)
			o.Host = "c2"
			d, err := Decide(views, o)
			if err != nil {
				t.Fatal(err)
			}
			if d.Refused != NotConfirmed {
				continue
			}
			_, name, found := strings.Cut(d.Message, "controller_restore_confirm=")
			name, _, _ = strings.Cut(name, " ")
			if !found || name == "" {
				if strings.Contains(d.Message, "Nobody can") {
					continue // a path that names no cluster
				}
				t.Fatalf("%s: %s", state, d.Message)
			}
			o.Confirm = name
			if again, _ := Decide(views, o); again.Refused != "" || !slices.Equal(again.Lines, d.Lines) {
				t.Fatalf("%s: confirmed with %q, and then %s: %s", state, name, again.Refused, again.Message)
			}
		}
	})
}
