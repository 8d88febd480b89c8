// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// interruptions are the points at which a replacement can be killed, as states of the disk: each includes the earlier
// ones. The note on disk is the book's.
var interruptions = []struct {
	name string
	do   func(t *testing.T, n *Node, b *Book)
}{
	{"nothing was done", func(*testing.T, *Node, *Book) {}},
	{"a name is noted", func(t *testing.T, n *Node, b *Book) {
		b.Aside = append(b.Aside, n.Datadir+".aside-j")
		saved(t, b)
	}},
	{"the datadir is aside", func(t *testing.T, n *Node, b *Book) {
		if err := os.Rename(n.Datadir, b.Aside[0]); err != nil {
			t.Fatal(err)
		}
	}},
	{"the restored one has its position", func(t *testing.T, n *Node, b *Book) {
		if err := writeInto(n.Ready(b), "grastate.dat", "half of it"); err != nil {
			t.Fatal(err)
		}
	}},
	{"and its mark", func(t *testing.T, n *Node, b *Book) {
		if err := n.finish(b, n.Ready(b)); err != nil {
			t.Fatal(err)
		}
	}},
	{"it is noted that it takes the place", func(t *testing.T, _ *Node, b *Book) {
		b.Replaced = true
		saved(t, b)
	}},
	{"it is in its place", func(t *testing.T, n *Node, b *Book) {
		if err := os.Rename(n.Ready(b), n.Datadir); err != nil {
			t.Fatal(err)
		}
	}},
}

func saved(t *testing.T, b *Book) {
	t.Helper()
	if err := b.save(); err != nil {
		t.Fatal(err)
	}
}

// killedAt returns a target whose replacement was killed after a number of steps, and its book as the next call reads
// it.
func killedAt(t *testing.T, steps int) (*Node, *Book) {
	t.Helper()
	n, b := place(t)
	b.Target, b.Datadir = true, n.Datadir
	saved(t, b)
	fill(t, n.Ready(b), "set")
	for _, step := range interruptions[:steps] {
		step.do(t, n, b)
	}
	again, err := ReadBook(filepath.Dir(b.path))
	if err != nil {
		t.Fatal(err)
	}
	return n, again
}

// once returns the content of each folder beside the datadir, and fails if the same data exist twice.
func once(t *testing.T, n *Node) (all string) {
	t.Helper()
	folders, _ := filepath.Glob(n.Datadir + "*")
	for _, folder := range folders {
		if held := what(folder); held != "nothing" {
			if strings.Contains(all, held) {
				t.Errorf("%s is there twice", held)
			}
			all += held + " "
		}
	}
	return all
}

func TestAReplacementThatWasKilledGoesOn(t *testing.T) {
	for steps := 1; steps <= len(interruptions); steps++ {
		name := interruptions[steps-1].name
		n, b := killedAt(t, steps)
		for time := range 2 {
			if _, err := n.Replace(t.Context(), b); err != nil || what(n.Datadir) != "set" || !marked(n.Datadir, "j") {
				t.Fatalf("%s, time %d: %v, %s", name, time, err, what(n.Datadir))
			}
		}
		if !b.Replaced || !n.HasOld(b) || what(b.old()) != "old" {
			t.Errorf("%s: %+v, old: %s", name, b, what(b.old()))
		}
		state, err := os.ReadFile(filepath.Join(n.Datadir, "grastate.dat"))
		if err != nil || !strings.Contains(string(state), "safe_to_bootstrap: 1") {
			t.Errorf("%s: %s, %v", name, state, err)
		}
		if all := once(t, n); strings.Count(all, "old") != 1 || strings.Count(all, "set") != 1 {
			t.Errorf("%s: %s", name, all)
		}
	}
}

func TestAReplacementThatWasKilledGoesBack(t *testing.T) {
	for steps := 1; steps <= len(interruptions); steps++ {
		for _, goesOn := range []bool{false, true} {
			name := interruptions[steps-1].name
			n, b := killedAt(t, steps)
			if goesOn {
				if _, err := n.Replace(t.Context(), b); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			for time := range 2 {
				if _, err := n.PutBack(t.Context(), b); err != nil || what(n.Datadir) != "old" || b.Replaced {
					t.Fatalf("%s, goes on %v, time %d: %v, %s", name, goesOn, time, err, what(n.Datadir))
				}
			}
			if all := once(t, n); strings.Count(all, "old") != 1 || strings.Count(all, "set") != 1 {
				t.Errorf("%s, goes on %v: %s", name, goesOn, all)
			}
		}
	}
}

// A rename that fails, as with a mount, leaves the old datadir in its place, and a note with a name that does not
// exist.
func TestAStepThatFailsChangesNothingElse(t *testing.T) {
	n, b := place(t)
	b.Target = true
	fill(t, n.Ready(b), "set")
	// A file in place of the book's folder makes any note fail.
	book := b.path
	if err := errors.Join(os.Remove(book), os.Mkdir(book, 0o700),
		os.WriteFile(filepath.Join(book, "x"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Replace(t.Context(), b); err == nil ||
		!strings.Contains(err.Error(), "record what the restore does, before it is done") {
		t.Errorf("moved without a note: %v", err)
	}
	if what(n.Datadir) != "old" || what(n.Ready(b)) != "set" {
		t.Errorf("%s, %s", what(n.Datadir), what(n.Ready(b)))
	}
}

// Live data are not replaced: clients have written to them.
func TestLiveDataAreNotReplaced(t *testing.T) {
	n, b := place(t)
	b.Target, b.Started = true, "10:05"
	fill(t, n.Ready(b), "set")
	if got, err := n.Replace(t.Context(), b); err != nil || len(got) != 0 || what(n.Datadir) != "old" ||
		len(b.Aside) > 0 {
		t.Errorf("%q %v %s", got, err, what(n.Datadir))
	}
}

// The others start empty, and copy the data; their old datadirs are kept, as on the target.
func TestTheOthersGetAnEmptyDatadirOnce(t *testing.T) {
	needsServer(t)
	n, b := place(t)
	for time := range 2 {
		if _, err := n.Replace(t.Context(), b); err != nil || what(n.Datadir) != "nothing" || !marked(n.Datadir, "j") {
			t.Fatalf("time %d: %v, %s", time, err, what(n.Datadir))
		}
	}
	if exists(filepath.Join(n.Datadir, "grastate.dat")) {
		t.Error("an empty one may be bootstrapped from")
	}
	if len(b.Aside) != 1 || what(b.Aside[0]) != "old" {
		t.Errorf("%v", b.Aside)
	}
	if _, err := n.PutBack(t.Context(), b); err != nil || what(n.Datadir) != "old" {
		t.Errorf("%v %s", err, what(n.Datadir))
	}
}

func TestARestoredDatadirThatWasPutAwayBeforeIsKept(t *testing.T) {
	n, b := killedAt(t, len(interruptions))
	for _, earlier := range []string{n.Datadir + ".restored-j", n.Datadir + ".restored-j-2"} {
		fill(t, earlier, "earlier")
	}
	output, err := n.PutBack(t.Context(), b)
	if err != nil || what(n.Datadir+".restored-j-3") != "set" || what(n.Datadir+".restored-j") != "earlier" {
		t.Errorf("%q %v", output, err)
	}
	if got := strings.Join(output, "; "); got != "moved "+n.Datadir+" to "+n.Datadir+".restored-j-3; "+n.Datadir+
		" is now "+
		n.Datadir+".aside-j" {
		t.Error(got)
	}
}

// Before its removal a datadir gets a name that does not count as a way back: half of one must not be used as one.
func TestOldDatadirsGoByAnotherName(t *testing.T) {
	n, b := killedAt(t, len(interruptions))
	fill(t, n.Datadir+".aside-other", "of another restore")
	fill(t, n.Datadir+".removing-j", "half removed before")
	if err := os.RemoveAll(n.Datadir + ".removing-j"); err != nil {
		t.Fatal(err)
	}
	got, err := n.RemoveOld(b)
	if err != nil || len(got) != 1 || got[0] != "removed "+b.Aside[0] || exists(b.Aside[0]) || n.HasOld(b) {
		t.Errorf("%q %v", got, err)
	}
	if what(n.Datadir) != "set" || what(n.Datadir+".aside-other") != "of another restore" {
		t.Error("more was removed than the restore has put aside")
	}
	if got, err := n.RemoveOld(b); err != nil || len(got) != 0 {
		t.Errorf("again: %q %v", got, err)
	}
}

func TestWhetherThereIsAWayBack(t *testing.T) {
	for name, c := range map[string]struct {
		arrange func(t *testing.T, n *Node, b *Book)
		want    bool
	}{
		"untouched": {func(*testing.T, *Node, *Book) {}, true},
		"aside": {func(_ *testing.T, n *Node, b *Book) {
			b.Aside = []string{n.Datadir + ".aside-j"}
			_ = os.Rename(n.Datadir, b.Aside[0])
		}, true},
		"aside, and no database in it": {func(t *testing.T, n *Node, b *Book) {
			b.Aside = []string{n.Datadir + ".aside-j"}
			if err := os.Mkdir(b.Aside[0], 0o700); err != nil {
				t.Fatal(err)
			}
		}, false},
		"only the restored one": {func(_ *testing.T, _ *Node, b *Book) { b.Replaced = true }, false},
		"a record of one that is gone": {func(_ *testing.T, n *Node, b *Book) {
			b.Aside, b.Replaced = []string{n.Datadir + ".aside-j"}, true
		}, false},
		"no datadir at all": {func(_ *testing.T, n *Node, _ *Book) { _ = os.RemoveAll(n.Datadir) }, false},
	} {
		n, b := place(t)
		c.arrange(t, n, b)
		if got := n.HasOld(b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAStagedSetCountsOnceItIsNoted(t *testing.T) {
	n, b := place(t)
	if n.Staged(b) {
		t.Error("nothing is there")
	}
	fill(t, n.Ready(b), "half of a set")
	if n.Staged(b) {
		t.Error("what a killed step left counts as made ready")
	}
	b.Prepared = true
	if !n.Staged(b) {
		t.Error("it is ready")
	}
	if err := errors.Join(os.RemoveAll(n.Ready(b)), mark(n.Datadir, "another")); err != nil || n.Staged(b) {
		t.Errorf("the datadir of another restore counts: %v", err)
	}
	if err := mark(n.Datadir, "j"); err != nil || !n.Staged(b) {
		t.Errorf("it is in its place: %v", err)
	}
}
