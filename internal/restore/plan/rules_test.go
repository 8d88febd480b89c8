// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// peel decides, removes the cause of each refusal in turn, and returns the codes in the order in which they appeared.
func peel(t *testing.T, views []View, o Options, mend map[Code]func([]View, *Options) []View) (codes []string) {
	t.Helper()
	for range len(rules) + 1 {
		d, err := Decide(views, o)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, string(d.Refused))
		if d.Refused == "" {
			return codes
		}
		if len(d.Steps) > 0 || (len(d.Lines) > 0) != (d.Refused == NotConfirmed) {
			t.Errorf("%s: a plan that is refused has steps, or lines that are not to be confirmed: %+v", d.Refused, d)
		}
		do, known := mend[d.Refused]
		if !known {
			t.Fatalf("after %v came %s: %s", codes, d.Refused, d.Message)
		}
		views = do(views, &o)
	}
	t.Fatalf("%v: nothing helps", codes)
	return nil
}

// each changes every view.
func each(do func(*View)) func([]View, *Options) []View {
	return func(views []View, _ *Options) []View {
		for i := range views {
			do(&views[i])
		}
		return views
	}
}

// Who takes part is checked before what they have, and the subject of a confirmation is known before one is requested.
func TestARestoreIsRefusedForTheFirstReason(t *testing.T) {
	views := controllers(3)
	views[1].Problems = []string{"the datadir is a link"}
	views[1].Node.Members = []string{"c1"}
	see(&views[1], theSet)
	views[1].Cost = nil
	o := asked(Restored, views)
	o.Host, o.Hosts = "c0", append(o.Hosts, "c3")
	fixed := func(v *View) { v.Node.Members = []string{"c0", "c1", "c2", "c3"} }
	got := peel(t, views, o, map[Code]func([]View, *Options) []View{
		"controller_missing": func(views []View, _ *Options) []View { return append(views, View{Host: "c3"}) },
		"several_clusters":   each(fixed),
		"other_controllers":  func(views []View, _ *Options) []View { views[3].Node.Name = "c3"; return views },
		"controller_unfit":   func(views []View, _ *Options) []View { views[1].Problems = nil; return views },
		"set_not_seen":       func(views []View, o *Options) []View { o.Host = "c1"; return views },
		"cost_not_known":     func(views []View, _ *Options) []View { see(&views[1], theSet); return views },
		"too_little_room":    each(func(v *View) { v.Node.Free = 50 }),
		NotConfirmed:         func(views []View, o *Options) []View { o.Confirm = "galera_cluster"; return views },
	})
	want := "controller_missing several_clusters other_controllers controller_unfit set_not_seen cost_not_known " +
		"too_little_room not_confirmed "
	if strings.Join(got, " ") != want {
		t.Errorf("%q", got)
	}
}

func TestARestoreUnderWayIsRefusedForTheFirstReason(t *testing.T) {
	views := controllers(3)
	for i := range views {
		views[i].Problems = []string{"the datadir is not there"} // by itself
		views[i].Book, views[i].UnderWay = Book{Job: "J", Set: theSet, Back: i == 2}, true
		views[i].Node.Free = 0
	}
	o := asked(Restored, views)
	o.Set, o.Host, o.Confirm = "galera_cluster/T", "c1", "galera"
	got := peel(t, views, o, map[Code]func([]View, *Options) []View{
		"rollback_under_way": each(func(v *View) { v.Book.Back = false }),
		"another_set":        func(views []View, o *Options) []View { o.Set = "galera_cluster/S"; return views },
		"set_not_known":      func(views []View, _ *Options) []View { views[1].Book.Target = true; return views },
		NotConfirmed:         func(views []View, o *Options) []View { o.Confirm = "galera_cluster"; return views },
	})
	if strings.Join(got, " ") != "rollback_under_way another_set set_not_known not_confirmed " {
		t.Errorf("%q", got)
	}
}

func TestARollbackIsRefusedForTheFirstReason(t *testing.T) {
	views := controllers(3)
	views[2].Book, views[2].UnderWay = Book{Job: "K", Rejoin: true}, true
	o := asked(RolledBack, views)
	o.Host = "c7"
	got := peel(t, views, o, map[Code]func([]View, *Options) []View{
		"rejoin_under_way": func(views []View, _ *Options) []View { views[2].UnderWay = false; return views },
		"stranger_chosen":  func(views []View, o *Options) []View { o.Host = "c1"; return views },
		"nothing_to_undo": func(views []View, _ *Options) []View {
			views[0].Book = Book{Job: "J", Set: theSet, Ended: "restored", Opened: true}
			views[0].Stopped = true
			return views
		},
		"no_old_data": func(views []View, _ *Options) []View { views[0].HasOld = true; return views },
		NotConfirmed:  func(views []View, o *Options) []View { o.Confirm = "galera_cluster"; return views },
	})
	if strings.Join(got, " ") != "rejoin_under_way stranger_chosen nothing_to_undo no_old_data not_confirmed " {
		t.Errorf("%q", got)
	}
}

// Each of them would bring its old data back, whichever it is, and whatever the others do.
func TestNobodyIsLeftOut(t *testing.T) {
	for _, state := range cluster {
		views := controllers(4)
		for i := range views {
			see(&views[i], theSet)
			views[i].Stopped, views[i].HasOld = true, true
			views[i].Book = Book{Job: "J", Set: theSet, Began: "10:00", Ended: "restored", Target: i == 1}
		}
		o := asked(state, views)
		o.Confirm = "galera_cluster"
		whole, err := Decide(views, o)
		if err != nil || whole.Refused != "" {
			t.Fatalf("%s: %+v %v", state, whole, err)
		}
		for _, step := range whole.Steps {
			one := slices.Contains([]string{"staged", "stopped", "started", "reached"}, step.State)
			if len(step.Hosts) != map[bool]int{true: 1, false: 4}[one] {
				t.Errorf("%s: %s is for %v", state, step.State, step.Hosts)
			}
			if one && step.Hosts[0] != whole.Target {
				t.Errorf("%s: %s is for %v, and the target is %s", state, step.State, step.Hosts, whole.Target)
			}
		}
		if last := whole.Steps[len(whole.Steps)-1]; last.State != "finished" || last.Hosts[3] != whole.Target {
			t.Errorf("%s: the target does not end last: %+v", state, last)
		}
		for i := range views {
			rest := slices.Delete(slices.Clone(views), i, i+1)
			if d, _ := Decide(rest, o); d.Refused != "controller_missing" || len(d.Steps) > 0 ||
				!strings.Contains(d.Message, views[i].Host+" could not be asked") {
				t.Errorf("%s without %s: %+v", state, views[i].Host, d)
			}
		}
	}
}

// The messages about the set, the participants, and how to continue.
func TestEachStateReportsWhatItDid(t *testing.T) {
	views := controllers(2)
	see(&views[0], theSet)
	ended := controllers(2)
	for i := range ended {
		ended[i].Book = Book{Job: "J", Set: theSet, Began: "10:00", Ended: "restored"}
	}
	for state, c := range map[State]struct {
		views                   []View
		message, report, advice string
	}{
		Restored: {views, "Restore of " + theSet, "c0, c1: restored from " + theSet,
			"or with controller_restore_state=rolled_back"},
		RolledBack: {
			ended, "Return to the data from before the restore J of " + theSet + ", begun 10:00, on c0, c1",
			"c0, c1: back at the original data", "or with controller_restore_state=rolled_back",
		},
		Rejoined: {views, "Rejoin c0 from the other controllers",
			"c0: it has the data of the other controllers again", ""},
		Loaded:     {views, "Load parts of " + theSet, "", ""},
		Configured: {views, "Compare Pacemaker's configuration with that of " + theSet, "", ""},
	} {
		o := asked(state, c.views)
		o.CheckMode, o.Host = true, "c0"
		d, err := Decide(c.views, o)
		if err != nil || d.Refused != "" || d.Message != c.message || d.Lines[0] != c.message {
			t.Errorf("%s: %+v %v", state, d, err)
		}
		if c.report != "" && d.Report != c.report || !strings.HasPrefix(d.Advice, "What was done stays as it is") ||
			!strings.Contains(d.Advice, c.advice) || (c.advice == "") != !strings.Contains(d.Advice, "rolled_back") {
			t.Errorf("%s: %q, %q", state, d.Report, d.Advice)
		}
		// A set from another cluster is never called trustworthy.
		fromSet := state != RolledBack && state != Rejoined
		if strings.Contains(strings.Join(d.Lines, "\n"), "not signed: ") != fromSet {
			t.Errorf("%s: %q", state, d.Lines)
		}
		numbered := 0
		for _, line := range d.Lines {
			if strings.HasPrefix(line, fmt.Sprintf("%d. ", numbered+1)) {
				numbered++
			}
		}
		if numbered != len(d.Steps) {
			t.Errorf("%s: %d of %d steps are in the plan for people", state, numbered, len(d.Steps))
		}
	}
}
