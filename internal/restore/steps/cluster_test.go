// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/restore"
	"overcloud.backup/tests/pacemakertest"
	"overcloud.backup/tests/sets"
	"overcloud.backup/tests/units"
)

// host is a controller of a cluster whose database runs, with a firewall and a datadir.
type host struct {
	controller
	*pacemakertest.Galera
}

func newHost(t *testing.T) host {
	t.Helper()
	c := newController(t)
	g := pacemakertest.NewGalera(t)
	g.Put("datadir", c.node.Datadir)
	g.Put("my.cnf", "[mysqld]\nwsrep_cluster_name=solo")
	units.Put(t, filepath.Join(g.Dir, "nft"), "#!/bin/sh\ncat >>'"+g.Dir+"/rules'\n", 0o700)
	for _, engine := range []string{"podman", "docker"} { // whatever this machine runs
		units.Put(t, filepath.Join(g.Dir, engine), "#!/bin/sh\n", 0o700)
	}
	h := host{c, g}
	h.see()
	return h
}

// see reads the state of the cluster again, as each call of the module does.
func (h *host) see() {
	h.t.Helper()
	n, err := restore.Look(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.node = n
}

// needsEmpty skips a test in which an empty datadir is created, or could be, if that is not possible.
func (h *host) needsEmpty() {
	h.t.Helper()
	if err := h.node.Replaceable(h.t.Context()); err != nil {
		h.t.Skip(err)
	}
}

func (h *host) step(o Options) (changed bool, msg string, err error) {
	h.t.Helper()
	h.see()
	if o.Job == "" {
		o.Job = "J"
	}
	o.StopTimeout, o.StartTimeout, o.CheckTimeout = 20, 20, 1
	return h.take(o)
}

// book returns the note on disk.
func (h *host) book() *restore.Book {
	h.t.Helper()
	b, err := restore.ReadBook(h.home)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *host) data() string {
	content, err := os.ReadFile(filepath.Join(h.node.Datadir, "ibdata1"))
	if err != nil {
		return "nothing"
	}
	return string(content)
}

// ready sets up the result of the step staged, without the set that it needs.
func (h *host) ready() {
	h.t.Helper()
	h.noted(begin("J", func(b *restore.Book) {
		b.Datadir, b.Target, b.Set, b.Prepared = h.node.Datadir, true, "/s/solo/S", true
		b.UUID, b.Seqno = "0bf81e81-e6a9-11f1-aab7-6f76032d5070", 4
	}))
	at := h.node.Datadir + ".ready-J"
	h.fill(at)
	units.Put(h.t, filepath.Join(at, "ibdata1"), "restored", 0o600)
}

// Each step is taken; a second call finds it taken, and so does a call after one that was interrupted before its last
// note.
func TestTheTargetGoesThroughItsStepsOnce(t *testing.T) {
	h := newHost(t)
	h.needsEmpty()
	h.ready()
	for _, s := range []struct {
		state string
		says  string
		calls string
		data  string
	}{
		{"fenced", "clients are kept from port 3306 of controller-0", "", "before"},
		{"stopped", "stopped the resource galera-master on all controllers", "--parameter-value Stopped", "before"},
		{"replaced", "is now that of the set", "", "restored"},
		{"started", "the resource galera-master serves again on 3 controllers", "--delete-parameter target-role",
			"restored"},
		{"opened", "clients may come in again", "", "restored"},
		{"finished", "", "", "restored"},
	} {
		o := Options{State: s.state, Target: true, KeepClientsOut: "nft", Set: option.Set{Set: "/s/solo/S"}}
		changed, got, err := h.step(o)
		if err != nil || !changed || !strings.Contains(got, s.says) || h.data() != s.data {
			t.Fatalf("%s: %v %q %v, the datadir has %s", s.state, changed, got, err, h.data())
		}
		if calls := h.Calls(); !strings.Contains(calls, s.calls) || (calls == "") != (s.calls == "") {
			t.Errorf("%s: %q", s.state, calls)
		}
		changed, got, err = h.step(o)
		if err != nil || changed || got != "" || h.Calls() != "" || h.data() != s.data {
			t.Errorf("%s again: %v %q %v", s.state, changed, got, err)
		}
	}
	if b := h.book(); b.Ended != restore.Restored || b.Fence != nil || len(b.Aside) != 1 {
		t.Errorf("%+v", b)
	}
	if h.States() != "Promoted Promoted Promoted" || h.Has("role") != "" {
		t.Error(h.States())
	}
}

// A step that comes too early, or for another restore, changes nothing.
func TestStepsInTheWrongOrderAreRefused(t *testing.T) {
	ready := func(h *host) { h.ready() }
	for name, c := range map[string]struct {
		arrange func(*host)
		o       Options
		want    string
	}{
		"replaced before it was made ready": {
			func(h *host) {
				h.noted(begin("J", func(b *restore.Book) { b.Datadir, b.Target = h.node.Datadir, true }))
			}, Options{State: "replaced"}, "the set has to be made ready first",
		},
		"started by one that has not stopped it": {ready, Options{State: "started"},
			"start it on the controller that did"},
		"a rollback is under way": {
			func(h *host) { h.ready(); h.noted(func(b *restore.Book) error { return b.RollBack() }) },
			Options{State: "replaced"}, "is being rolled back on this host: end the rollback first",
		},
		"of another restore": {
			func(h *host) {
				h.ready()
				h.noted(func(b *restore.Book) error {
					b.Fence = &restore.Fence{Program: "nft", Port: "3306"}
					return b.At("u", 1)
				})
			}, Options{State: "replaced", Job: "K"}, "the restore J of /s/solo/S, begun ",
		},
		"another restore begins": {
			func(h *host) {
				h.ready()
				h.noted(func(b *restore.Book) error {
					b.Fence = &restore.Fence{Program: "nft", Port: "3306"}
					return b.At("u", 1)
				})
			}, Options{State: "fenced", Job: "K", KeepClientsOut: "nft"},
			"has not ended on this host: continue it with the same set",
		},
		"a rejoin is under way": {
			func(h *host) {
				h.noted(begin("K", func(b *restore.Book) { b.Rejoin, b.Banned = true, true }))
			}, Options{State: "stopped"}, "the rejoin of this controller has not ended",
		},
		"nothing is known": {func(*host) {}, Options{State: "finished", RemoveOld: true},
			"knows nothing of the restore"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			c.arrange(&h)
			before := written(t, h.book())
			c.o.Target = true
			changed, got, err := h.step(c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) || changed {
				t.Errorf("%v %q %v", changed, got, err)
			}
			if h.Calls() != "" || h.data() != "before" || h.Has("rules") != "" || written(t, h.book()) != before {
				t.Error("something was changed")
			}
		})
	}
}

func written(t *testing.T, b *restore.Book) string {
	t.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Obstacles to the end of a restore are found before the first client waits, and are not checked again after that.
func TestClientsAreKeptOutOnlyWhenTheRestCanGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		arrange func(*host)
		want    string
	}{
		"a controller is gone": {
			func(h *host) { h.Put("offline.controller-2", "") }, "not in the cluster now: controller-2",
		},
		"no quorum":    {func(h *host) { h.Put("noquorum", "") }, "the cluster has no quorum"},
		"it is banned": {func(h *host) { h.Put("ban.controller-0", "") }, "keeps galera-master off it"},
		"a backup runs": {
			func(h *host) { h.Put("config", strings.Replace(pacemakertest.Lock, "1795377600.5", "4000000000", 1)) },
			"a backup runs on controller-1",
		},
		"the datadir is a link": {
			func(h *host) {
				real := h.node.Datadir + ".real"
				if os.Rename(h.node.Datadir, real) != nil || os.Symlink(real, h.node.Datadir) != nil {
					h.t.Fatal("no link")
				}
			}, "is not a folder",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.needsEmpty()
			h.ready()
			c.arrange(&h)
			o := Options{State: "fenced", KeepClientsOut: "nft"}
			if changed, _, err := h.step(o); err == nil || !strings.Contains(err.Error(), c.want) || changed ||
				h.Has("rules") != "" {
				t.Errorf("%v %v", changed, err)
			}
			if h.book().UnderWay() {
				t.Error("something is noted as changed")
			}
			h.noted(func(b *restore.Book) error {
				b.Fence = &restore.Fence{Program: "nft", Port: "3306"}
				return b.At("u", 1)
			})
			if changed, _, err := h.step(o); err != nil || changed ||
				!strings.Contains(h.Has("rules"), "dport 3306 reject") {
				t.Errorf("one that was begun: %v %v", changed, err)
			}
		})
	}
}

// A rollback stays possible where the restore cannot proceed.
func TestARollbackDoesNotAskWhetherARestoreCouldGoOn(t *testing.T) {
	h := newHost(t)
	h.ready()
	h.noted(func(b *restore.Book) error { return b.RollBack() })
	h.Put("noquorum", "")
	if changed, _, err := h.step(Options{State: "fenced", KeepClientsOut: "nft"}); err != nil || !changed {
		t.Errorf("%v %v", changed, err)
	}
}

// A restored database that was started may have clients' writes: resuming does not stop it; rolling back does.
func TestALiveDatabaseIsStoppedOnlyToGoBack(t *testing.T) {
	for _, back := range []bool{false, true} {
		h := newHost(t)
		h.ready()
		h.noted(func(b *restore.Book) error {
			b.Started, b.RollingBack = "10:05", back
			return b.At("u", 1)
		})
		changed, _, err := h.step(Options{State: "stopped"})
		if err != nil || changed != back || (h.Calls() != "") != back {
			t.Errorf("going back %v: %v %v %s", back, changed, err, h.States())
		}
	}
}

// Clients are admitted if both the note and the firewall say so: one alone means an interrupted step.
func TestAnOpeningThatWasCutOffIsDoneAgain(t *testing.T) {
	for _, c := range []struct {
		name          string
		fence, opened bool
		changed       bool
		ended         string
	}{
		{"kept out", true, false, true, ""}, {"let in", false, true, false, ""},
		{"both are noted", true, true, true, ""},
		{"never kept out", false, false, false, ""}, {"kept out beyond the end", true, false, true, restore.Restored},
	} {
		h := newHost(t)
		h.ready()
		h.noted(func(b *restore.Book) error {
			if b.Opened, b.Ended = c.opened, c.ended; c.fence {
				b.Fence = &restore.Fence{Program: "nft", Port: "3306"}
			}
			return b.At("u", 1)
		})
		changed, _, err := h.step(Options{State: "opened"})
		if err != nil || changed != c.changed || strings.Contains(h.Has("rules"), "delete table") != c.fence {
			t.Errorf("%s: %v %v", c.name, changed, err)
		}
		if b := h.book(); !b.Opened || b.Fence != nil {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

// The last step removes staged data that was never used; the old datadirs of a rollback stay, whatever is requested of
// a restore.
func TestTheEndCleansUpAndKeepsTheWayBack(t *testing.T) {
	for _, back := range []bool{false, true} {
		h := newHost(t)
		h.ready()
		aside := h.node.Datadir + ".aside-J"
		h.fill(aside)
		h.fill(h.node.Scratch())
		h.noted(func(b *restore.Book) error { b.Aside, b.RollingBack = []string{aside}, back; return b.At("u", 1) })
		changed, got, err := h.step(Options{State: "finished", RemoveOld: true})
		if err != nil || !changed || strings.Contains(got, "removed "+aside) == back || units.Gone(t, aside) == back {
			t.Errorf("going back %v: %v %q %v", back, changed, got, err)
		}
		for _, left := range []string{h.node.Datadir + ".ready-J", h.node.Scratch()} {
			if !units.Gone(t, left) {
				t.Errorf("going back %v: %s is left", back, left)
			}
		}
		want := map[bool]string{true: restore.RolledBack, false: restore.Restored}[back]
		if b := h.book(); b.Ended != want || b.Open() {
			t.Errorf("%+v", b)
		}
		if changed, _, err := h.step(Options{State: "finished", RemoveOld: true}); err != nil || changed {
			t.Errorf("again: %v %v", changed, err)
		}
	}
}

// A rejoining that a restore took over left a ban, which would keep this controller from starting again.
func TestTheBanOfARejoiningEndsOnTheWay(t *testing.T) {
	for _, state := range []string{"replaced", "rolled_back", "finished"} {
		h := newHost(t)
		h.Put("ban.controller-0", "")
		h.noted(begin("K", func(b *restore.Book) { b.Rejoin, b.Banned = true, true }))
		h.ready()
		if _, _, err := h.step(Options{State: state, Target: true}); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		if calls := h.Calls(); calls != "--clear --resource galera-master --node controller-0" {
			t.Errorf("%s: %q", state, calls)
		}
	}
}

func TestAClusterWithoutAVirtualIPIsNotAskedThroughOne(t *testing.T) {
	h := newHost(t)
	h.ready()
	changed, got, err := h.step(Options{State: "reached"})
	if err != nil || changed || got != "the cluster has no virtual IP, so nothing was checked through one" {
		t.Errorf("%v %q %v", changed, got, err)
	}
}

// In check mode the module only reads.
func TestCheckModeTakesNoStep(t *testing.T) {
	h := newHost(t)
	for _, s := range steps {
		answer, err := Options{State: s.Name, Job: "J"}.Run(t.Context(), jobs.Caller{CheckMode: true})
		if err != nil || !answer.Changed || !strings.HasPrefix(answer.Msg, "check mode: nothing was done") {
			t.Errorf("%s: %+v %v", s.Name, answer, err)
		}
	}
	if h.Calls() != "" || h.data() != "before" || h.States() != "Promoted Promoted Promoted" {
		t.Error("something was done")
	}
	if _, err := (Options{State: "nothing"}).Run(t.Context(), jobs.Caller{}); err == nil {
		t.Error("a state that nobody knows")
	}
}

// A plan has all problems of a controller at once, none of them as an error, so that the operator sees all of them.
func TestALookReportsEveryProblem(t *testing.T) {
	destination, path := sets.Small(t)
	h := newHost(t)
	h.Put("noquorum", "")
	h.Put("ban.controller-0", "")
	h.Put("config", strings.Replace(pacemakertest.Lock, "1795377600.5", "4000000000", 1))
	h.Put("my.cnf", "[mysqld]\nwsrep_cluster_name=another")
	h.see()
	h.node.Online = []string{"controller-0", "controller-1"}
	o := Options{State: "planned", Memory: 512, Set: option.Set{Destination: destination, Set: "newest"}}
	answer, err := o.planned(t.Context(), h.node)
	if err != nil || answer.Changed {
		t.Fatalf("%+v %v", answer, err)
	}
	v := answer.Values.(Values)
	all := strings.Join(v.Problems, "\n")
	for _, want := range []string{
		"not in the cluster now: controller-2", "the cluster has no quorum", "keeps galera-master off it",
		"a backup runs on controller-1", path + `: it belongs to the cluster "solo", and this is "another"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among %s", want, all)
		}
	}
	if v.Set == nil || v.Set.Path != path || v.NewJob == "" || jobs.CheckID(v.NewJob) != nil || !v.HasOld ||
		v.UnderWay {
		t.Errorf("%+v", v)
	}
	o.Set = option.Set{}
	if answer, err = o.planned(t.Context(), h.node); err != nil || answer.Msg != "this host does not see the set" ||
		answer.Values.(Values).Set != nil {
		t.Errorf("%+v %v", answer, err)
	}
}
