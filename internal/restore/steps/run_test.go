// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/option"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/restore/plan"
	"overcloud.backup/tests/sets"
	"overcloud.backup/tests/units"
)

// controller is a controller whose database is stopped, with an earlier datadir, on a host with a firewall.
type controller struct {
	t    *testing.T
	home string
	node *restore.Node
}

func newController(t *testing.T) controller {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom datadirs' folders belong")
	}
	_, folder := units.Store(t) // Pacemaker answers, and nobody holds its lock
	units.Put(t, filepath.Join(folder, "nft"), "#!/bin/sh\ncat >>'"+folder+"/rules'\n", 0o700)
	top, err := os.MkdirTemp("/var/lib", "steps-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	c := controller{t: t, home: filepath.Join(top, "restore")}
	before := home
	home = c.home
	t.Cleanup(func() { home = before })
	c.node = &restore.Node{
		Name: "node-a", Members: []string{"node-a"}, Online: []string{"node-a"}, Datadir: filepath.Join(top, "mysql"),
		Port: "3306",
	}
	c.fill(c.node.Datadir)
	return c
}

// fill creates a datadir with the earlier data.
func (c controller) fill(datadir string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Join(datadir, "mysql"), 0o755); err != nil {
		c.t.Fatal(err)
	}
	units.Put(c.t, filepath.Join(datadir, "ibdata1"), "before", 0o600)
}

// noted changes the controller's note of the restore.
func (c controller) noted(do func(b *restore.Book) error) {
	c.t.Helper()
	b, err := restore.OpenBook(c.home)
	if err != nil {
		c.t.Fatal(err)
	}
	defer b.Close()
	if err := do(b); err != nil {
		c.t.Fatal(err)
	}
}

// take takes one step as the module would, and returns its result.
func (c controller) take(o Options) (changed bool, msg string, err error) {
	c.t.Helper()
	c.noted(func(b *restore.Book) error {
		step, failed := find(o.State)
		if failed != nil {
			return failed
		}
		r := &run{Options: o, node: c.node, book: b}
		answer, failed := r.take(c.t.Context(), step)
		changed, msg, err = answer.Changed, answer.Msg, failed
		return nil
	})
	return changed, msg, err
}

func begin(job string, fill func(*restore.Book)) func(*restore.Book) error {
	return func(b *restore.Book) error { return b.Begin(job, fill) }
}

// moduleStates returns the states that the module documents.
func moduleStates(t *testing.T) (states []string) {
	t.Helper()
	var doc struct {
		Documentation struct {
			Options map[string]struct{ Choices []string }
		} `yaml:"DOCUMENTATION"`
	}
	content, err := os.ReadFile("../../../modules/galera_restore.yml")
	if err == nil {
		err = yaml.Unmarshal(content, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc.Documentation.Options["state"].Choices
}

func TestEveryDocumentedStateIsAStep(t *testing.T) {
	beside := []string{"planned", "loaded", "counted", "configured"}
	states := moduleStates(t)
	if len(states) < 16 {
		t.Fatalf("only %v", states)
	}
	for _, state := range states {
		if _, err := find(state); (err != nil) != slices.Contains(beside, state) {
			t.Errorf("%s: %v", state, err)
		}
	}
	for _, s := range steps {
		if !slices.Contains(states, s.Name) {
			t.Errorf("the step %s is not documented", s.Name)
		}
	}
	if _, err := find("nothing"); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Error(err)
	}
}

// A plan has only steps that controllers know, and check mode only looks.
func TestAPlanHasStepsThatControllersKnow(t *testing.T) {
	book := plan.Book{Job: "J", Set: "/s/c/S", Target: true, Ended: "restored"}
	v := plan.View{Host: "c0", Node: plan.Node{Name: "c0", Members: []string{"c0"}, Free: 1}, Book: book, Stopped: true,
		HasOld: true}
	v.Set, v.Cost = &plan.Set{Name: "S", Path: "/s/c/S"}, &plan.Cost{}
	count := 0
	for _, state := range []plan.State{plan.Restored, plan.RolledBack, plan.Rejoined} {
		o := plan.Options{State: state, Set: plan.Newest, Host: "c0", Hosts: []string{"c0"}, CheckMode: true}
		d, err := plan.Decide([]plan.View{v}, o)
		if err != nil || d.Refused != "" {
			t.Fatalf("%s: %+v %v", state, d, err)
		}
		for _, step := range d.Steps {
			count++
			if _, err := find(step.State); err != nil {
				t.Errorf("%s: %v", state, err)
			}
		}
	}
	if count < 19 {
		t.Errorf("only %d steps", count)
	}
}

func TestAStepOfARestoreThatTheControllerDoesNotKnowIsRefused(t *testing.T) {
	c := newController(t)
	for _, state := range []string{"stopped", "replaced", "started", "checked", "opened", "reached", "finished",
		"rolled_back"} {
		if _, _, err := c.take(Options{State: state, Job: "J"}); err == nil || !strings.Contains(err.Error(),
			"knows nothing of the restore") {
			t.Errorf("%s: %v", state, err)
		}
	}
	for _, state := range []string{"fenced", "rolling_back"} {
		if _, _, err := c.take(Options{State: state}); err == nil || !strings.Contains(err.Error(),
			"needs to know to which restore") {
			t.Errorf("%s without a job: %v", state, err)
		}
	}
}

// A restore that has ended stays ended, whoever asks again: a repeated run goes through all steps.
func TestAStepOfARestoreThatHasEndedDoesNothing(t *testing.T) {
	c := newController(t)
	c.noted(begin("J", func(b *restore.Book) { b.Datadir = c.node.Datadir }))
	c.noted(func(b *restore.Book) error { return b.End(restore.Restored) })
	for _, state := range []string{"fenced", "stopped", "replaced", "started", "checked", "reached", "finished",
		"rolled_back"} {
		if changed, got, err := c.take(Options{State: state, Job: "J"}); err != nil || changed || got != "" {
			t.Errorf("%s: %v %q %v", state, changed, got, err)
		}
	}
	if content, err := os.ReadFile(filepath.Join(c.node.Datadir, "ibdata1")); err != nil ||
		string(content) != "before" {
		t.Errorf("the datadir was touched: %v", err)
	}
}

func TestARollbackGoesThroughItsStepsOnce(t *testing.T) {
	c := newController(t)
	aside := c.node.Datadir + ".aside-J"
	c.noted(begin("J", func(b *restore.Book) {
		b.Datadir, b.Aside, b.Replaced, b.Started = c.node.Datadir, []string{aside}, true, "10:00"
	}))
	if err := os.Rename(c.node.Datadir, aside); err != nil {
		t.Fatal(err)
	}
	c.fill(c.node.Datadir)
	units.Put(t, filepath.Join(c.node.Datadir, "ibdata1"), "restored", 0o600)
	if _, _, err := c.take(Options{State: "replaced", Job: "J"}); err != nil {
		t.Errorf("a restored database that was started is not replaced again: %v", err)
	}
	for _, s := range []struct {
		state   string
		changed []bool // the first time, and the second
		says    string
	}{
		{"rolling_back", []bool{true, false}, ""},
		{"fenced", []bool{true, false}, "clients are kept from port 3306"},
		{"rolled_back", []bool{true, false}, "is now " + aside},
		{"opened", []bool{true, false}, "clients may come in again"},
		{"finished", []bool{true, false}, ""},
	} {
		for i, want := range s.changed {
			changed, got, err := c.take(Options{State: s.state, Job: "J", KeepClientsOut: "nft"})
			if err != nil || changed != want || i == 0 && !strings.Contains(got, s.says) {
				t.Errorf("%s, time %d: %v %q %v", s.state, i+1, changed, got, err)
			}
		}
		if s.state == "rolling_back" {
			if _, _, err := c.take(Options{State: "replaced", Job: "J"}); err == nil || !strings.Contains(err.Error(),
				"being rolled back") {
				t.Errorf("the restore went on: %v", err)
			}
		}
	}
	if content, err := os.ReadFile(filepath.Join(c.node.Datadir, "ibdata1")); err != nil ||
		string(content) != "before" {
		t.Errorf("%q %v", content, err)
	}
	c.noted(func(b *restore.Book) error {
		if b.Ended != restore.RolledBack || b.UnderWay() {
			t.Errorf("%+v", b)
		}
		return nil
	})
}

// A new controller, or one that lost its note, may have copied the restored data.
func TestARollbackTakesAControllerWithoutANoteAlong(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		c := newController(t)
		o := Options{State: "rolling_back", Job: "J", Set: option.Set{Set: "/s/c/S"}, OthersReplaced: replaced}
		if changed, _, err := c.take(o); err != nil || !changed {
			t.Errorf("%v %v", changed, err)
		}
		c.noted(func(b *restore.Book) error {
			if b.Job != "J" || b.Set != "/s/c/S" || b.Replaced != replaced || !b.RollingBack || b.Target {
				t.Errorf("%+v", b)
			}
			return nil
		})
	}
}

func TestOldDatadirsGoOnlyWhereThatIsWanted(t *testing.T) {
	for _, remove := range []bool{false, true} {
		c := newController(t)
		aside := c.node.Datadir + ".aside-J"
		c.fill(aside)
		c.noted(begin("J", func(b *restore.Book) {
			b.Datadir, b.Aside, b.Replaced = c.node.Datadir, []string{aside},
				true
		}))
		changed, got, err := c.take(Options{State: "finished", Job: "J", RemoveOld: remove})
		if err != nil || !changed || units.Gone(t, aside) != remove ||
			strings.Contains(got, "removed "+aside) != remove {
			t.Errorf("remove %v: %v %q %v", remove, changed, got, err)
		}
	}
}

// Without a confirmation, or for a set that does not fit, not even a note is written.
func TestASetIsNotMadeReadyUnconfirmed(t *testing.T) {
	destination, path := sets.Small(t)
	for _, o := range []struct{ confirm, cluster, want string }{
		{"", "solo", `confirm is "": to restore the cluster solo from ` + path},
		{"galera", "solo", `confirm is "galera"`},
		{"solo", "another", "set other_cluster: true to restore it"},
	} {
		c := newController(t)
		c.node.Cluster = o.cluster
		_, _, err := c.take(Options{
			State: "staged", Job: "J", Target: true, Confirm: o.confirm, Set: option.Set{Destination: destination,
				Set: "newest"},
		})
		if err == nil || !strings.Contains(err.Error(), o.want) {
			t.Errorf("%+v: %v", o, err)
		}
		c.noted(func(b *restore.Book) error {
			if b.Job != "" {
				t.Errorf("%+v: a note was made: %+v", o, b)
			}
			return nil
		})
	}
}

func TestAControllerDoesNotGiveItsDataUpUnconfirmed(t *testing.T) {
	c := newController(t)
	for _, confirm := range []string{"", "galera_cluster"} {
		_, _, err := c.take(Options{State: "rejoined", Job: "J", Confirm: confirm})
		if err == nil || !strings.Contains(err.Error(), "confirm that by its name, node-a") {
			t.Errorf("%q: %v", confirm, err)
		}
	}
}

// Whatever the options, the module that only inspects has the state that only inspects.
func TestInspectingIsAllThatInfoDoes(t *testing.T) {
	o, err := InfoOptions{Memory: 512, OtherCluster: true, AcceptDifferences: true}.Options()
	if err != nil || o.State != Planned || !o.OtherCluster || !o.AcceptDifferences || o.Memory != 512 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, memory := range []int64{0, 31, 1<<20 + 1} {
		if _, err := (InfoOptions{Memory: memory}).Options(); err == nil || !strings.Contains(err.Error(), "memory: ") {
			t.Errorf("%d: %v", memory, err)
		}
	}
}
