// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
)

// raw returns what the facts modules returned of a controller of the lab: MariaDB 10.11.18, Pacemaker 2.1.5, HAProxy
// 2.6.12.
func raw(t *testing.T, i int) []byte {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("../selection/testdata/lab-%d.json", i))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// lab is the three controllers, each with documents of its own.
func lab(t *testing.T) []Host {
	t.Helper()
	var hosts []Host
	for i := range 3 {
		h, err := DecodeHost(raw(t, i))
		if err != nil || len(h.Errors) > 0 {
			t.Fatal(err, h.Errors)
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// clusters joins hosts right after they were read.
func clusters(t *testing.T, hosts []Host) joined {
	t.Helper()
	at := 0.0
	for _, h := range hosts {
		if h.HAProxy != nil {
			at = max(at, h.HAProxy.GatheredAt)
		}
	}
	members, err := Members(hosts, at, maxAge)
	if err != nil {
		t.Fatal(err)
	}
	return Join(members)
}

// every changes one document of every host.
func every[T any](of func(*Host) *T, change func(*T)) func([]Host) {
	return func(hosts []Host) {
		for i := range hosts {
			change(of(&hosts[i]))
		}
	}
}

func manager(h *Host) *pacemaker.Facts { return h.Pacemaker }
func balancer(h *Host) *haproxy.Facts  { return h.HAProxy }

// serverOf is the line of a server of the database at a HAProxy.
func serverOf(h *Host, i int) *stats.Server {
	for p := range h.HAProxy.Proxies {
		if h.HAProxy.Proxies[p].Name == "mysql" {
			return &h.HAProxy.Proxies[p].Servers[i]
		}
	}
	return nil
}

func TestTheLabIsOneClusterWithAllItsNames(t *testing.T) {
	j := clusters(t, lab(t))
	if len(j.Clusters) != 1 || len(j.Warnings) > 0 {
		t.Fatalf("%d clusters, %q", len(j.Clusters), j.Warnings)
	}
	c := j.Clusters[0]
	if c.Title() != "tripleo_cluster" || c.UUID() != "1f3c653c-e6a8-11f1-851b-82aa4432fad4" || len(c.Conflicts) > 0 ||
		len(c.Missing()) > 0 || c.AnySilent() || c.View.LocalNode != "controller-1" {
		t.Errorf("%s %s %q %q, as seen by %s", c.Title(), c.UUID(), c.Conflicts, c.Missing(), c.View.LocalNode)
	}
	for i, m := range c.Members {
		name := fmt.Sprint("controller-", i)
		long := name + ".internalapi.localdomain"
		if got, want := []string{m.Name, m.Node, m.Galera, m.Server},
			[]string{name, name, name, long}; !slices.Equal(got,
			want) || !m.RunsDatabase || m.Silent != "" {
			t.Errorf("%q, want %q; database %t, silent %q", got, want, m.RunsDatabase, m.Silent)
		}
		if called := m.Called(); !slices.Contains(called, name) || !slices.Contains(called, long) {
			t.Errorf("%q", called)
		}
	}
}

// Each case changes the lab in one way that leaves a name without an owner, or with two. An ambiguity is never guessed
// away.
func TestAnAmbiguousNameIsAConflict(t *testing.T) {
	for name, c := range map[string]struct {
		change func([]Host)
		want   string // the beginning of the one conflict, "" for none
	}{
		"as it is": {func([]Host) {}, ""},
		"two hosts with one name": {func(h []Host) {
			for _, head := range []*reading.Header{&h[1].Galera.Header, &h[1].Pacemaker.Header, &h[1].HAProxy.Header} {
				head.Host.Name = "controller-0"
			}
			h[1].Galera.Server.Hostname = "controller-0"
		}, "controller-0 and controller-1 both claim the host name controller-0"},
		"two hosts on a node": {func(h []Host) { h[1].Pacemaker.LocalNode = "Controller-0" },
			"controller-0 and controller-1 both claim the Pacemaker node controller-0"},
		"two members with one name in Galera": {func(h []Host) { h[1].Galera.Wsrep.NodeName = "CONTROLLER-0" },
			"controller-0 and controller-1 both claim the Galera node controller-0"},
		"two members with one id": {func(h []Host) { h[1].Galera.Wsrep.GcommUUID = h[0].Galera.Wsrep.GcommUUID },
			"controller-0 and controller-1 both claim the Galera member id c21de54c"},
		"a member without an id": {func(h []Host) {
			h[0].Galera.Wsrep.GcommUUID,
				h[1].Galera.Wsrep.GcommUUID = "", ""
		}, ""},
		"one machine's id, two members": {func(h []Host) { h[1].Galera.Server.UID = h[0].Galera.Server.UID }, ""},
		"one machine's id, a member without one": {func(h []Host) {
			h[1].Galera.Server.UID, h[1].Galera.Wsrep.GcommUUID = h[0].Galera.Server.UID, ""
		}, "controller-0 and controller-1 both claim the server id"},
		"one machine's id, the earlier without one": {func(h []Host) {
			h[1].Galera.Server.UID, h[0].Galera.Wsrep.GcommUUID = h[0].Galera.Server.UID, ""
		}, "controller-0 and controller-1 both claim the server id"},
		"an id that no server knows": {func(h []Host) {
			h[0].Galera.Server.UID, h[1].Galera.Server.UID = "unknown", "Unknown"
			h[0].Galera.Wsrep.GcommUUID, h[1].Galera.Wsrep.GcommUUID = "", ""
		}, ""},
		"a stopped server's old id": {func(h []Host) {
			h[1].Galera.Wsrep.GcommUUID, h[1].Galera.Running = h[0].Galera.Wsrep.GcommUUID, false
		}, ""},
		"another host's server": {func(h []Host) { h[2].Galera.Server.Hostname = "elsewhere.example" },
			"the server read on controller-2 says it runs on elsewhere.example, the host says it is controller-2"},
		"a server with the long name": {func(h []Host) {
			h[2].Galera.Server.Hostname = "Controller-2.internalapi.localdomain"
		}, ""},
		"a server with the mapped name": {func(h []Host) {
			every(manager, func(p *pacemaker.Facts) { p.Galera.HostMap["controller-2"] = "db-2" })(h)
			h[2].Galera.Server.Hostname = "db-2"
		}, ""},
		"a line for two": {every(balancer, func(p *haproxy.Facts) {
			for i := range p.Proxies {
				for k, s := range p.Proxies[i].Servers {
					if strings.HasPrefix(s.Name, "controller-1") {
						p.Proxies[i].Servers[k].Address = "10.99.0.10:3306"
					}
				}
			}
		}), "the HAProxy server controller-1.internalapi.localdomain (10.99.0.10:3306) could be controller-0 or " +
			"controller-1"},
		"two lines for one": {func(h []Host) {
			extra := *serverOf(&h[0], 0)
			extra.Name, extra.Address = "spare", "10.99.0.10:3306"
			for i := range h[0].HAProxy.Proxies {
				if p := &h[0].HAProxy.Proxies[i]; p.Name == "mysql" {
					p.Servers = append(p.Servers, extra)
				}
			}
		}, "the HAProxy servers controller-0.internalapi.localdomain and spare could both be controller-0"},
		"a host that could be two nodes": {func(h []Host) {
			h[2].Pacemaker.Connected = false
			for _, head := range []*reading.Header{&h[2].Galera.Header, &h[2].Pacemaker.Header, &h[2].HAProxy.Header} {
				head.Host.Name = "controller-2.example"
			}
			for i := range h {
				h[i].Pacemaker.Nodes[2].Name = "controller-2.a"
				h[i].Pacemaker.Nodes = append(h[i].Pacemaker.Nodes, crmmon.Node{Name: "controller-2.b", Online: true})
			}
		}, "controller-2 could be any of the Pacemaker nodes controller-2.a, controller-2.b"},
		"facts of two hosts": {func(h []Host) { h[2].HAProxy.Host.Name = "elsewhere" },
			"the facts of controller-2 come from two hosts: controller-2 and elsewhere"},
	} {
		hosts := lab(t)
		c.change(hosts)
		var got []string
		for _, c := range clusters(t, hosts).Clusters {
			got = append(got, c.Conflicts...)
		}
		if c.want == "" && len(got) > 0 ||
			c.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, c.want) }) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A member that some source knows of and that is not one of the hosts would serve clients unseen.
func TestWhoBelongsToTheClusterAndDidNotAnswerIsNamed(t *testing.T) {
	sizes := func(n, arbitrators int) func([]Host) {
		return every(func(h *Host) *galera.Facts { return h.Galera }, func(g *galera.Facts) {
			g.Wsrep.ClusterSize, g.Wsrep.Arbitrators = n, arbitrators
		})
	}
	addresses := func(url string, arbitrators int) func([]Host) {
		return every(func(h *Host) *galera.Facts { return h.Galera }, func(g *galera.Facts) {
			g.Wsrep.ClusterAddress, g.Wsrep.Arbitrators = url, arbitrators
			g.Wsrep.ClusterSize += arbitrators
		})
	}
	for name, c := range map[string]struct {
		change func([]Host)
		want   []string
	}{
		"as it is": {func([]Host) {}, nil},
		"one of cluster_host_map": {every(manager,
			func(p *pacemaker.Facts) { p.Galera.HostMap["controller-3"] = "db-3" }),
			[]string{"controller-3 (cluster_host_map) is not one of the hosts"}},
		"one that runs galera": {every(manager, func(p *pacemaker.Facts) {
			r := p.Resources[0]
			r.Node = "controller-3"
			p.Resources = append(p.Resources, r)
		}), []string{"controller-3 (the galera resource) is not one of the hosts"}},
		"one that should, a node": {every(manager, func(p *pacemaker.Facts) {
			p.Galera.Nodes = append(p.Galera.Nodes, "Controller-3")
			p.Nodes = append(p.Nodes, crmmon.Node{Name: "controller-3"})
		}), []string{"Controller-3 (the galera resource) is not one of the hosts"}},
		"one that should, no node": {every(manager, func(p *pacemaker.Facts) {
			p.Galera.Nodes = append(p.Galera.Nodes, "alias")
		}), nil},
		"one that runs HAProxy": {every(manager, func(p *pacemaker.Facts) {
			p.Resources = append(p.Resources, crmmon.Resource{ID: "haproxy", Agent: "systemd:haproxy", Active: true,
				Node: "proxy-0"})
		}), []string{"proxy-0 (its HAProxy runs) is not one of the hosts"}},
		"one whose HAProxy is stopped": {every(manager, func(p *pacemaker.Facts) {
			p.Resources = append(p.Resources, crmmon.Resource{ID: "haproxy", Agent: "systemd:haproxy", Node: "proxy-0"})
		}), nil},
		"one behind HAProxy": {func(h []Host) {
			extra := *serverOf(&h[0], 0)
			extra.Name, extra.Address = "db-3", "10.99.0.13:3306"
			for i := range h[0].HAProxy.Proxies {
				if p := &h[0].HAProxy.Proxies[i]; p.Name == "mysql" {
					p.Servers = append(p.Servers, extra)
				}
			}
		}, []string{"the HAProxy server db-3 (10.99.0.13:3306) is not one of the hosts"}},
		"a larger cluster": {sizes(4, 0), []string{"wsrep_cluster_size is 4 members, the hosts have 3 databases"}},
		"an arbitrator":    {sizes(4, 1), nil},
		"a larger cluster with an arbitrator": {sizes(5, 1),
			[]string{"wsrep_cluster_size is 4 members, the hosts have 3 databases, without 1 arbitrator (garbd)"}},
		"a longer address": {addresses("gcomm://controller-0,10.99.0.11,controller-2,db-3,db-3", 0),
			[]string{"wsrep_cluster_address lists 4 members, the hosts have 3 databases: db-3 is another host, an " +
				"arbitrator (garbd) that is not connected, or left over"}},
		"one address in two spellings": {
			addresses("gcomm://controller-0,controller-1,controller-2,10.99.0.99:4567,10.99.0.99", 0),
			[]string{"wsrep_cluster_address lists 4 members, the hosts have 3 databases: 10.99.0.99:4567 is another " +
				"host, an arbitrator (garbd) that is not connected, or left over"}},
		"the arbitrator is in the address": {addresses("gcomm://controller-0,controller-1,controller-2,garbd", 1), nil},
		"a member by name and by address": {
			addresses("gcomm://controller-0,10.99.0.10,controller-1,controller-2", 0), nil},
		"a longer list of the resource": {every(manager, func(p *pacemaker.Facts) {
			p.Galera.ClusterAddress = append(p.Galera.ClusterAddress, "db-3")
		}), []string{"the galera resource lists 4 members, the hosts have 3 databases: db-3 is another host, an " +
			"arbitrator (garbd) that is not connected, or left over"}},
		"a server of a minority": {func(h []Host) {
			sizes(4, 0)(h)
			for i := range h {
				h[i].Galera.Wsrep.ClusterStatus = "Non-Primary"
			}
		}, nil},
		"an unreachable host's HAProxy": {func(h []Host) {
			serverOf(&h[1], 0).Name, serverOf(&h[1], 0).Address, h[1].Unreachable = "old", "10.99.0.50:3306", true
		}, nil},
	} {
		hosts := lab(t)
		c.change(hosts)
		got := clusters(t, hosts).Clusters[0].Absent
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func TestASilentMemberIsNamedWithItsReason(t *testing.T) {
	hosts := lab(t)
	hosts[1] = Host{Name: "controller-1", Unreachable: true, Galera: hosts[1].Galera, Pacemaker: hosts[1].Pacemaker,
		HAProxy: hosts[1].HAProxy}
	hosts[2].Galera.GatheredAt -= 500
	c := clusters(t, hosts).Clusters[0]
	if got := c.Missing(); len(got) != 2 || got[0] != "controller-1 is unreachable or gave no facts" ||
		!strings.HasPrefix(got[1], "controller-2 has facts 50") || !c.AnySilent() {
		t.Errorf("%q", got)
	}
	for i, m := range c.Members {
		heard := i == 0
		if m.Stale != (i == 2) || (m.Database() != nil) != heard || (m.Manager() != nil) != heard ||
			(m.Proxy() != nil) != heard || (m.Answering() != nil) != heard || !m.RunsDatabase {
			t.Errorf("%s: %v %v %v", m.Name, m.Stale, m.Database(), m.Manager())
		}
	}
	// A silent member's server still tells the cluster, unless the host is out of reach.
	if ids := []string{c.Members[1].UUID(), c.Members[2].UUID()}; ids[0] != "" || ids[1] != c.UUID() {
		t.Errorf("%q", ids)
	}
}

func TestTheBestInformedPacemakerSpeaksForTheCluster(t *testing.T) {
	failed := []reading.Error{{Source: pacemaker.SourceCIB}}
	for name, c := range map[string]struct {
		change func([]Host)
		want   string // whose document
	}{
		"the DC":                    {func([]Host) {}, "controller-1"},
		"without quorum":            {func(h []Host) { h[1].Pacemaker.Quorum = false }, "controller-0"},
		"without its configuration": {func(h []Host) { h[1].Pacemaker.Errors = failed }, "controller-0"},
		"quorum before all": {func(h []Host) {
			h[0].Pacemaker.Quorum, h[1].Pacemaker.Quorum, h[2].Pacemaker.Errors = false, false, failed
		}, "controller-2"},
		"nobody knows the DC": {every(manager, func(p *pacemaker.Facts) { p.DC = "" }), "controller-0"},
		"the DC in another spelling": {every(manager, func(p *pacemaker.Facts) { p.DC = "Controller-2" }),
			"controller-2"},
		"not connected": {func(h []Host) { h[1].Pacemaker.Connected = false }, "controller-0"},
		"too old":       {func(h []Host) { h[1].Pacemaker.GatheredAt -= 500 }, "controller-0"},
		"out of reach":  {func(h []Host) { h[1].Unreachable = true }, "controller-0"},
		"nobody":        {every(manager, func(p *pacemaker.Facts) { p.Connected = false }), ""},
	} {
		hosts := lab(t)
		c.change(hosts)
		got := ""
		if view := clusters(t, hosts).Clusters[0].View; view != nil {
			got = view.LocalNode
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A server that does not run has no clients; one that only could not be asked may have some.
func TestAServerIsDownOnlyByEvidence(t *testing.T) {
	unread := []reading.Error{{Source: "login", Message: "denied"}}
	for name, c := range map[string]struct {
		change func(*Host)
		want   bool
	}{
		"Pacemaker runs it":    {func(h *Host) {}, false},
		"Pacemaker starts it":  {func(h *Host) { h.Pacemaker.Resources[0].Role = crmmon.RoleStarting }, true},
		"Pacemaker stopped it": {func(h *Host) { h.Pacemaker.Resources[0].Active = false }, true},
		"it is not installed":  {func(h *Host) { h.Galera.Present = false }, true},
		"it stopped cleanly":   {func(h *Host) { h.Galera.Grastate = &galera.Grastate{Seqno: 0} }, true},
		"it runs, or crashed":  {func(h *Host) { h.Galera.Grastate = &galera.Grastate{Seqno: -1} }, false},
		"nobody manages it":    {func(h *Host) { h.Pacemaker.Galera, h.Pacemaker.Resources = nil, nil }, true},
		"nobody, and it was not read": {func(h *Host) {
			h.Pacemaker.Galera, h.Pacemaker.Resources, h.Galera.Errors = nil, nil, unread
		}, false},
	} {
		hosts := lab(t)
		for i := range hosts {
			hosts[i].Galera.Running = false
			c.change(&hosts[i])
		}
		cluster := clusters(t, hosts).Clusters[0]
		if got := cluster.DatabaseDown(cluster.Members[0]); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWhoRunsADatabase(t *testing.T) {
	out := func(h *Host) { // of all that says where the database is
		h.Galera, h.HAProxy.Database, h.HAProxy.Pools = &galera.Facts{Header: h.Pacemaker.Header}, nil, nil
		h.Galera.Present = false
		h.Pacemaker.Galera.HostMap, h.Pacemaker.Galera.Nodes, h.Pacemaker.Galera.ClusterAddress = nil, nil, nil
	}
	for name, c := range map[string]struct {
		change func(*Host)
		want   bool
	}{
		"nothing says so": {func(h *Host) {}, false},
		"cluster_host_map": {func(h *Host) {
			h.Pacemaker.Galera.HostMap = map[string]string{"CONTROLLER-0": "x"}
		}, true},
		"the nodes of the resource": {func(h *Host) { h.Pacemaker.Galera.Nodes = []string{"controller-0"} }, true},
		"the addresses of the resource": {func(h *Host) {
			h.Pacemaker.Galera.ClusterAddress = []string{"10.99.0.10"}
		}, true},
		"an installed program": {func(h *Host) { h.Galera.Present = true }, false},
		"a server that runs":   {func(h *Host) { h.Galera.Present, h.Galera.Running = true, true }, true},
		"a datadir": {func(h *Host) {
			h.Galera.Present, h.Galera.Grastate = true,
				&galera.Grastate{}
		}, true},
		"installed, without Pacemaker's": {func(h *Host) {
			h.Galera.Present, h.Pacemaker.Galera = true, nil
		}, true},
		"nothing, without Pacemaker's": {func(h *Host) { h.Pacemaker.Galera = nil }, false},
		"out of reach, without Pacemaker's": {func(h *Host) {
			h.Pacemaker.Galera = nil
			h.Unreachable = h.Name == "controller-0"
		},
			true},
	} {
		hosts := lab(t)
		for i := range hosts {
			out(&hosts[i])
			c.change(&hosts[i])
		}
		for _, cluster := range clusters(t, hosts).Clusters {
			for _, m := range cluster.Members {
				if m.Name == "controller-0" && m.RunsDatabase != c.want {
					t.Errorf("%s: %t", name, m.RunsDatabase)
				}
			}
		}
	}
}

func TestAServerLineIsGivenToItsHosts(t *testing.T) {
	c := clusters(t, lab(t)).Clusters[0]
	for line, want := range map[stats.Server]string{
		{Name: "controller-1"}: "controller-1", {Name: "Controller-1.internalapi.localdomain"}: "controller-1",
		{Name: "controller-1.elsewhere"}: "controller-1", {Name: "db"}: "", {}: "",
		{Name: "db", Address: "10.99.0.12:3306"}:           "controller-2",
		{Name: "10.99.0.12"}:                               "controller-2",
		{Name: "db", Address: "10.99.0.99:3306"}:           "",
		{Name: "controller-1", Address: "10.99.0.12:3306"}: "controller-1 or controller-2",
		{Name: "controller-1", Address: "10.99.0.11:3306"}: "controller-1",
	} {
		if got := NameList(c.Owners(line)); got != want {
			t.Errorf("%s: %q, want %q", DescribeServer(line), got, want)
		}
	}
}

// Two overclouds in one inventory often have the same names.
func TestClustersOfOneNameAreToldApart(t *testing.T) {
	hosts := append(lab(t), lab(t)...)
	for i := 3; i < 6; i++ {
		hosts[i].Name = "other-" + hosts[i].Name
		hosts[i].Galera.Wsrep.ClusterStateUUID = "99999999-e6a8-11f1-851b-82aa4432fad4"
	}
	j := clusters(t, hosts)
	if len(j.Clusters) != 2 || j.Clusters[0].Title() != "tripleo_cluster-1f3c653c" ||
		j.Clusters[1].Title() != "tripleo_cluster-99999999" || len(j.Clusters[0].Members) != 3 {
		t.Errorf("%d clusters, %s", len(j.Clusters), j.Clusters[0].Title())
	}
	// A host that both could mean, because they use the same names, is known to neither.
	j = clusters(t, append(hosts, Host{Name: "controller-1.example", Unreachable: true}))
	for _, c := range j.Clusters[:2] {
		if want := []string{"it is not known which cluster controller-1.example belongs to"}; len(j.Clusters) != 3 ||
			c.Members[0].Name != "controller-1.example" && !slices.Equal(c.Absent, want) {
			t.Errorf("%s: %q", c.Title(), c.Absent)
		}
	}
}

func TestTheNameOfAClusterWithoutPacemaker(t *testing.T) {
	hosts := lab(t)
	for i := range hosts {
		hosts[i].Pacemaker = nil
	}
	if c := clusters(t, hosts).Clusters; len(c) != 1 || c[0].Title() != "galera_cluster" {
		t.Errorf("%d clusters, %s", len(c), c[0].Title())
	}
	for i := range hosts {
		hosts[i].Galera.Wsrep.ClusterStateUUID = "00000000-0000-0000-0000-000000000000"
	}
	c := clusters(t, hosts).Clusters
	if len(c) != 1 || c[0].Title() != "" || c[0].UUID() != "" {
		t.Errorf("%d clusters, %q, %q", len(c), c[0].Title(), c[0].UUID())
	}
}

// A host that reports nothing is given to the one cluster that mentions it, by any of its sources.
func TestASilentHostBelongsToTheClusterThatMentionsIt(t *testing.T) {
	rename := func(s *stats.Server, name, address string) { s.Name, s.Address = name, address }
	for name, c := range map[string]struct {
		host   string // its name in the inventory
		change func([]Host)
		known  bool
	}{
		"by nobody":     {"x", func([]Host) {}, false},
		"a node":        {"x", func(h []Host) { h[0].Pacemaker.Nodes[1].Name = "X.internalapi" }, true},
		"its long name": {"x.example", func(h []Host) { h[0].Pacemaker.Nodes[1].Name = "x" }, true},
		"a guest": {"x", func(h []Host) {
			h[0].Pacemaker.Nodes[1].Name,
				h[0].Pacemaker.Nodes[1].Type = "x", crmmon.NodeGuest
		}, false},
		"in the address": {"x", func(h []Host) { h[0].Pacemaker.Galera.ClusterAddress = []string{"x"} }, true},
		"as an address": {"10.99.0.77", func(h []Host) {
			h[0].Pacemaker.Galera.ClusterAddress = []string{"10.99.0.77"}
		}, true},
		"for the resource": {"x", func(h []Host) { h[0].Pacemaker.Galera.Nodes = []string{"x"} }, true},
		"mapped":           {"x", func(h []Host) { h[0].Pacemaker.Galera.HostMap["x"] = "other" }, true},
		"mapped to":        {"x", func(h []Host) { h[0].Pacemaker.Galera.HostMap["other"] = "x" }, true},
		"behind HAProxy":   {"x", func(h []Host) { rename(serverOf(&h[0], 1), "x", "") }, true},
		"its address behind": {"10.99.0.77", func(h []Host) { rename(serverOf(&h[0], 1), "db", "10.99.0.77:3306") },
			true},
		"by a silent HAProxy": {"x", func(h []Host) { rename(serverOf(&h[0], 1), "x", ""); h[0].Unreachable = true },
			false},
		"an inner bridge's": {"10.99.0.11", func(h []Host) {
			h[1].Galera.Host.Addresses = append(h[1].Galera.Host.Addresses, "172.17.0.1")
		}, true},
		"a bridge of two": {"172.17.0.1", func(h []Host) {
			h[1].Galera.Host.Addresses = append(h[1].Galera.Host.Addresses, "172.17.0.1")
		}, false},
		"by both clusters": {"x", func(h []Host) {
			h[0].Pacemaker.Galera.Nodes = []string{"x"}
			h[3].Pacemaker.Nodes[0].Name = "x"
		}, false},
		"its long name, and its short one elsewhere": {"x.y", func(h []Host) {
			h[0].Pacemaker.Galera.Nodes, h[3].Pacemaker.Nodes[0].Name = []string{"x.y"}, "x"
		}, true},
	} {
		hosts := append(lab(t), host("z", "u9", "z"))
		hosts[3].Galera.GatheredAt, hosts[3].Pacemaker.GatheredAt = hosts[0].HAProxy.GatheredAt,
			hosts[0].HAProxy.GatheredAt
		c.change(hosts)
		known := false
		for _, cluster := range clusters(t, append(hosts, Host{Name: c.host, Unreachable: true})).Clusters {
			known = known || len(cluster.Members) > 1 && slices.ContainsFunc(cluster.Members, func(m *Member) bool {
				return m.Name == c.host
			})
		}
		if known != c.known {
			t.Errorf("%s: %t", name, known)
		}
	}
}

func TestAHostThatTwoClustersMentionBelongsToNeither(t *testing.T) {
	hosts := append(lab(t), host("z", "u9", "z"), Host{Name: "x", HAProxy: &haproxy.Facts{}})
	at := hosts[0].HAProxy.GatheredAt
	hosts[3].Galera.GatheredAt, hosts[3].Pacemaker.GatheredAt, hosts[4].HAProxy.GatheredAt = at, at, at
	hosts[4].HAProxy.Host.Addresses = []string{"10.99.0.77"}
	hosts[0].Pacemaker.Galera.Nodes = []string{"x"}
	if j := clusters(t, hosts); len(j.Clusters) != 2 || len(j.Clusters[0].Members) != 4 {
		t.Errorf("its name: %d clusters", len(j.Clusters))
	}
	hosts[3].Pacemaker.Nodes[0].Name = "10.99.0.77"
	if j := clusters(t, hosts); len(j.Clusters) != 3 || len(j.Clusters[0].Members) != 3 {
		t.Errorf("its name here, its address there: %d clusters", len(j.Clusters))
	}
}

// A host that only runs the proxy belongs to the cluster of the servers behind it.
func TestAHostWithAProxyAloneBelongsToItsServers(t *testing.T) {
	hosts := append(lab(t), host("z", "u9", "z"))
	hosts[3].Galera.GatheredAt, hosts[3].Pacemaker.GatheredAt = hosts[0].HAProxy.GatheredAt, hosts[0].HAProxy.GatheredAt
	proxy := Host{Name: "proxy-0", HAProxy: lab(t)[0].HAProxy}
	proxy.HAProxy.Host.Name, proxy.HAProxy.Host.Addresses = "proxy-0", nil
	for _, names := range []bool{true, false} {
		if !names { // only the addresses are those of the cluster
			for i := range 3 {
				serverOf(&proxy, i).Name = fmt.Sprint("db", i)
				serverOf(&proxy, i).Address = fmt.Sprintf("10.99.0.1%d:3306", i)
			}
		}
		j := clusters(t, append(slices.Clone(hosts), proxy))
		if len(j.Clusters) != 2 || len(j.Clusters[0].Members) != 4 || j.Clusters[0].Members[3].RunsDatabase {
			t.Errorf("by name %t: %d clusters", names, len(j.Clusters))
		}
	}
}

func TestAHostWithNothingIsLeftOut(t *testing.T) {
	none := Host{Name: "ceph-0", Galera: &galera.Facts{}, Pacemaker: &pacemaker.Facts{}, HAProxy: &haproxy.Facts{}}
	at := lab(t)[0].HAProxy.GatheredAt
	for _, head := range []*reading.Header{&none.Galera.Header, &none.Pacemaker.Header, &none.HAProxy.Header} {
		head.GatheredAt = at
	}
	unread, present, two := none, none, none
	broken, installed := *none.Galera, *none.Galera
	broken.Errors, installed.Present = []reading.Error{{Source: "login"}}, true
	unread.Galera, present.Galera, two.Galera = &broken, &installed, nil
	for name, c := range map[string]struct {
		host Host
		left bool
	}{
		"nothing": {none, true}, "an error": {unread, false}, "a program": {present, false},
		"a document is missing": {two, false}, "silent": {Host{Name: "ceph-0", Unreachable: true}, false},
	} {
		j := clusters(t, append(lab(t), c.host))
		want := []string{"ceph-0 has no database, no Pacemaker and no HAProxy: it is left out"}
		if c.left != slices.Equal(j.Warnings, want) || (len(j.Clusters[0].Members) == 3) != c.left {
			t.Errorf("%s: %q, %d members", name, j.Warnings, len(j.Clusters[0].Members))
		}
	}
}

func TestAMissingDocumentHasItsReason(t *testing.T) {
	m := &Member{Name: "a", Host: Host{Errors: []reading.Error{{Source: "galera", Message: "it lacks running"}}}}
	if got := MissingDocument(m, "galera"); got != "galera_facts cannot be used: it lacks running" {
		t.Error(got)
	}
	if got := MissingDocument(m, "haproxy"); got != "haproxy_facts were not gathered on a" {
		t.Error(got)
	}
	h := reading.Header{Errors: []reading.Error{{Source: "login", Message: "denied"}, {Source: "sizes"}}}
	if got := FirstError(h) + FirstError(reading.Header{}); got != " (login: denied)" {
		t.Error(got)
	}
}

// without returns a document in which one key is gone, or null: every path of Needed is tried. Elements of lists lose
// it in the last one only.
func without(t *testing.T, document any, steps []string, null bool) (found bool) {
	t.Helper()
	key := strings.TrimSuffix(strings.TrimSuffix(steps[0], "[]"), "?")
	object, is := document.(map[string]any)
	if !is {
		return false
	}
	if len(steps) == 1 {
		_, found = object[key]
		if delete(object, key); null {
			object[key] = nil
		}
		return found
	}
	value := object[key]
	if list, is := value.([]any); is {
		for i := len(list) - 1; i >= 0; i-- {
			if without(t, list[i], steps[1:], null) {
				return true
			}
		}
		return false
	}
	return without(t, value, steps[1:], null)
}

// A document from which something that decides was removed is refused, and its host has no such facts: it would look
// healthier than it is.
func TestADocumentThatLacksAKeyIsRefused(t *testing.T) {
	tried := 0
	for _, name := range []string{"galera", "pacemaker", "haproxy"} {
		for _, path := range Needed(name) {
			for _, null := range []bool{false, true} {
				var e map[string]any
				if err := json.Unmarshal(raw(t, 0), &e); err != nil {
					t.Fatal(err)
				}
				steps := strings.Split(path, ".")
				if null && strings.HasSuffix(steps[len(steps)-1], "?") || !without(t, e[name], steps, null) {
					continue // null is allowed, or the lab has no such element
				}
				tried++
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				h, err := DecodeHost(text)
				if err != nil || len(h.Errors) != 1 || h.Errors[0].Source != name ||
					h.Errors[0].Where != "controller-0" ||
					!strings.HasPrefix(h.Errors[0].Message, "it lacks ") {
					t.Errorf("%s without %s: %v %+v", name, path, err, h.Errors)
				}
				if has := map[string]bool{"galera": h.Galera != nil, "pacemaker": h.Pacemaker != nil,
					"haproxy": h.HAProxy != nil}; has[name] || len(has) != 3 {
					t.Errorf("%s without %s: %v", name, path, has)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d keys were removed", tried)
	}
}

func TestAnEntryThatIsNoHostsIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "facts: an entry is not a host's", `{`: "facts: an entry is not a host's",
		`{}`:         "facts: an entry has no name",
		`{"name":7}`: "facts: an entry is not a host's", `{"galera":{}}`: "facts: an entry has no name",
	} {
		if _, err := DecodeHost([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		`{"name":"a"}`: "", `{"name":"a","galera":null,"pacemaker":null,"haproxy":null}`: "",
		`{"name":"a","galera":[]}`: "galera ", `{"name":"a","haproxy":"x"}`: "haproxy ",
		`{"name":"a","galera":{},"pacemaker":{}}`: "galera it lacks present, gathered_at, host, errors, running, " +
			"server and 5 more; pacemaker it lacks present,",
	} {
		h, err := DecodeHost([]byte(text))
		var got []string
		for _, e := range h.Errors {
			got = append(got, e.Source+" "+e.Message)
		}
		if all := strings.Join(got, "; "); err != nil || !strings.HasPrefix(all, want) || want == "" && all != "" ||
			h.Galera != nil || h.Pacemaker != nil || h.HAProxy != nil {
			t.Errorf("%s: %v, %s", text, err, all)
		}
	}
}

// recipe makes hosts of few names, so that they often meet: twelve bytes a host.
func recipe(bytes []byte) (hosts []Host) {
	names := []string{"", "a", "b", "c", "a.example", "A", "10.0.0.1", "b.example"}
	for ; len(bytes) >= 12 && len(hosts) < 5; bytes = bytes[12:] {
		pick := func(i int) string { return names[int(bytes[i])%len(names)] }
		bit := func(i int) bool { return bytes[10]>>i&1 == 1 }
		head := reading.Header{Present: bit(0), Host: reading.Host{Name: pick(1), Addresses: []string{pick(2)}}}
		h := Host{Name: pick(0) + fmt.Sprint(len(hosts)), Unreachable: bytes[11]%8 == 0}
		if bit(1) {
			h.Galera = &galera.Facts{Header: head, Running: bit(2)}
			h.Galera.Wsrep = galera.Wsrep{ClusterStateUUID: pick(3), NodeName: pick(4), GcommUUID: pick(5),
				ClusterSize: int(bytes[5]) % 5, ClusterStatus: galera.ClusterPrimary,
				ClusterAddress: "gcomm://" + pick(6)}
			h.Galera.Server.Hostname, h.Galera.Server.UID = pick(7), pick(8)
		}
		if bit(3) {
			h.Pacemaker = &pacemaker.Facts{Header: head, Connected: bit(4), LocalNode: pick(9), Quorum: bit(5),
				Nodes: []crmmon.Node{{Name: pick(3)}, {Name: pick(4)}},
				Resources: []crmmon.Resource{{ID: "galera", Agent: "ocf:heartbeat:galera", Node: pick(5),
					Active: true}}}
			if bit(6) {
				h.Pacemaker.Galera = &cib.Galera{Resource: "galera", HostMap: map[string]string{pick(6): pick(7)},
					Nodes: []string{pick(8)}, ClusterAddress: []string{pick(9)}}
			}
		}
		if bit(7) {
			h.HAProxy = &haproxy.Facts{Header: head, Running: true, Database: &haproxy.Database{Backend: "db"},
				Proxies: []stats.Proxy{{Name: "db", Servers: []stats.Server{{Name: pick(3), Address: pick(2)},
					{Name: pick(4)}}}}}
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// Whatever the hosts report: each is in one cluster or left out, a name without a conflict means one member, and the
// order of the hosts changes nothing.
func FuzzJoin(f *testing.F) {
	for _, seed := range []string{"", "0123456789ab0123456789ab", "\x01\x01\x02\x01\x01\x01\x01\x01\x01\x01\xff\x01" +
		"\x02\x02\x06\x01\x02\x02\x02\x02\x02\x02\xff\x01" + "\x02\x04\x06\x03\x02\x02\x02\x02\x02\x01\xff\x08"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		join := func(hosts []Host) (described []string) {
			members, err := Members(hosts, 0, maxAge)
			if err != nil {
				t.Fatal(err)
			}
			j := Join(members)
			seen := map[*Member]bool{}
			for _, c := range j.Clusters {
				nodes := map[string]bool{}
				for _, m := range c.Members {
					if seen[m] || len(c.Conflicts) == 0 && m.Node != "" && nodes[Lower(m.Node)] {
						t.Fatalf("%s is given twice", m.Name)
					}
					seen[m], nodes[Lower(m.Node)] = true, true
					described = append(described, m.Name, m.Node, m.Server, m.Galera, fmt.Sprint(m.RunsDatabase))
				}
				described = append(described, c.Title(), strings.Join(c.Conflicts, ";"), strings.Join(c.Missing(), ";"))
			}
			if len(seen)+len(j.Warnings) != len(members) {
				t.Fatalf("%d of %d members, %q", len(seen), len(members), j.Warnings)
			}
			return described
		}
		hosts := recipe(bytes)
		one := join(hosts)
		slices.Reverse(hosts)
		if two := join(hosts); !slices.Equal(one, two) {
			t.Errorf("%q in one order, %q in the other", one, two)
		}
	})
}
