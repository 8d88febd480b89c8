// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
)

// locks lets another backup hold the cluster's lock.
func (w *world) locks() {
	w.managers(func(p *pacemaker.Facts) {
		p.Locks = []cib.Lock{{Cluster: testUUID, Job: "a", Holder: "controller-1", Since: testNow - 10,
			Expires: testNow + 600}}
	})
}

func (w *world) donates(i int) { w.hosts[i].Galera.Wsrep.State = galera.StateDonorDesync }

func TestWhenWaitingMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world, *Options)
		want   bool
	}{
		"somebody is chosen":                {func(*world, *Options) {}, false},
		"another backup runs":               {func(w *world, _ *Options) { w.locks() }, true},
		"both standbys are donors":          {func(w *world, _ *Options) { w.donates(1); w.donates(2) }, true},
		"one is a donor, the other stopped": {func(w *world, _ *Options) { w.donates(1); w.stop(2) }, true},
		"both are stopped":                  {func(w *world, _ *Options) { w.stop(1); w.stop(2) }, false},
		"both are in standby and locked": {func(w *world, _ *Options) {
			w.locks()
			for i := range 3 {
				w.stop(i)
			}
		}, false},
		"a lock, and both are excluded": {func(w *world, o *Options) {
			w.locks()
			o.Exclude = []string{"controller-1", "controller-2"}
		}, false},
		"HAProxy has just started": {func(w *world, _ *Options) { w.hosts[1].HAProxy.Uptime = 2 }, true},
		"HAProxy does not answer":  {func(w *world, _ *Options) { w.stopProxy(1) }, false},
		"a host is away":           {func(w *world, _ *Options) { w.hosts[2].Unreachable = true }, false},
		"a host is away, and there is a lock": {func(w *world, _ *Options) {
			w.locks()
			w.hosts[2].Unreachable = true
		}, false},
		"all facts are old":                      {func(_ *world, o *Options) { o.Now += 500 }, true},
		"one has old facts, since it lost power": {func(w *world, _ *Options) { old(w) }, false},
		"a lock that only one reports": {func(w *world, _ *Options) {
			w.locks()
			w.hosts[1].Pacemaker.Locks = nil
		}, false},
		"clients of both standbys, past HAProxy": {func(w *world, _ *Options) {
			for _, i := range []int{1, 2} {
				w.hosts[i].Galera.Sessions = []galera.Session{{User: "u", Source: "10.99.0.9", Count: 1}}
			}
		}, true},
	} {
		w, o := healthy(3), options()
		c.change(w, &o)
		d, err := Decide(w.hosts, o)
		if err != nil || len(d.Clusters) != 1 || d.Clusters[0].WorthWaiting != c.want {
			t.Errorf("%s: %v, not %t\n%s", name, err, c.want, d.Text)
		}
	}
}

// The one that serves, and would serve the next client, is not waited for. A reason says whether it passes.
func TestWhichReasonsPass(t *testing.T) {
	w, o := healthy(3), options()
	w.locks()
	w.donates(2)
	d, err := Decide(w.hosts, o)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, k := range d.Clusters[0].Controllers {
		for _, r := range k.Reasons {
			got[k.Name+" "+string(r.Code)] = r.Passes
		}
	}
	want := map[string]bool{"controller-0 active": false, "controller-0 locked": true, "controller-1 locked": true,
		"controller-2 donor": true, "controller-2 locked": true}
	for reason, passes := range want {
		if is, there := got[reason]; !there || is != passes {
			t.Errorf("%s: %t (%t)\n%s", reason, is, there, d.Text)
		}
	}
	if c := d.Clusters[0]; c.Controllers[0].Activity != decision.Active || !c.WorthWaiting {
		t.Errorf("%+v", c)
	}
}

// Another standby that is rejected only for what passes may soon be the spare that is missing.
func TestTheLastStandbyWaitsForTheOther(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		want   bool
	}{
		"a donor":          {func(w *world) { w.donates(2) }, true},
		"stopped":          {func(w *world) { w.stop(2) }, false},
		"a donor, no room": {func(w *world) { w.donates(2); w.hosts[2].Galera.Storage.DatadirFree = 5 }, true},
	} {
		w, o := healthy(3), options()
		c.change(w)
		// The donor is excluded: only the other one may be chosen, when the donor is a spare again.
		o.Exclude, o.Limits["min_spares"] = []string{"controller-2"}, 2
		d, err := Decide(w.hosts, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.Clusters[0].WorthWaiting != c.want {
			t.Errorf("%s: not %t\n%s", name, c.want, d.Text)
		}
	}
}

// A reason that lasts does not hide behind one that passes: too few can serve even when the other reasons are gone.
func TestWaitingForSparesThatCannotBe(t *testing.T) {
	prefer := func(o *Options) { o.Policy = decision.PreferIdle }
	for name, c := range map[string]struct {
		change func(*world, *Options)
		spares float64
		want   bool
	}{
		"three spares beside the active one": {func(w *world, _ *Options) { w.donates(2) }, 3, false},
		"two of them":                        {func(w *world, _ *Options) { w.donates(2) }, 2, true},
		"the active one is no spare later": {func(w *world, o *Options) {
			prefer(o)
			w.stop(2)
			w.donates(0)
		}, 2, false},
		"nine spares, and a lock":               {func(w *world, _ *Options) { w.locks() }, 9, false},
		"two spares, and a lock":                {func(w *world, _ *Options) { w.locks() }, 2, true},
		"two spares, one stopped, and a lock":   {func(w *world, _ *Options) { w.locks(); w.stop(2) }, 2, false},
		"one spare, one stopped, and a lock":    {func(w *world, _ *Options) { w.locks(); w.stop(2) }, 1, true},
		"one spare, one stopped, one a donor":   {func(w *world, _ *Options) { w.donates(1); w.stop(2) }, 1, true},
		"no spare, only the active, and a lock": {onlyTheActive, 0, true},
		"one spare, only the active, a lock":    {onlyTheActive, 1, false},
	} {
		w, o := healthy(3), options()
		c.change(w, &o)
		o.Limits["min_spares"] = c.spares
		d, err := Decide(w.hosts, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.Clusters[0].Chosen != "" || d.Clusters[0].WorthWaiting != c.want {
			t.Errorf("%s: not %t\n%s", name, c.want, d.Text)
		}
		few := strings.Contains(d.Text, "last_standby: healthy standbys: ")
		if !c.want && !few {
			t.Errorf("%s: it does not say that too few can serve\n%s", name, d.Text)
		}
	}
}

// onlyTheActive leaves one controller, which may be backed up, and a lock.
func onlyTheActive(w *world, o *Options) {
	o.Policy = decision.PreferIdle
	w.locks()
	w.stop(1)
	w.stop(2)
}
