// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// serving is the usual outcome: one serves, and no other controller has a reason.
func serving(who string) map[string][]condition.Code {
	return map[string][]condition.Code{who: {condition.Serves}}
}

// nobodyKnows is the outcome if one HAProxy is unreliable: only the controller that serves is certain.
func nobodyKnows() wants {
	return wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}
}

var scenarios = []struct {
	name   string
	change func(w *world, o *Options)
	want   wants
}{
	{"clients on the first server", func(*world, *Options) {},
		wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"the sticky trap: the first server is up again and idle", func(w *world, _ *Options) { w.serve(2) },
		wants{"controller-0", []string{"controller-2"}, serving("controller-2")}},
	{"the VIP on the controller that serves", func(w *world, _ *Options) { w.serve(1) },
		wants{"controller-0", []string{"controller-1"}, serving("controller-1")}},
	{"the stick entry names the next server of a quiet cluster", func(w *world, _ *Options) {
		w.quiet()
		w.line(1, 0).LastSession = 5
		*w.table(1) = stats.Table{Readable: true, Entries: []stats.Entry{{Key: testVIP, Server: w.line(1, 2).Name}}}
	}, wants{"controller-0", []string{"controller-2"}, serving("controller-2")}},
	{"the last session names the next server of a quiet cluster", func(w *world, _ *Options) {
		w.quiet()
		w.line(1, 0).LastSession, w.line(1, 2).LastSession, w.table(1).Used = 5822, 1648, 1
	}, wants{"controller-0", []string{"controller-2"}, serving("controller-2")}},
	{"a server that is down is not the next one", func(w *world, _ *Options) {
		w.quiet()
		w.line(1, 0).LastSession, w.line(1, 1).LastSession = 10, 50
		w.down(0)
	}, wants{"controller-2", []string{"controller-1"}, map[string][]condition.Code{
		"controller-0": {condition.ServerDown}, "controller-1": {condition.Serves}}}},
	{"the order names the next server where there never was a client", func(w *world, _ *Options) { w.quiet() },
		wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"the order holds where nothing sticks, whoever was last", func(w *world, o *Options) {
		w.quiet()
		w.hosts[1].HAProxy.Database.Sticky, w.hosts[1].HAProxy.Proxies[0].Table = false, nil
		w.line(1, 2).LastSession = 3
		o.Limits["min_spares"] = 0
	}, wants{"controller-1", []string{"controller-0", "controller-2"},
		map[string][]condition.Code{"controller-0": {condition.Serves}, "controller-2": {condition.Serves}}}},
	{"the order holds when the stick entry's server is gone", func(w *world, _ *Options) {
		w.quiet()
		*w.table(1) = stats.Table{Readable: true, Entries: []stats.Entry{{Key: testVIP, Server: "controller-9"}}}
	}, wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"servers that are no backups are all next", func(w *world, o *Options) {
		w.quiet()
		o.Limits["min_spares"] = 0
		w.line(1, 0).Backup, w.line(1, 1).Backup = false, false
	}, wants{"controller-2", []string{"controller-0", "controller-1"},
		map[string][]condition.Code{"controller-0": {condition.Serves}, "controller-1": {condition.Serves}}}},
	{"a client connected directly to a standby", func(w *world, _ *Options) {
		w.hosts[2].Galera.Sessions = []galera.Session{{User: "admin", Source: "10.99.0.200", Count: 1}}
	}, wants{"controller-1", []string{"controller-0", "controller-2"},
		map[string][]condition.Code{"controller-0": {condition.Serves}, "controller-2": {condition.Serves}}}},
	{"a direct client does not hide where the VIP leads", func(w *world, o *Options) {
		w.quiet()
		o.Limits["min_spares"] = 0
		w.hosts[2].Galera.Sessions = []galera.Session{{User: "admin", Source: "10.99.0.200", Count: 1}}
	}, wants{"controller-1", []string{"controller-0", "controller-2"},
		map[string][]condition.Code{"controller-0": {condition.Serves}, "controller-2": {condition.Serves}}}},
	{"one standby stopped, and no spare is wanted", func(w *world, o *Options) {
		w.stop(1)
		o.Limits["min_spares"] = 0
	}, wants{"controller-2", []string{"controller-0"},
		map[string][]condition.Code{"controller-0": {condition.Serves}, "controller-1": {condition.NotRunning}}}},
	{"HAProxy stopped on a controller without the VIP", func(w *world, _ *Options) { w.stopProxy(2) },
		wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"HAProxy stopped where the VIP is", func(w *world, _ *Options) { w.stopProxy(1) },
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
			"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"the stats socket of another controller cannot be read", func(w *world, _ *Options) { w.muteProxy(2) },
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
			"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"HAProxy was just started where the VIP is", func(w *world, _ *Options) { w.hosts[1].HAProxy.Uptime = 2 },
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
			"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"HAProxy was just started elsewhere", func(w *world, _ *Options) { w.hosts[2].HAProxy.Uptime = 2 },
		wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"HAProxy runs several processes", func(w *world, _ *Options) { w.hosts[1].HAProxy.Processes = 4 },
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
			"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"HAProxy is stopping where the VIP is", func(w *world, _ *Options) {
		w.hosts[1].HAProxy.Add(haproxy.SourceProcesses, "", errDenied, "")
	}, nobodyKnows()},
	{"HAProxy is stopping elsewhere", func(w *world, _ *Options) {
		w.hosts[2].HAProxy.Add(haproxy.SourceProcesses, "", errDenied, "")
	}, nobodyKnows()},
	{"HAProxy elsewhere does not report its process", func(w *world, _ *Options) {
		w.hosts[2].HAProxy.Add(haproxy.SourceInfo, "", errDenied, "")
		w.hosts[2].HAProxy.Processes, w.hosts[2].HAProxy.Uptime = 0, 0
	}, nobodyKnows()},
	{"HAProxy was read once where the VIP is", func(w *world, _ *Options) { w.hosts[1].HAProxy.Window = 0 },
		nobodyKnows()},
	{"HAProxy was read once elsewhere", func(w *world, _ *Options) { w.hosts[2].HAProxy.Window = 0 }, nobodyKnows()},
	{"an active one that was read once, where active ones may be taken", func(w *world, o *Options) {
		o.Policy, o.Exclude = decision.AllowActive, []string{"controller-1", "controller-2"}
		w.hosts[0].Galera.Sample = galera.Sample{}
	}, wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.ClientsUnknown},
		"controller-1": {condition.Excluded}, "controller-2": {condition.Excluded}}}},
	{"nobody holds the VIP", func(w *world, _ *Options) {
		w.hosts[1].Galera.Host.Addresses = nil
		w.hosts[1].Pacemaker.Host.Addresses, w.hosts[1].HAProxy.Host.Addresses = nil, nil
		w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Node = "" })
	}, wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"two hosts hold the VIP", func(w *world, _ *Options) {
		w.hosts[2].Galera.Host.Addresses = append(w.hosts[2].Galera.Host.Addresses, testVIP)
	}, wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"a standby cut off by the network", func(w *world, _ *Options) {
		w.node(2, func(n *crmmon.Node) { n.Online = false })
		w.hosts[2].Pacemaker = manager(w.hosts[2].Pacemaker.Header, 2, 3, "controller-", testVIP)
		w.hosts[2].Pacemaker.Quorum = false
		g := w.hosts[2].Galera
		g.Wsrep.ClusterStatus, g.Wsrep.State, g.Wsrep.Ready = galera.ClusterNonPrimary, galera.StateInitialized, false
		g.Wsrep.ClusterSize, g.Wsrep.ClusterConfID = 1, -1
		w.down(2)
	}, wants{"controller-1", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-2": {condition.NodeOffline}}}},
	{"the controller that serves is out of reach", func(w *world,
		_ *Options) {
		w.hosts[0] = topology.Host{Name: "controller-0", Unreachable: true}
	},
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.ClusterIncomplete,
			condition.Serves}, "controller-1": {condition.ClusterIncomplete},
			"controller-2": {condition.ClusterIncomplete}}}},
	{"the controller with the VIP is out of reach", func(w *world,
		_ *Options) {
		w.hosts[1] = topology.Host{Name: "controller-1", Unreachable: true}
	},
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.ClusterIncomplete,
			condition.Serves}, "controller-1": {condition.ClusterIncomplete},
			"controller-2": {condition.ClusterIncomplete}}}},
	{"the controller that serves has no part in the play", func(w *world, _ *Options) { w.hosts = w.hosts[1:] },
		wants{"", []string{}, map[string][]condition.Code{"controller-1": {condition.ClusterIncomplete},
			"controller-2": {condition.ClusterIncomplete}}}},
	{"old facts of the controller that serves", func(w *world,
		_ *Options) {
		w.hosts[0].HAProxy.GatheredAt = testNow - 500
	},
		wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.StaleFacts},
			"controller-1": {condition.ClusterIncomplete}, "controller-2": {condition.ClusterIncomplete}}}},
	{"an active one when no idle one is eligible, if told so", func(w *world, o *Options) {
		o.Policy, o.Exclude = decision.PreferIdle, []string{"controller-1", "controller-2"}
	}, wants{"controller-0", []string{"controller-0"},
		map[string][]condition.Code{"controller-1": {condition.Excluded}, "controller-2": {condition.Excluded}}}},
	{"an idle one before the active one, if told so", func(w *world, o *Options) {
		o.Policy = decision.PreferIdle
		w.hosts[0].Galera.Sample.Questions = 0
	}, wants{"controller-2", []string{"controller-0"}, nil}},
	{"the active one among equals when that is allowed", func(w *world, o *Options) {
		o.Policy = decision.AllowActive
		w.managers(func(p *pacemaker.Facts) {
			p.Resources = append(p.Resources, crmmon.Resource{ID: "openstack-cinder-volume", Singleton: true,
				Active: true, Node: "controller-2"})
		})
	}, wants{"controller-0", []string{"controller-0"}, nil}},
	{"an active one of which HAProxy cannot tell whether it is up", func(w *world, o *Options) {
		o.Policy = decision.AllowActive
		w.stopProxy(1)
	}, wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.ClientsUnknown},
		"controller-1": {condition.ClientsUnknown}, "controller-2": {condition.ClientsUnknown}}}},
	{"names of the inventory are addresses (OSP 10)", func(w *world, _ *Options) {
		for i := range w.hosts {
			w.hosts[i].Name = fmt.Sprintf("192.0.2.%d", 10+i)
		}
	}, wants{"192.0.2.12", []string{"192.0.2.10"}, serving("192.0.2.10")}},
	{"names of the inventory and of the hosts are FQDNs", func(w *world, _ *Options) {
		for i := range w.hosts {
			name := fmt.Sprintf("Controller-%d.ctlplane.example.com", i)
			w.hosts[i].Name = name
			w.hosts[i].Galera.Host.Name, w.hosts[i].Pacemaker.Host.Name, w.hosts[i].HAProxy.Host.Name = name, name, name
			w.hosts[i].Galera.Server.Hostname = name
			w.hosts[i].Galera.Wsrep.NodeName = name
		}
	}, wants{"Controller-2.ctlplane.example.com", []string{"Controller-0.ctlplane.example.com"},
		serving("Controller-0.ctlplane.example.com")}},
	{"names of the inventory are swapped aliases", func(w *world,
		_ *Options) {
		w.hosts[0].Name, w.hosts[2].Name = w.hosts[2].Name, w.hosts[0].Name
	},
		wants{"controller-0", []string{"controller-2"}, serving("controller-2")}},
	{"servers of HAProxy are known by address alone", func(w *world, _ *Options) {
		for h := range w.hosts {
			for s := range w.hosts {
				w.line(h, s).Name, w.line(h, s).Address = fmt.Sprintf("db%d", s), fmt.Sprintf("10.99.0.%d", 11+s)
			}
		}
	}, wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"the galera resource lists aliases that only its resolver knows", func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) {
			p.Galera.HostMap, p.Galera.ClusterAddress = nil, []string{"db-a.internal", "db-b.internal", "db-c.internal"}
			p.Galera.Nodes = p.Galera.ClusterAddress
		})
	}, wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"the VIP is an IPv6 address, written in another way", func(w *world, _ *Options) {
		for i := range w.hosts {
			w.hosts[i].HAProxy.Database.Binds = []string{"[FD00:0:0::10]:3306"}
		}
		w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Address = "fd00::10" })
	}, wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
	{"HAProxy listens on every address", func(w *world, _ *Options) {
		for i := range w.hosts {
			w.hosts[i].HAProxy.Database.Binds = []string{"*:3306"}
		}
	}, wants{"controller-2", []string{"controller-0"}, serving("controller-0")}},
}

func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			w, o := healthy(3), options()
			s.change(w, &o)
			s.want.check(t, decide(t, w.hosts, o))
		})
	}
}

// table is the stick table in one host's HAProxy.
func (w *world) table(i int) *stats.Table { return w.hosts[i].HAProxy.Proxies[0].Table }

// stopProxy makes Pacemaker stop HAProxy on one host: the configuration exists, nothing answers.
func (w *world) stopProxy(i int) {
	w.muteProxy(i)
	w.resource("haproxy", i, func(r *crmmon.Resource) { r.Role, r.Active = crmmon.RoleStopped, false })
}

// muteProxy makes HAProxy run without answering.
func (w *world) muteProxy(i int) {
	h := w.hosts[i].HAProxy
	*h = haproxy.Facts{Header: h.Header, Proxies: []stats.Proxy{}}
	h.Add(haproxy.SourceSocket, "/var/lib/haproxy/stats", errDenied, "")
}

func TestFiveControllers(t *testing.T) {
	w, o := healthy(5), options()
	w.hosts[3].Galera.Wsrep.Desync = true
	w.stop(4)
	o.Limits["min_spares"] = 3
	wants{"", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-1": {condition.LastStandby}, "controller-2": {condition.LastStandby},
		"controller-3": {condition.Desynced}, "controller-4": {condition.NotRunning}}}.check(t, decide(t, w.hosts, o))
	o.Limits["min_spares"] = 2
	wants{"controller-2", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-3": {condition.Desynced}, "controller-4": {condition.NotRunning}}}.check(t, decide(t, w.hosts, o))
}

// apart moves HAProxy and the VIP to two hosts that run nothing else.
func (w *world) apart() {
	w.managers(func(p *pacemaker.Facts) {
		p.VIPs[0].Node = ""
		p.Resources = slices.DeleteFunc(p.Resources, func(r crmmon.Resource) bool { return r.ID != "galera" })
	})
	for i := range w.hosts {
		h := &w.hosts[i]
		h.HAProxy = &haproxy.Facts{Header: h.HAProxy.Header}
		h.HAProxy.Present = false
		for _, head := range []*reading.Header{&h.Galera.Header, &h.Pacemaker.Header, &h.HAProxy.Header} {
			head.Host.Addresses = []string{fmt.Sprintf("10.99.0.%d", 11+i)}
		}
	}
	for i, address := range []string{"10.99.0.31", testVIP} {
		head := w.hosts[0].Galera.Header
		head.Host = reading.Host{Name: fmt.Sprintf("balancer-%d", i), Addresses: []string{address}}
		none := head
		none.Present = false
		w.hosts = append(w.hosts, topology.Host{Name: head.Host.Name, Galera: &galera.Facts{Header: none},
			Pacemaker: &pacemaker.Facts{Header: none},
			HAProxy:   proxy(head, i, 3, "controller-", testVIP)})
	}
}

func TestTheDatabaseOnHostsOfItsOwn(t *testing.T) {
	w := healthy(3)
	w.apart()
	d := decide(t, w.hosts, options())
	wants{"controller-1", []string{"controller-0"}, serving("controller-0")}.check(t, d)
	if d.Clusters[0].VIP.Holder != "balancer-1" || d.of("balancer-0").Verdict != decision.Witness {
		t.Errorf("holder %q, balancer-0 is %s\n%s", d.Clusters[0].VIP.Holder, d.of("balancer-0").Verdict, d.Text)
	}
}

// OpenStack's images have MariaDB's programs on the hosts of all roles.
func TestAProgramThatNeverRanIsNoDatabase(t *testing.T) {
	w := healthy(3)
	w.apart()
	for _, h := range w.hosts[3:] {
		h.Galera.Present = true
	}
	d := decide(t, w.hosts, options())
	wants{"controller-1", []string{"controller-0"}, serving("controller-0")}.check(t, d)
	if d.of("balancer-0").Verdict != decision.Witness || d.of("balancer-1").Verdict != decision.Witness {
		t.Errorf("%s", d.Text)
	}
	// A host that was once in the cluster counts.
	w.hosts[3].Galera.Grastate = &galera.Grastate{UUID: testUUID, Seqno: -1}
	if d := decide(t, w.hosts, options()); d.of("balancer-0").Verdict == decision.Witness {
		t.Errorf("it has data, and was taken for a witness\n%s", d.Text)
	}
}

func TestTwoCloudsWithTheSameNames(t *testing.T) {
	a, b := healthy(3), named(3, "aaaa8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", "controller-", "10.99.0.", testVIP)
	for i := range b.hosts {
		b.hosts[i].Name = "north-" + b.hosts[i].Name
	}
	d := decide(t, append(b.hosts, a.hosts...), options())
	if len(d.Clusters) != 2 || d.Chosen != "" || !slices.Equal(d.ChosenHosts,
		[]string{"controller-2", "north-controller-2"}) {
		t.Fatalf("chosen %v of %d clusters\n%s", d.ChosenHosts, len(d.Clusters), d.Text)
	}
	if got := d.Clusters[1].Name; got != "tripleo_cluster-aaaa8e3a" {
		t.Errorf("the second is called %q", got)
	}
}

func TestAHostThatFitsNowhereMakesEveryClusterIncomplete(t *testing.T) {
	a, b := healthy(3), named(3, "aaaa8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", "cell-", "10.98.0.", "10.98.0.10")
	hosts := append(append(a.hosts, b.hosts...), topology.Host{Name: "192.0.2.99", Unreachable: true})
	d := decide(t, hosts, options())
	if len(d.Clusters) != 3 || len(d.ChosenHosts) > 0 {
		t.Fatalf("chosen %v\n%s", d.ChosenHosts, d.Text)
	}
	for _, name := range []string{"cell-2", "controller-2"} {
		if got := d.of(name).codes(); !slices.Equal(got, []condition.Code{condition.ClusterIncomplete}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAHostThatIsOutOfReachBelongsToTheClusterThatKnowsIt(t *testing.T) {
	a, b := healthy(3), named(3, "aaaa8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", "cell-", "10.98.0.", "10.98.0.10")
	b.hosts[2] = topology.Host{Name: "cell-2", Unreachable: true}
	d := decide(t, append(a.hosts, b.hosts...), options())
	if len(d.Clusters) != 2 || !slices.Equal(d.ChosenHosts, []string{"controller-2"}) {
		t.Fatalf("chosen %v\n%s", d.ChosenHosts, d.Text)
	}
}

func TestAHostWithNothingOfACloudIsLeftOut(t *testing.T) {
	w := healthy(3)
	head := w.hosts[0].Galera.Header
	head.Present, head.Host.Name = false, "compute-0"
	w.hosts = append(w.hosts, topology.Host{Name: "compute-0", Galera: &galera.Facts{Header: head},
		Pacemaker: &pacemaker.Facts{Header: head}, HAProxy: &haproxy.Facts{Header: head}})
	d := decide(t, w.hosts, options())
	wants{"controller-2", []string{"controller-0"}, serving("controller-0")}.check(t, d)
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "compute-0") {
		t.Errorf("warnings: %q", d.Warnings)
	}
}

func TestAMisspeltExclusionIsReported(t *testing.T) {
	o := options()
	o.Exclude = []string{"controler-2"}
	d := decide(t, healthy(3).hosts, o)
	if len(d.Warnings) != 1 || d.Warnings[0] != `exclude: "controler-2" is not one of the hosts` {
		t.Errorf("warnings: %q", d.Warnings)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"policy": func(o *Options) { o.Policy = "any" }, "min_spares": func(o *Options) { o.Limits["min_spares"] = -1 },
		"max_age":          func(o *Options) { o.Limits["max_age"] = 0 },
		"max_flow_control": func(o *Options) { o.Limits["max_flow_control"] = 2 },
		"now":              func(o *Options) { o.Now = 0 },
	} {
		o := options()
		change(&o)
		if _, err := Decide(nil, o); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decide(append(healthy(2).hosts, healthy(2).hosts...), options()); err == nil {
		t.Error("a host that is given twice is no error")
	}
}
