// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// directly connects a client to a controller, past HAProxy, as a session that its former VIP holder keeps.
func (w *world) directly(i int) {
	w.hosts[i].Galera.Sessions = []galera.Session{{User: "nova", Source: "10.99.0.200", Count: 1}}
}

func spares(n float64, policy decision.Policy) func(*Options) {
	return func(o *Options) { o.Limits["min_spares"], o.Policy = n, policy }
}

// A controller that is backed up is a spare as long as it stays in service.
func TestTheControllerUnderBackupCountsAsASpare(t *testing.T) {
	usual := spares(1, decision.RequireIdle)
	for name, c := range map[string]struct {
		change func(*world)
		o      func(*Options)
		chosen string
		others []string
		stays  bool
		says   string
	}{
		"three sound": {func(*world) {}, usual, "controller-2", []string{"controller-1"}, false,
			"controller-2 was chosen of 2 eligible"},
		"three sound, two spares": {func(*world) {}, spares(2, decision.RequireIdle), "controller-2",
			[]string{"controller-1"}, true,
			"It is needed as a spare besides controller-1 and stays one: no desync, the backup gives way at once."},
		"two sound": {func(w *world) { w.stop(1) }, usual, "controller-2", nil, true,
			"controller-2 was chosen; it is the only spare and stays one: no desync, the backup gives way at once."},
		"two sound, two spares": {func(w *world) { w.stop(1) }, spares(2, decision.RequireIdle), "", nil, false,
			"Nobody was chosen (controller-0: active; controller-1: not_running; controller-2: last_standby)."},
		"two sound, no spare": {func(w *world) { w.stop(1) }, spares(0, decision.RequireIdle), "controller-2", nil,
			false, "controller-2 was chosen: the only one eligible."},
		"the other one's disk is full": {func(w *world) { w.hosts[1].Galera.Storage.DatadirFree = 1 }, usual,
			"controller-2", []string{"controller-1"}, false, "controller-2 was chosen: the only one eligible."},
		"two active": {func(w *world) { w.directly(2) }, usual, "controller-1", nil, true,
			"controller-1 was chosen; it is the only spare and stays one"},
		"two sound, and clients may come": {func(w *world) { w.stop(1) }, spares(1, decision.AllowActive),
			"controller-2", nil, true, "It is the only spare and stays one: no desync."},
		"two active, two spares": {func(w *world) { w.directly(2) }, spares(2, decision.RequireIdle), "", nil, false,
			"Nobody was chosen"},
		"two members": {func(w *world) { *w = *healthy(2) }, usual, "controller-1", nil, true,
			"controller-1 was chosen; it is the only spare and stays one"},
		"an active one counts only on others": {func(w *world) { w.stop(1); w.hosts[2].Galera.Storage.DatadirFree = 1 },
			spares(1, decision.AllowActive), "controller-0", []string{"controller-2"}, false,
			"controller-0 was chosen: the only one eligible."},
		"one left": {func(w *world) { w.stop(1); w.stop(2) }, usual, "", nil, false,
			"With policy allow_active and min_spares 0, controller-0 would be backed up while it serves: nothing can" +
				" take over its clients"},
		"one left, to prefer idle ones": {func(w *world) { w.stop(1); w.stop(2) }, spares(1, decision.PreferIdle), "",
			nil, false, "With policy allow_active and min_spares 0, controller-0 would be backed up"},
		"one left, as an operator decides": {func(w *world) { w.stop(1); w.stop(2) }, spares(0, decision.AllowActive),
			"controller-0", nil, false, "controller-0 was chosen: the only one eligible."},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			c.change(w)
			c.o(&o)
			d := decide(t, w.hosts, o)
			if d.Chosen != c.chosen || !strings.Contains(d.Message, c.says) {
				t.Fatalf("%q: %s\n%s", d.Chosen, d.Message, d.Text)
			}
			if k := d.of(c.chosen); c.chosen != "" && (k.Stays != c.stays || !slices.Equal(k.Spares, c.others)) {
				t.Errorf("stays: %t, spares %q\n%s", k.Stays, k.Spares, d.Text)
			}
			if c.stays != strings.Contains(d.Message, "no desync") {
				t.Errorf("stays: %t, and it says %s", c.stays, d.Message)
			}
		})
	}
}

// The sentence about the last resort is a promise: it is only said if an operator who follows it gets a backup.
func TestTheLastResortIsOnlyNamedIfItWorks(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a standby could": func(w *world) { w.stop(1); w.down(2); w.hosts[2].Galera.Storage.DatadirFree = 1 },
		"the active one is unknown": func(w *world) {
			w.stop(1)
			w.stop(2)
			w.hosts[0].Galera.Sample = galera.Sample{}
		},
		"the active one is desynced": func(w *world) {
			w.stop(1)
			w.stop(2)
			w.hosts[0].Galera.Wsrep.Desync = true
		},
	} {
		w := healthy(3)
		change(w)
		d := decide(t, w.hosts, options())
		named := strings.Contains(d.Message, "allow_active")
		o := options()
		o.Policy, o.Limits[condition.MinSpares.Name] = decision.AllowActive, 0
		if works := decide(t, w.hosts, o).Chosen == "controller-0"; d.Chosen != "" || named && !works {
			t.Errorf("%s: works: %t, says %s", name, works, d.Message)
		}
	}
}

// Where another server runs in the Primary component, or waiting may help, nothing recommends the one that serves.
func TestTheLastResortIsForTheOnlyOneLeft(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		names  bool
	}{
		"both are stopped":           {func(*world) {}, true},
		"one has no power":           {func(w *world) { *w = *healthy(3); w.stop(1); w.powerOff(2) }, true},
		"one is not in the Primary":  {func(w *world) { w.oneStopped(); w.apartFromPrimary(2) }, true},
		"one is a donor":             {func(w *world) { w.oneStopped(); w.donates(2) }, false},
		"a lock":                     {func(w *world) { w.locks() }, false},
		"a lock, and one is healthy": {func(w *world) { w.oneStopped(); w.locks() }, false},
		"one is in maintenance": {func(w *world) {
			w.oneStopped()
			w.node(2, func(n *crmmon.Node) { n.Maintenance = true })
		}, false},
		"one's clients are not known": {func(w *world) {
			w.oneStopped()
			w.hosts[2].Galera.Sample = galera.Sample{}
		}, false},
		"one's server was not read": {func(w *world) {
			w.oneStopped()
			g := w.hosts[2].Galera
			*g = galera.Facts{Header: g.Header}
			g.Add("sql", "", errDenied, "")
		}, false},
	} {
		w := healthy(3)
		w.stop(1)
		w.stop(2)
		c.change(w)
		d := decide(t, w.hosts, options())
		if strings.Contains(d.Message, "allow_active") != c.names || d.Chosen != "" {
			t.Errorf("%s: %q, %s\n%s", name, d.Chosen, d.Message, d.Text)
		}
	}
}

// oneStopped is a cluster of which only one standby is stopped.
func (w *world) oneStopped() { *w = *healthy(3); w.stop(1) }

func (w *world) apartFromPrimary(i int) {
	g := w.hosts[i].Galera
	g.Wsrep.ClusterStatus, g.Wsrep.State, g.Wsrep.Ready = galera.ClusterNonPrimary, galera.StateInitialized, false
	w.down(i)
}
