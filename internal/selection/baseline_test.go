// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

const (
	testNow  = 1_800_000_000.0
	testUUID = "5bcd8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11"
	testVIP  = "10.99.0.10"
)

// world is a cluster whose documents a test may change; each host has its own copies.
type world struct{ hosts []topology.Host }

// healthy returns a cluster of n controllers: controller-0 serves, controller-1 holds the VIP.
func healthy(n int) *world { return named(n, testUUID, "controller-", "10.99.0.", testVIP) }

func named(n int, uuid, prefix, net, vip string) *world {
	w := &world{}
	for i := range n {
		w.hosts = append(w.hosts, host(i, n, uuid, prefix, net, vip))
	}
	return w
}

func short(prefix string, i int) string { return fmt.Sprintf("%s%d", prefix, i) }

func fqdn(prefix string, i int) string { return short(prefix, i) + ".internalapi.localdomain" }

func host(i, n int, uuid, prefix, net, vip string) topology.Host {
	head := reading.Header{Present: true, GatheredAt: testNow - 3, Duration: 0.3, Errors: []reading.Error{},
		Host: reading.Host{
			Name: short(prefix, i), Addresses: []string{fmt.Sprintf("%s%d", net, 11+i), "fd00::1"}}}
	if i == 1 {
		head.Host.Addresses = append(head.Host.Addresses, vip)
	}
	return topology.Host{Name: short(prefix, i), Galera: database(head, i, n, uuid, prefix, vip),
		Pacemaker: manager(head, i, n, prefix, vip),
		HAProxy:   proxy(head, i, n, prefix, vip)}
}

func database(head reading.Header, i, n int, uuid, prefix, vip string) *galera.Facts {
	g := &galera.Facts{Header: head, Running: true}
	g.Server = galera.Server{Hostname: short(prefix, i), UID: fmt.Sprintf("uid-%s-%d", uuid, i),
		Version: "10.11.19-MariaDB", Uptime: 90000}
	g.Wsrep = galera.Wsrep{On: true, State: galera.StateSynced, ClusterStatus: galera.ClusterPrimary, Ready: true,
		Connected:   true,
		ClusterSize: n, ClusterName: "galera_cluster", ClusterStateUUID: uuid, ClusterConfID: 12,
		NodeName:       short(prefix, i),
		ClusterAddress: "gcomm://", GcommUUID: fmt.Sprintf("%s-%d", uuid, i), LocalIndex: i, LastCommitted: 100000}
	g.Sample = galera.Sample{Window: 0.25, Committed: 40, Questions: 1}
	g.Sessions = []galera.Session{}
	g.Storage = galera.Storage{DatadirTotal: 100 << 30, DatadirFree: 60 << 30}
	for k := range n {
		if k > 0 {
			g.Wsrep.ClusterAddress += ","
		}
		g.Wsrep.ClusterAddress += fqdn(prefix, k)
	}
	if i == 0 {
		g.Sessions = []galera.Session{{User: "nova", Source: vip, Count: 12, Active: 1}}
		g.Sample.Replicated, g.Sample.LocalCommit, g.Sample.Questions = 40, 40, 300
	}
	return g
}

func manager(head reading.Header, i, n int, prefix, vip string) *pacemaker.Facts {
	p := &pacemaker.Facts{Header: head, Connected: true, FailCounts: []crmmon.FailCount{}, Bans: []crmmon.Ban{},
		Locks: []cib.Lock{}, Fencing: []crmmon.FencingEvent{},
		LocalNode: short(prefix, i), Version: "2.1.5", ClusterName: "tripleo_cluster",
		DC: short(prefix, 0), Quorum: true, Symmetric: true}
	p.Galera = &cib.Galera{Resource: "galera", Parent: "galera-master", HostMap: map[string]string{}, PromotedMax: n,
		Managed: true}
	for k := range n {
		node := short(prefix, k)
		p.Nodes = append(p.Nodes, crmmon.Node{Name: node, ID: fmt.Sprint(k + 1), Type: crmmon.NodeMember, Online: true,
			ExpectedUp: true, IsDC: k == 0})
		p.Resources = append(p.Resources,
			crmmon.Resource{ID: "galera", Agent: "ocf:heartbeat:galera", Role: crmmon.RolePromoted,
				Parent:     "galera-master",
				ParentKind: "promotable", Active: true, Managed: true, Node: node},
			crmmon.Resource{ID: "haproxy", Agent: "systemd:haproxy", Role: crmmon.RoleStarted, Parent: "haproxy-clone",
				ParentKind: "clone", Active: true, Managed: true, Node: node})
		p.Galera.Nodes = append(p.Galera.Nodes, node)
		p.Galera.ClusterAddress = append(p.Galera.ClusterAddress, fqdn(prefix, k))
		p.Galera.HostMap[node] = fqdn(prefix, k)
	}
	p.Resources = append(p.Resources, crmmon.Resource{ID: "ip-" + vip, Agent: "ocf:heartbeat:IPaddr2",
		Role:      crmmon.RoleStarted,
		Singleton: true, Active: true, Managed: true, Node: short(prefix, 1)})
	p.VIPs = []pacemaker.VIP{{Resource: "ip-" + vip, Address: vip, Node: short(prefix, 1)}}
	return p
}

func proxy(head reading.Header, i, n int, prefix, vip string) *haproxy.Facts {
	h := &haproxy.Facts{Header: head, Running: true, Level: cfg.LevelUser, Version: "2.6.12", Uptime: 90000,
		Processes: 1, Window: 0.25}
	h.Database = &haproxy.Database{Frontend: "mysql", Backend: "mysql", Binds: []string{vip + ":3306"}, Sticky: true,
		StickKey:   "dst",
		UseServers: []string{}, Unmodelled: []string{}, Unread: []string{}}
	h.Pools = []haproxy.Database{}
	mysql := stats.Proxy{Name: "mysql", Mode: "tcp", Table: &stats.Table{Name: "mysql", Type: "ip", Size: 1000, Used: 1,
		Entries: []stats.Entry{}}}
	for k := range n {
		s := stats.Server{Name: fqdn(prefix, k), Status: stats.StatusUp, Raw: "UP", Backup: true, Weight: 1, ID: k + 1,
			LastSession: -1, CheckStatus: "L7OK", CheckCode: 200}
		if k == 0 && i == 1 {
			s.CurrentSessions, s.TotalSessions, s.NewSessions, s.LastSession = 12, 40, 1, 0
		}
		mysql.Servers = append(mysql.Servers, s)
	}
	h.Proxies = []stats.Proxy{mysql}
	return h
}

// managers changes every host's Pacemaker document, because all hosts see the same cluster.
func (w *world) managers(change func(*pacemaker.Facts)) {
	for i := range w.hosts {
		if w.hosts[i].Pacemaker != nil {
			change(w.hosts[i].Pacemaker)
		}
	}
}

// node changes one node's entry in every Pacemaker document.
func (w *world) node(i int, change func(*crmmon.Node)) {
	w.managers(func(p *pacemaker.Facts) { change(&p.Nodes[i]) })
}

// resource changes the instance of a resource on one node, in every Pacemaker document.
func (w *world) resource(id string, i int, change func(*crmmon.Resource)) {
	w.managers(func(p *pacemaker.Facts) {
		for k := range p.Resources {
			if p.Resources[k].ID == id && p.Resources[k].Node == p.Nodes[i].Name {
				change(&p.Resources[k])
			}
		}
	})
}

// line returns one server's line in one host's HAProxy.
func (w *world) line(proxyOn, server int) *stats.Server {
	return &w.hosts[proxyOn].HAProxy.Proxies[0].Servers[server]
}

// down makes every HAProxy see a server as down.
func (w *world) down(i int) {
	for h := range w.hosts {
		if p := w.hosts[h].HAProxy; p != nil && len(p.Proxies) > 0 {
			w.line(h, i).Status, w.line(h, i).Raw, w.line(h, i).CheckStatus, w.line(h, i).CheckCode = stats.StatusDown,
				"DOWN", "L7STS", 503
		}
	}
}

// stop stops the database of a controller: the server, its resource, its line.
func (w *world) stop(i int) {
	g := w.hosts[i].Galera
	*g = galera.Facts{Header: g.Header, Sessions: []galera.Session{},
		Grastate: &galera.Grastate{UUID: testUUID, Seqno: -1}}
	g.Errors = []reading.Error{{Source: "sql", Where: "/run/mysqld/mysqld.sock", Message: "connection refused"}}
	w.resource("galera", i, func(r *crmmon.Resource) { r.Role, r.Active, r.Node = crmmon.RoleStopped, false, "" })
	w.down(i)
	for k := range w.hosts {
		if other := w.hosts[k].Galera; other != nil && other.Running {
			other.Wsrep.ClusterSize--
			other.Wsrep.ClusterConfID++
		}
	}
}

// quiet removes all client sessions.
func (w *world) quiet() {
	w.hosts[0].Galera.Sessions, w.hosts[0].Galera.Sample.Replicated = nil, 0
	for h := range w.hosts {
		w.hosts[h].HAProxy.Proxies[0].Table.Used = 0
		for s := range w.hosts[h].HAProxy.Proxies[0].Servers {
			w.line(h, s).CurrentSessions, w.line(h, s).NewSessions, w.line(h, s).LastSession, w.line(h,
				s).TotalSessions = 0, 0, -1, 0
		}
	}
}

// serve moves the clients of controller-0 to another controller.
func (w *world) serve(i int) {
	from, to := w.hosts[0].Galera, w.hosts[i].Galera
	to.Sessions, from.Sessions = from.Sessions, nil
	to.Sample, from.Sample = from.Sample, to.Sample
	old := *w.line(1, 0)
	w.line(1, 0).CurrentSessions, w.line(1, 0).NewSessions, w.line(1, 0).LastSession = 0, 0, 600
	w.line(1, i).CurrentSessions, w.line(1, i).NewSessions, w.line(1, i).LastSession = old.CurrentSessions,
		old.NewSessions, old.LastSession
}

func options() Options {
	o := Defaults()
	o.Now, o.Limits = testNow, condition.Limits{}
	return o
}

// outcome is a decision, and judged one of its controllers.
type outcome struct{ decision.Decision }

type judged struct{ decision.Controller }

func decide(t testing.TB, hosts []topology.Host, o Options) outcome {
	t.Helper()
	d, err := Decide(hosts, o)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{d}
}

// of returns a controller of the decision by its inventory name.
func (d outcome) of(name string) judged {
	for _, c := range d.Clusters {
		for _, k := range c.Controllers {
			if k.Name == name {
				return judged{k}
			}
		}
	}
	return judged{}
}

func (k judged) codes() []condition.Code {
	list := []condition.Code{}
	for _, r := range k.Reasons {
		list = append(list, r.Code)
	}
	return list
}

// wants is the expected decision. Controllers that are not in reasons must have none.
type wants struct {
	chosen  string
	active  []string
	reasons map[string][]condition.Code
}

func (w wants) check(t *testing.T, d outcome) {
	t.Helper()
	if d.Chosen != w.chosen {
		t.Errorf("chosen: got %q, want %q", d.Chosen, w.chosen)
	}
	if !slices.Equal(d.Active, w.active) {
		t.Errorf("active: got %v, want %v", d.Active, w.active)
	}
	for _, c := range d.Clusters {
		for _, k := range c.Controllers {
			if !slices.Equal(judged{k}.codes(), w.reasons[k.Name]) {
				t.Errorf("%s: reasons: got %v, want %v", k.Name, judged{k}.codes(), w.reasons[k.Name])
			}
		}
	}
	if t.Failed() {
		t.Logf("\n%s", d.Text)
	}
}
