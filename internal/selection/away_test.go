// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/topology"
)

// powerOff leaves a controller without power: Ansible cannot reach the host, and the others have noticed.
func (w *world) powerOff(i int) {
	w.stop(i)
	w.node(i, func(n *crmmon.Node) { n.Online = false })
	w.hosts[i] = topology.Host{Name: w.hosts[i].Name, Unreachable: true}
}

// A host without power does not keep the others from being backed up; one that merely does not answer does.
func TestAHostThatIsAwayIsDoneWithout(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		chosen string
	}{
		"switched off":                  {func(*world) {}, "controller-1"},
		"only no answer":                {func(w *world) { w.node(2, func(n *crmmon.Node) { n.Online = true }) }, ""},
		"to be fenced":                  {func(w *world) { w.node(2, func(n *crmmon.Node) { n.Unclean = true }) }, ""},
		"joining":                       {func(w *world) { w.node(2, func(n *crmmon.Node) { n.Pending = true }) }, ""},
		"a member of Galera":            {func(w *world) { w.hosts[0].Galera.Wsrep.ClusterSize = 3 }, ""},
		"no quorum here":                {func(w *world) { w.hosts[0].Pacemaker.Quorum = false }, ""},
		"another's Pacemaker is silent": {func(w *world) { w.hosts[1].Pacemaker.Connected = false }, ""},
		"old facts":                     {func(w *world) { *w = *healthy(3); old(w) }, ""},
		"a second one that does not answer": {func(w *world) {
			w.hosts[1] = topology.Host{Name: "controller-1", Unreachable: true}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := healthy(3)
			w.powerOff(2)
			c.change(w)
			d := decide(t, w.hosts, options())
			if d.Chosen != c.chosen {
				t.Fatalf("%q was chosen\n%s", d.Chosen, d.Text)
			}
			warned := strings.Contains(strings.Join(d.Warnings, "\n"),
				"controller-2 is unreachable or gave no facts, and is away")
			if warned != (c.chosen != "") {
				t.Errorf("warned: %t, %q", warned, d.Warnings)
			}
			if k := d.of("controller-1"); c.chosen != "" && !k.Stays {
				t.Errorf("it is the only spare\n%s", d.Text)
			}
		})
	}
}

func old(w *world) {
	w.node(2, func(n *crmmon.Node) { n.Online = false })
	for k := range w.hosts {
		w.hosts[k].Galera.Wsrep.ClusterSize = 2
	}
	w.hosts[2].Galera.GatheredAt -= 500
}

// Until Pacemaker has moved the VIP of a host without power, nobody knows where the next client goes.
func TestTheVIPOfAHostThatIsAway(t *testing.T) {
	for _, policy := range []decision.Policy{decision.RequireIdle, decision.PreferIdle, decision.AllowActive} {
		for least := range 2 {
			w, o := healthy(3), options()
			*w.line(2, 0) = *w.line(1, 0)
			w.powerOff(1)
			o.Policy, o.Limits[condition.MinSpares.Name] = policy, float64(least)
			d := decide(t, w.hosts, o)
			got := d.of("controller-2").Reasons
			if d.Chosen != "" || !d.Clusters[0].WorthWaiting || len(got) == 0 ||
				got[0].Code != condition.ClientsUnknown ||
				!got[0].Passes ||
				got[0].Message != "Pacemaker still has the VIP on controller-1, which is away" {
				t.Errorf("%s, min_spares %d: %q was chosen, waits: %t, %v\n%s", policy, least, d.Chosen,
					d.Clusters[0].WorthWaiting, got, d.Text)
			}
			w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Node = "controller-2" })
			w.hosts[2].HAProxy.Host.Addresses = append(slices.Clone(w.hosts[2].HAProxy.Host.Addresses), testVIP)
			d = decide(t, w.hosts, o)
			if d.Chosen == "" || o.Policy != decision.AllowActive && d.Chosen != "controller-2" {
				t.Errorf("%s, min_spares %d, after the move: %q was chosen\n%s", policy, least, d.Chosen, d.Text)
			}
		}
	}
}

// Nobody has the VIP for a moment while Pacemaker moves it.
func TestAVIPThatMovesIsWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*crmmon.Resource)
		off    bool
		waits  bool
	}{
		"its host has no power": {func(*crmmon.Resource) {}, true, true},
		"it starts":             {func(r *crmmon.Resource) { r.Pending = "Starting" }, false, true},
		"it is stopped":         {func(r *crmmon.Resource) { r.Target = crmmon.RoleStopped }, true, false},
		"it is not managed":     {func(r *crmmon.Resource) { r.Managed = false }, true, false},
		"nothing happens":       {func(*crmmon.Resource) {}, false, false},
	} {
		w := healthy(3)
		id := w.hosts[0].Pacemaker.VIPs[0].Resource
		w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Node = "" })
		for i := range w.hosts {
			for _, h := range w.heads(i) {
				h.Host.Addresses = slices.DeleteFunc(slices.Clone(h.Host.Addresses),
					func(a string) bool { return a == testVIP })
			}
			for k, r := range w.hosts[i].Pacemaker.Resources {
				if r.ID == id {
					r.Node, r.Active, r.Role = "", false, crmmon.RoleStopped
					c.change(&r)
					w.hosts[i].Pacemaker.Resources[k] = r
				}
			}
		}
		if c.off {
			w.powerOff(1)
		}
		if d := decide(t, w.hosts, options()); d.Chosen != "" || d.Clusters[0].WorthWaiting != c.waits {
			t.Errorf("%s: %q was chosen, waits: %t\n%s", name, d.Chosen, d.Clusters[0].WorthWaiting, d.Text)
		}
	}
}
