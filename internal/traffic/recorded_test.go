// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// lab is what the facts modules returned of the lab under load, each document a copy of its own: MariaDB 10.11.18,
// Pacemaker 2.1.5, HAProxy 2.6.12. controller-0 holds the VIP, and its server has the 8 sessions.
func lab(t *testing.T) []topology.Host {
	t.Helper()
	var hosts []topology.Host
	for i := range 3 {
		content, err := os.ReadFile(fmt.Sprintf("../selection/testdata/lab-%d.json", i))
		if err != nil {
			t.Fatal(err)
		}
		h, err := topology.DecodeHost(content)
		if err != nil || len(h.Errors) > 0 {
			t.Fatal(err, h.Errors)
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// observed is what is found out about the lab after a change, right after it was read.
func observed(t *testing.T, change func([]topology.Host), o Rules) *Traffic {
	t.Helper()
	hosts := lab(t)
	at := hosts[2].HAProxy.GatheredAt
	change(hosts)
	members, err := topology.Members(hosts, at, 120)
	if err != nil {
		t.Fatal(err)
	}
	joined := topology.Join(members).Clusters
	if len(joined) != 1 {
		t.Fatalf("%d clusters", len(joined))
	}
	return Observe(joined[0], o)
}

func unchanged([]topology.Host) {}

// both makes one change of two.
func both(first, second func([]topology.Host)) func([]topology.Host) {
	return func(h []topology.Host) { first(h); second(h) }
}

// proxies changes the HAProxy of every host, databases its configuration.
func proxies(change func(*haproxy.Facts)) func([]topology.Host) {
	return func(hosts []topology.Host) {
		for i := range hosts {
			change(hosts[i].HAProxy)
		}
	}
}

func databases(change func(*haproxy.Database)) func([]topology.Host) {
	return proxies(func(p *haproxy.Facts) { change(p.Database) })
}

func managers(change func(*pacemaker.Facts)) func([]topology.Host) {
	return func(hosts []topology.Host) {
		for i := range hosts {
			change(hosts[i].Pacemaker)
		}
	}
}

// quiet takes the clients away, from the servers and from what HAProxy has counted.
func quiet(hosts []topology.Host) {
	for i := range hosts {
		hosts[i].Galera.Sessions, hosts[i].Galera.Sample.Replicated = nil, 0
		for k := range 3 {
			s := line(hosts[i].HAProxy, k)
			s.CurrentSessions, s.NewSessions, s.TotalSessions, s.LastSession = 0, 0, 0, -1
		}
		table(hosts[i].HAProxy).Used = 0
	}
}

func mysql(p *haproxy.Facts) *stats.Proxy        { return p.Proxy("mysql") }
func line(p *haproxy.Facts, i int) *stats.Server { return &mysql(p).Servers[i] }
func table(p *haproxy.Facts) *stats.Table        { return mysql(p).Table }
func failed(source string) []reading.Error       { return []reading.Error{{Source: source, Message: "why"}} }
func server(change func(*galera.Facts)) func(topology.Host) {
	return func(h topology.Host) { change(h.Galera) }
}

// activities are those of the three controllers: A, I or U each.
func activities(c *Traffic) string {
	var all strings.Builder
	for _, m := range c.Members {
		all.WriteString(strings.ToUpper(string(c.Activity(m)) + "-")[:1])
	}
	return all.String()
}

// says reports that a source says so of a controller, in a statement that begins with, or contains, a text.
func says(c *Traffic, i int, a decision.Activity, text string) bool {
	return slices.ContainsFunc(c.Evidence(c.Members[i], a), func(s string) bool { return strings.Contains(s, text) })
}

func TestTheLabServesAtOneController(t *testing.T) {
	c := observed(t, unchanged, Rules{})
	if c.VIP.Holder == nil || c.VIP.Holder.Name != "controller-0" || c.VIP.Address != "10.99.0.100" ||
		c.VIP.Problem != "" {
		t.Errorf("%+v", c.VIP)
	}
	if got := activities(c); got != "AII" {
		t.Error(got)
	}
	for _, text := range []string{"HAProxy on controller-0 (VIP): 8 sessions, 0 new in 0.2",
		"MariaDB: 8 client sessions " +
			"(openstack from 10.99.0.10), 55.6",
		"HAProxy on controller-0 would send the next client here: it had the last " +
			"session, 28 s ago"} {
		if !says(c, 0, decision.Active, text) {
			t.Errorf("%q is not among %q", text, c.Evidence(c.Members[0], decision.Active))
		}
	}
	for _, text := range []string{"HAProxy on controller-0 (VIP): 0 sessions, 0 new",
		"HAProxy on controller-1: 0 sessions",
		"HAProxy on controller-2: 0 sessions", "MariaDB: no client sessions, no write-sets of its own in 0.25"} {
		if !says(c, 1, decision.Idle, text) {
			t.Errorf("%q is not among %q", text, c.Evidence(c.Members[1], decision.Idle))
		}
	}
	if s, host := c.Backend(c.Members[0], Rules{}); s == nil || s.CurrentSessions != 8 || host != "controller-0" {
		t.Errorf("%+v, %s", s, host)
	}
	for _, m := range c.Members {
		if got := c.Unread(m); len(got) > 0 {
			t.Errorf("%s: %q", m.Name, got)
		}
	}
}

// Only the HAProxy of the VIP's holder carries clients; a holder that is guessed would make its clients invisible.
func TestTheVIPHasOneHolderOrNone(t *testing.T) {
	move := func(node string) func([]topology.Host) {
		return managers(func(p *pacemaker.Facts) { p.VIPs[0].Node = node })
	}
	gone := func(h []topology.Host) { // from the addresses of its host
		for _, head := range []*reading.Header{&h[0].Galera.Header, &h[0].Pacemaker.Header, &h[0].HAProxy.Header} {
			head.Host.Addresses = []string{"10.99.0.10"}
		}
	}
	bind := func(binds ...string) func([]topology.Host) {
		return databases(func(d *haproxy.Database) { d.Binds = binds })
	}
	unmanaged := managers(func(p *pacemaker.Facts) { p.VIPs = nil })
	each := func(h []topology.Host) {
		unmanaged(h)
		for i := range h {
			h[i].HAProxy.Database.Binds = []string{fmt.Sprintf("10.99.0.1%d:3306", i), "127.0.0.1:3306"}
		}
	}
	const nameIt = "name the VIP of the database with controller_backup_vip"
	for name, c := range map[string]struct {
		change  func([]topology.Host)
		given   []string
		holder  string
		problem string
		address string
	}{
		"its host has the address": {unmanaged, nil, "controller-0", "", "10.99.0.100"},
		"Pacemaker has it there":   {gone, nil, "controller-0", "", "10.99.0.100"},
		"nobody has it": {both(gone, move("")), nil, "", "nobody holds the VIP 10.99.0.100",
			"10.99.0.100"},
		"nobody, and no Pacemaker": {both(gone, unmanaged), nil, "", "nobody holds the VIP 10.99.0.100",
			"10.99.0.100"},
		"Pacemaker has it elsewhere": {move("Controller-1"), nil, "",
			"is held by more than one: controller-0 or controller-1", "10.99.0.100"},
		"Pacemaker has it outside": {both(gone, move("proxy-9")), nil, "",
			"Pacemaker has the VIP 10.99.0.100 on proxy-9, which is not one of the hosts", "10.99.0.100"},
		"the operator names another": {unchanged, []string{"10.99.0.11"}, "controller-1", "", "10.99.0.11"},
		"the operator names no address": {unchanged, []string{"vip.example"}, "",
			"no HAProxy reported the address", ""},
		"a line was not understood": {databases(func(d *haproxy.Database) { d.Unread = []string{"bind @x"} }),
			nil, "", "a part of HAProxy's configuration on controller-0 was not understood: bind @x", ""},
		"not understood, but named": {databases(func(d *haproxy.Database) { d.Unread = []string{"bind @x"} }),
			[]string{"10.99.0.100"}, "controller-0", "", "10.99.0.100"},
		"every address, and Pacemaker's": {bind("*:3306"), nil, "controller-0", "", "10.99.0.100"},
		"every address of IPv6":          {bind("[::]:3306"), nil, "controller-0", "", "10.99.0.100"},
		"every address, without Pacemaker": {both(bind("*:3306"), unmanaged), nil, "",
			"HAProxy listens for the database on *:3306, which is every address of a host or a name: " + nameIt, ""},
		"a name": {both(bind("vip:3306"), unmanaged), nil, "",
			"on vip:3306, which is every address", ""},
		"the VIP and a host's": {bind("10.99.0.100:3306", "10.99.0.12:3306"), nil, "controller-0", "",
			"10.99.0.100"},
		"each its own": {each, nil, "",
			"each HAProxy listens for the database only on addresses of its own host (10.99.0.10, 10.99.0.11, " +
				"10.99.0.12, 127.0.0.1): " + nameIt, ""},
		"each its own, Pacemaker moves one": {func(h []topology.Host) {
			vips := h[0].Pacemaker.VIPs
			each(h)
			vips[0].Address, vips[0].Node = "10.99.0.12", "controller-2"
			managers(func(p *pacemaker.Facts) { p.VIPs = vips })(h)
		}, nil, "controller-2", "", "10.99.0.12"},
		"no address at all": {bind(), nil, "", "no HAProxy reported the address on which it listens for the database",
			""},
		"no HAProxy at all": {func(h []topology.Host) { h[0].HAProxy, h[1].HAProxy, h[2].HAProxy = nil, nil, nil },
			nil, "", "no HAProxy reported the address", ""},
		"two on one host": {both(bind("10.99.0.100:3306", "10.99.0.101:3306"), managers(func(p *pacemaker.Facts) {
			p.VIPs = append(p.VIPs, pacemaker.VIP{Address: "10.99.0.101", Node: "controller-0"})
		})), nil, "controller-0", "", "10.99.0.100, 10.99.0.101"},
		"two on two hosts, every address": {both(bind("*:3306"), managers(func(p *pacemaker.Facts) {
			p.VIPs = append(p.VIPs, pacemaker.VIP{Address: "10.99.0.101", Node: "controller-1"})
		})), nil, "", "is held by more than one: controller-0 or controller-1; " + nameIt, "10.99.0.100, 10.99.0.101"},
		"its host is silent": {func(h []topology.Host) { h[0].Unreachable = true }, nil, "controller-0", "",
			"10.99.0.100"},
		"its host is silent, and no Pacemaker": {func(h []topology.Host) { unmanaged(h); h[0].Unreachable = true },
			nil, "",
			"nobody holds the VIP", "10.99.0.100"},
	} {
		v := observed(t, c.change, Rules{VIP: c.given}).VIP
		holder := ""
		if v.Holder != nil {
			holder = v.Holder.Name
		}
		if holder != c.holder || !strings.Contains(v.Problem, c.problem) || (c.problem == "") != (v.Problem == "") ||
			v.Address != c.address {
			t.Errorf("%s: %q %q %q", name, holder, v.Address, v.Problem)
		}
	}
}

// Every way in which the statistics of the VIP holder's HAProxy may not count leaves the spares unknown, which is never
// idle.
func TestAProxyThatCannotBeBelievedLeavesNobodyIdle(t *testing.T) {
	at := func(change func(*haproxy.Facts)) func([]topology.Host) {
		return func(h []topology.Host) { change(h[0].HAProxy) }
	}
	for name, c := range map[string]struct {
		change func([]topology.Host)
		why    string
	}{
		"out of reach": {func(h []topology.Host) { h[0].Unreachable = true },
			"the host is unreachable or gave no facts"},
		"no document": {func(h []topology.Host) { h[0].HAProxy = nil },
			"haproxy_facts were not gathered on controller-0"},
		"none there": {at(func(p *haproxy.Facts) { p.Present, p.Running = false, false }), "there is none"},
		"no answer": {at(func(p *haproxy.Facts) { p.Running, p.Errors = false, failed("socket") }),
			"it did not answer (socket: why)"},
		"no database": {at(func(p *haproxy.Facts) { p.Database = nil }),
			"no proxy of it was found to front the database"},
		"no second reading": {at(func(p *haproxy.Facts) { p.Errors = failed(haproxy.SourceSample) }),
			"its second sample failed: why"},
		"one look": {at(func(p *haproxy.Facts) { p.Window = 0 }),
			"it was read once, which shows no new sessions"},
		"two processes": {at(func(p *haproxy.Facts) { p.Processes = 2 }),
			"it runs 2 processes and its statistics are those of one"},
		"others unseen": {at(func(p *haproxy.Facts) { p.Errors = failed(haproxy.SourceProcesses) }), "why"},
		"no process": {at(func(p *haproxy.Facts) { p.Errors = failed(haproxy.SourceInfo) }),
			"it did not report its process: why"},
		"an unknown number of processes": {at(func(p *haproxy.Facts) { p.Processes = 0 }),
			"it did not report how many processes it has"},
		"it just started": {at(func(p *haproxy.Facts) { p.Uptime = 9 }), "it started 9 s ago (limit 10 s)"},
	} {
		o := Rules{MinProxyUptime: 10, VIP: []string{"10.99.0.100"}}
		traffic := observed(t, both(quiet, c.change), o)
		text := "HAProxy on controller-0 (VIP): " + c.why
		if got := activities(traffic); strings.Contains(got[1:], "I") || !says(traffic, 1, decision.Unknown, text) {
			t.Errorf("%s: %s, %q", name, got, traffic.Evidence(traffic.Members[1], decision.Unknown))
		}
		if s, host := traffic.Backend(traffic.Members[1], o); s != nil || host != "" {
			t.Errorf("%s: %+v at %s", name, s, host)
		}
		if missing := len(traffic.Unread(traffic.Members[1])) == 0; missing != (name == "out of reach") {
			t.Errorf("%s: unread %q", name, traffic.Unread(traffic.Members[1]))
		}
	}
	young := at(func(p *haproxy.Facts) { p.Uptime = 10 })
	if got := activities(observed(t, both(quiet, young), Rules{MinProxyUptime: 10})); got[1:] != "II" && got != "AAA" {
		t.Errorf("a HAProxy of the least age: %s", got)
	}
}

// Sessions may live on at a HAProxy that had the VIP before. One that did not answer may have some.
func TestTheOtherProxiesAreAskedToo(t *testing.T) {
	stop := func(h []topology.Host) { h[2].HAProxy.Running = false }
	inactive := managers(func(p *pacemaker.Facts) {
		for i, r := range p.Resources {
			if r.ID == "haproxy" && r.Node == "controller-2" {
				p.Resources[i].Active = false
			}
		}
	})
	unmanaged := managers(func(p *pacemaker.Facts) {
		p.Resources = slices.DeleteFunc(p.Resources, func(r crmmon.Resource) bool { return r.ID == "haproxy" })
	})
	for name, c := range map[string]struct {
		change func([]topology.Host)
		want   string
	}{
		"no sessions":                   {unchanged, "AII"},
		"old sessions":                  {func(h []topology.Host) { line(h[2].HAProxy, 1).CurrentSessions = 1 }, "AAI"},
		"new sessions":                  {func(h []topology.Host) { line(h[2].HAProxy, 1).NewSessions = 1 }, "AAI"},
		"no answer":                     {stop, "AUU"},
		"stopped, as Pacemaker reports": {both(stop, inactive), "AII"},
		"an error that Pacemaker reports": {both(both(stop, inactive),
			func(h []topology.Host) { h[2].HAProxy.Errors = failed("socket") }), "AII"},
		"stopped, nobody manages": {both(stop, unmanaged), "AII"},
		"an error, nobody manages": {both(both(stop, unmanaged),
			func(h []topology.Host) { h[2].HAProxy.Errors = failed("socket") }), "AUU"},
		"none there, nobody manages": {both(both(stop, unmanaged), func(h []topology.Host) {
			h[2].HAProxy.Errors, h[2].HAProxy.Present = failed("socket"), false
		}), "AII"},
		"it is young, without the VIP": {func(h []topology.Host) { h[2].HAProxy.Uptime = 1 }, "AII"},
		"one is not one of the hosts": {managers(func(p *pacemaker.Facts) {
			p.Galera.HostMap["controller-3"] = "c3"
		}), "AUU"},
	} {
		if got := activities(observed(t, c.change, Rules{MinProxyUptime: 10})); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestAServerReportsItsOwnClients(t *testing.T) {
	session := galera.Session{User: "nova", Source: "10.0.0.1", Count: 1}
	for name, c := range map[string]struct {
		change func(topology.Host)
		want   string
		says   decision.Activity
		text   string
	}{
		"none": {func(topology.Host) {}, "I", decision.Idle, "no client sessions"},
		"one session": {server(func(g *galera.Facts) { g.Sessions = []galera.Session{session} }), "A",
			decision.Active, "1 client session (nova from 10.0.0.1)"},
		"more than three": {server(func(g *galera.Facts) {
			for _, user := range []string{"d", "c", "b", "a", "e"} {
				g.Sessions = append(g.Sessions, galera.Session{User: user, Source: "x", Count: 2})
			}
		}), "A", decision.Active, "10 client sessions (a from x, b from x, c from x, 2 more)"},
		"write-sets": {server(func(g *galera.Facts) { g.Sample.Replicated = 0.5 }), "A", decision.Active,
			"0.5 write-sets/s of its own"},
		"one look": {server(func(g *galera.Facts) { g.Sample.Window = 0 }), "U", decision.Unknown,
			"it was read once"},
		"not read": {server(func(g *galera.Facts) { g.Errors = failed("sessions") }), "U", decision.Unknown,
			"sessions was not read: why"},
		"other facts": {server(func(g *galera.Facts) { g.Errors = failed("sizes") }), "I", decision.Idle,
			"no client sessions"},
		"clients, and not all read": {server(func(g *galera.Facts) {
			g.Sessions, g.Errors = []galera.Session{session}, failed("status")
		}), "A", decision.Unknown, "status was not read: why"},
		"stopped": {server(func(g *galera.Facts) { g.Running, g.Present = false, false }), "I", decision.Idle,
			"not running, so no sessions"},
		"no answer": {server(func(g *galera.Facts) { g.Running, g.Errors = false, failed("login") }), "U",
			decision.Unknown, "it was not read (login: why)"},
	} {
		traffic := observed(t, func(h []topology.Host) { c.change(h[1]) }, Rules{})
		if got := activities(traffic)[1:2]; got != c.want || !says(traffic, 1, c.says, "MariaDB: "+c.text) &&
			!says(traffic, 1, c.says, c.text) {
			t.Errorf("%s: %s, %q", name, got, traffic.Evidence(traffic.Members[1], c.says))
		}
	}
	traffic := observed(t, func(h []topology.Host) { h[1].Galera = nil }, Rules{})
	if !says(traffic, 1, decision.Unknown, "MariaDB: galera_facts were not gathered on controller-1") {
		t.Errorf("%q", traffic.Evidence(traffic.Members[1], decision.Unknown))
	}
}

func TestAControllerBehindNoServerIsUnknown(t *testing.T) {
	gone := proxies(func(p *haproxy.Facts) { mysql(p).Servers = mysql(p).Servers[:2] })
	traffic := observed(t, gone, Rules{})
	if got := activities(traffic); got != "AIU" ||
		!says(traffic, 2, decision.Unknown, "HAProxy on controller-0 (VIP): none of its servers is controller-2") {
		t.Errorf("%s %q", got, traffic.Evidence(traffic.Members[2], decision.Unknown))
	}
	if s, _ := traffic.Backend(traffic.Members[2], Rules{}); s != nil {
		t.Errorf("%+v", s)
	}
}
