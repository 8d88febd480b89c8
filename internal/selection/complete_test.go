// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

// Members are identified by name or address, each once, and an arbitrator (garbd) is not a database.
func TestMembersAreCountedOnce(t *testing.T) {
	const three = "10.99.0.11,10.99.0.12,10.99.0.13"
	for name, c := range map[string]struct {
		address           string
		size, arbitrators int
		resource          []string
		refused           string // a part of why; empty when somebody is chosen
	}{
		"an arbitrator":                 {"gcomm://" + three, 4, 1, nil, ""},
		"an arbitrator with an address": {"gcomm://" + three + ",10.99.0.20", 4, 1, nil, ""},
		"an arbitrator in the resource's list": {"gcomm://" + three, 4, 1, strings.Split(three+",10.99.0.20", ","),
			""},
		"two arbitrators": {"gcomm://" + three, 5, 2, nil, ""},
		"names and addresses": {"gcomm://" + three + ",controller-0,controller-1,controller-2", 3, 0,
			nil, ""},
		"the same address with and without port": {"gcomm://" + three +
			",10.99.0.11:4567,CONTROLLER-0.internalapi.localdomain", 3, 0, nil, ""},
		"one member only": {"gcomm://10.99.0.12", 3, 0, nil, ""},
		"a fourth database": {"gcomm://" + three, 4, 0, nil,
			"wsrep_cluster_size is 4 members, the hosts have 3 databases"},
		"a fourth database beside an arbitrator": {"gcomm://" + three, 5, 1, nil,
			"wsrep_cluster_size is 4 members, the hosts have 3 databases, without 1 arbitrator (garbd)"},
		"a fourth address": {"gcomm://" + three + ",10.99.0.20,10.99.0.20:4567", 3, 0, nil,
			"wsrep_cluster_address lists 4 members, the hosts have 3 databases: 10.99.0.20 is another host, an" +
				" arbitrator (garbd) " +
				"that is not connected, or left over"},
		"a fourth in the resource's list": {"gcomm://" + three, 3, 0, strings.Split(three+",10.99.0.20", ","),
			"the galera resource lists 4 members"},
	} {
		t.Run(name, func(t *testing.T) {
			w := healthy(3)
			for i := range w.hosts {
				s := &w.hosts[i].Galera.Wsrep
				s.ClusterAddress, s.ClusterSize, s.Arbitrators = c.address, c.size, c.arbitrators
			}
			if c.resource != nil {
				w.managers(func(p *pacemaker.Facts) {
					p.Galera.ClusterAddress, p.Galera.Nodes = c.resource,
						c.resource
				})
			}
			d := decide(t, w.hosts, options())
			k := d.of("controller-2")
			switch {
			case c.refused == "" && d.Chosen != "controller-2":
				t.Errorf("nobody chosen\n%s", d.Text)
			case c.refused != "" && (!slices.Equal(k.codes(), []condition.Code{condition.ClusterIncomplete}) ||
				!strings.Contains(k.Reasons[0].Message, c.refused)):
				t.Errorf("%v, want %q", k.Reasons, c.refused)
			}
		})
	}
}

// A server that is not in the Primary component does not know its size.
func TestAnArbitratorOfAnotherPartDoesNotCount(t *testing.T) {
	w := healthy(3)
	g := &w.hosts[2].Galera.Wsrep
	g.ClusterStatus, g.ClusterSize, g.Arbitrators = galera.ClusterNonPrimary, 9, 0
	if k := decide(t, w.hosts, options()).of("controller-1"); slices.Contains(k.codes(), condition.ClusterIncomplete) {
		t.Errorf("%v", k.Reasons)
	}
}
