// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"slices"
	"strings"
	"testing"
)

// controllers returns views of c0, c1 and so on, which form one cluster and have enough space for a set.
func controllers(n int) []View {
	var members []string
	for i := range n {
		members = append(members, "c"+string(rune('0'+i)))
	}
	views := make([]View, n)
	for i, name := range members {
		views[i] = View{
			Host: name, NewJob: "new-of-" + name,
			Node: Node{Name: name, Members: members, Datadir: "/var/lib/mysql", Port: "3306", Free: 100},
		}
	}
	return views
}

// see makes a controller see a set of 50 bytes.
func see(v *View, path string) {
	v.Set, v.Cost = &Set{Name: path[strings.LastIndex(path, "/")+1:], Path: path}, &Cost{}
	v.Cost.Space.Needed = 50
}

func asked(state State, views []View) Options {
	return Options{State: state, Set: Newest, Destination: "/sets", Hosts: hosts(views), Pattern: "mysql"}
}

const theSet = "/sets/galera_cluster/S"

func TestTheClusterOfASetIsTheFolderThatItLiesIn(t *testing.T) {
	for path, want := range map[string]string{
		theSet: "galera_cluster", "/a/b": "a", "a/b": "a", "/S": "", "S": "", "": "", "/": "", "//S": "", "./S": "",
		"/sets/galera_cluster/S/": "S", "/sets/../S": "",
	} {
		if got := (&situation{set: path}).cluster(); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// A restore resumes one under way; a rollback may also undo one that ended, and never a rejoining.
func TestWhichNotesCount(t *testing.T) {
	for _, c := range []struct {
		name              string
		view              View
		restored, rolling bool
	}{
		{"none", View{}, false, false},
		{"begun, nothing changed", View{Book: Book{Job: "J"}}, false, true},
		{"under way", View{Book: Book{Job: "J"}, UnderWay: true}, true, true},
		{"ended", View{Book: Book{Job: "J", Ended: "restored"}}, false, true},
		{"rolled back", View{Book: Book{Job: "J", Ended: "rolled_back"}}, false, false},
		{"being rejoined", View{Book: Book{Job: "J", Rejoin: true}, UnderWay: true}, false, false},
		{"rejoined", View{Book: Book{Job: "J", Rejoin: true, Ended: "rejoined"}}, false, false},
		{"under way without a job", View{UnderWay: true}, true, false},
	} {
		for state, want := range map[State]bool{Restored: c.restored, RolledBack: c.rolling} {
			s := &situation{Options: Options{State: state}}
			if got := s.counts(c.view); got != want {
				t.Errorf("%s, %s: %v", c.name, state, got)
			}
		}
	}
}

// An operation that does not depend on a restore ignores who is in the middle of one.
func TestOnlyStatesOfTheWholeClusterGoOn(t *testing.T) {
	views := controllers(2)
	see(&views[0], theSet)
	views[1].Book, views[1].UnderWay, views[1].Stopped = Book{Job: "J", Set: "/sets/x/T", Began: "10:00"}, true, true
	for _, state := range states {
		s := survey(views, asked(state, views))
		whole := state == Restored || state == RolledBack
		if s.begun != whole || (s.job == "J") != whole || (len(s.mine) == 1) != whole || s.stopped != whole {
			t.Errorf("%s: %+v", state, s)
		}
		if want := map[bool]string{true: "/sets/x/T", false: theSet}[whole]; s.set != want {
			t.Errorf("%s: the set is %q, want %q", state, s.set, want)
		}
	}
}

func TestTheNewestSetCountsWhereverItLies(t *testing.T) {
	for _, c := range []struct {
		sees []string // by controller
		set  string
		seen string
	}{
		{[]string{"", "", ""}, "", ""},
		{[]string{"/a/20261101", "", ""}, "/a/20261101", "c0"},
		{[]string{"/a/20261101", "/a/20261102", ""}, "/a/20261102", "c1"},
		{[]string{"/z/20261101", "/a/20261102", "/a/20261102"}, "/a/20261102", "c1, c2"},
		{[]string{"/a/20261102", "/b/20261102", ""}, "/b/20261102", "c1"}, // for the same name: the last one asked
	} {
		views := controllers(3)
		for i, path := range c.sees {
			if path != "" {
				see(&views[i], path)
			}
		}
		s := survey(views, asked(Restored, views))
		if seen := strings.Join(hosts(s.seenBy), ", "); s.set != c.set || seen != c.seen {
			t.Errorf("%v: %q, seen by %q", c.sees, s.set, seen)
		}
	}
}

// Clients' writes count from the earliest start, and a rollback undoes the latest job.
func TestARestoreBeganWhereItBeganFirst(t *testing.T) {
	views := controllers(3)
	for i, began := range []string{"10:02", "10:00", "10:01"} {
		views[i].Book, views[i].UnderWay = Book{Job: "J", Set: theSet, Began: began}, true
	}
	if s := survey(views, asked(RolledBack, views)); s.began != "10:00" || s.job != "J" || len(s.mine) != 3 {
		t.Errorf("%+v", s)
	}
	views[2].Book.Job, views[2].Book.Began = "K", "11:00"
	if s := survey(views, asked(RolledBack, views)); s.began != "11:00" || s.job != "K" || len(s.mine) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestWhetherClientsUsedTheDataIsNotGuessed(t *testing.T) {
	for _, c := range []struct {
		name         string
		books        []Book // of the controllers that have a note; the third has none if there are two
		stopped      bool
		used, unsure bool
	}{
		{"all have a note, nobody was let in", []Book{{}, {}, {}}, true, false, false},
		{"one let them in", []Book{{}, {Opened: true}, {}}, true, true, false},
		{"that one goes back already", []Book{{}, {Opened: true, Back: true}, {}}, true, false, false},
		{"one has no note", []Book{{}, {}}, true, false, true},
		{"one has no note, nothing was stopped", []Book{{}, {}}, false, false, false},
		{"one has no note, another let them in", []Book{{}, {Opened: true}}, true, true, true},
	} {
		views := controllers(3)
		for i, b := range c.books {
			b.Job, b.Set, b.Began = "J", theSet, "10:00"
			views[i].Book, views[i].UnderWay, views[i].Stopped = b, true, c.stopped
		}
		s := survey(views, asked(RolledBack, views))
		if s.used() != c.used || s.unsure() != c.unsure {
			t.Errorf("%s: used %v, unsure %v", c.name, s.used(), s.unsure())
		}
		name, why := s.toConfirm()
		if name != "galera_cluster" || (why != "") != (c.used || c.unsure) {
			t.Errorf("%s: %q is to be confirmed: %q", c.name, name, why)
		}
		if c.used && !strings.HasPrefix(why, "Clients have used") {
			t.Errorf("%s: what is known comes before what is not: %q", c.name, why)
		}
	}
}

// Live data on the target are not replaced again; another controller's word does not make them live.
func TestOnlyTheTargetsOwnNoteSaysThatTheDataLive(t *testing.T) {
	for _, c := range []struct {
		name string
		book Book
		want bool
	}{
		{"not started", Book{Job: "J", Target: true, Set: theSet}, false},
		{"started", Book{Job: "J", Target: true, Set: theSet, Started: "10:05"}, true},
		{"another restore was started", Book{Job: "I", Target: true, Set: theSet, Started: "10:05"}, false},
	} {
		views := controllers(2)
		views[0].Book, views[0].UnderWay = c.book, true
		views[1].Book, views[1].UnderWay = Book{Job: "J", Set: theSet, Started: "10:06"}, true
		o := asked(Restored, views)
		o.Host, o.Confirm = "c0", "galera_cluster"
		s := survey(views, o)
		staged := slices.ContainsFunc(s.steps(), func(step Step) bool { return step.State == "staged" })
		replaced := slices.ContainsFunc(s.steps(), func(step Step) bool { return step.State == "replaced" })
		if s.lives() != c.want || staged == c.want || replaced == c.want {
			t.Errorf("%s: lives %v, staged %v, replaced %v", c.name, s.lives(), staged, replaced)
		}
	}
}

func TestTheTargetsWordAboutTheVerificationComesFirst(t *testing.T) {
	views := controllers(3)
	for i := range views {
		see(&views[i], theSet)
	}
	views[0].Set.Verified, views[2].Set.Verified = "read", "restore"
	for host, want := range map[string]string{"": "read", "c0": "read", "c1": "never", "c2": "restore", "c9": "read"} {
		o := asked(Restored, views)
		o.Host = host
		if got := survey(views, o).verified(); got != want {
			t.Errorf("host %q: %s, want %s", host, got, want)
		}
	}
	if got := (&situation{set: "/sets/x/T", views: views}).verified(); got != "unknown" {
		t.Errorf("a set that nobody sees: %s", got)
	}
}
