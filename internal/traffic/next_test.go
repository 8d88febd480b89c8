// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/topology"
)

// tripleo is a way as puppet-tripleo writes it: three backup servers, of which the first had the last session, and a
// stick table by destination that cannot be read.
func tripleo() way {
	servers := []stats.Server{up(1, true), up(2, true), up(3, true)}
	for i := range servers {
		servers[i].LastSession = -1
	}
	servers[1].LastSession, servers[1].TotalSessions = 28, 5
	facts := &haproxy.Facts{Running: true, Processes: 1, Uptime: 9000, Window: 0.25,
		Database: &haproxy.Database{Frontend: "mysql", Backend: "mysql", Binds: []string{"10.0.0.5:3306"}, Sticky: true,
			StickKey: "dst"},
		Proxies: []stats.Proxy{{Name: "mysql", Servers: servers, Table: &stats.Table{Type: "ip", Used: 1}}}}
	m := &topology.Member{Name: "c0", Host: topology.Host{HAProxy: facts}}
	return way{m, facts.Database, true}
}

// The next client of each way: the servers that may get it, each once. A server that is left out would be taken for a
// spare, and the first client of the morning meet a backup there.
func TestWhereTheNextClientGoes(t *testing.T) {
	readable := func(entries ...stats.Entry) func(way) {
		return func(w way) {
			*w.table() = stats.Table{Type: "ip", Used: int64(len(entries)), Readable: true, Entries: entries}
		}
	}
	down := func(w way, i int) { w.servers()[i].Status = stats.StatusDown }
	entry := stats.Entry{Key: "10.0.0.5", Server: "c"}
	for name, c := range map[string]struct {
		change func(way)
		want   string
	}{
		"one entry, one had a session":  {func(way) {}, "b"},
		"it is in DRAIN":                {func(w way) { w.servers()[1].Status = stats.StatusDrain }, "b"},
		"it has no weight":              {func(w way) { w.servers()[1].Weight = 0 }, "b"},
		"it is down":                    {func(w way) { down(w, 1) }, "a"},
		"it is in maintenance":          {func(w way) { w.servers()[1].Status = stats.StatusMaint }, "a"},
		"it is down, option persist":    {func(w way) { down(w, 1); w.d.Persist = true }, "b"},
		"two had their last together":   {func(w way) { w.servers()[2].LastSession = 28 }, "b c"},
		"a server with a later session": {func(w way) { w.servers()[2].LastSession = 27 }, "c"},
		"two entries":                   {func(w way) { w.table().Used = 2 }, "b a"},
		"two had sessions, two entries": {func(w way) { w.table().Used = 2; w.servers()[2].CurrentSessions = 1 },
			"b c a"},
		"entries that expire":          {func(w way) { w.d.StickExpires = true }, "b a"},
		"a table by source":            {func(w way) { w.d.StickKey = "src" }, "b a"},
		"two destinations":             {func(w way) { w.d.Binds = append(w.d.Binds, "10.0.0.6:3306") }, "b a"},
		"two ports of one destination": {func(w way) { w.d.Binds = append(w.d.Binds, "10.0.0.5:3307") }, "b"},
		"every address":                {func(w way) { w.d.Binds = []string{"*:3306"} }, "b a"},
		"an empty table":               {func(w way) { w.table().Used = 0 }, "b a"},
		"an empty table, it is down":   {func(w way) { w.table().Used = 0; down(w, 1) }, "a"},
		"an empty table, it may go down": {func(w way) {
			w.table().Used = 0
			w.servers()[1].Status, w.servers()[1].Raw = stats.StatusGoing, "UP 1/3"
		}, "b a"},
		"an empty table, it may come up": {func(w way) {
			w.table().Used = 0
			w.servers()[1].Status, w.servers()[1].Raw = stats.StatusGoing, "DOWN 1/2"
		}, "a"},
		"nothing sticks": {func(w way) { w.d.Sticky = false; w.at.Proxy().Proxies[0].Table = nil },
			"b a"},
		"it sticks without a table": {func(w way) { w.at.Proxy().Proxies[0].Table = nil }, "b"},
		"IPv6 fits no table of IPv4": {func(w way) { w.d.Binds = []string{"[fd00::5]:3306"}; w.table().Used = 0 },
			"b a"},
		"IPv6 in a table that is used": {func(w way) { w.d.Binds = []string{"[fd00::5]:3306"} }, "b"},
		"IPv6 in a table of its own": {func(w way) {
			w.d.Binds = []string{"[fd00::5]:3306"}
			w.table().Type = "ipv6"
		}, "b"},
		"the entry is read":            {readable(entry), "c"},
		"its server is down":           {func(w way) { readable(entry)(w); down(w, 2) }, "b a"},
		"another destination's entry":  {readable(stats.Entry{Key: "10.0.0.9", Server: "c"}), "c a"},
		"an entry of no server":        {readable(stats.Entry{Key: "10.0.0.5"}), "b a"},
		"an entry that expires":        {func(w way) { readable(entry)(w); w.d.StickExpires = true }, "c a"},
		"the table is empty when read": {readable(), "b a"},
		"a rule names a server":        {func(w way) { w.d.UseServers = []string{"c"} }, "c b"},
		"it names one that is down":    {func(w way) { w.d.UseServers = []string{"c"}; down(w, 2) }, "b"},
		"it makes the name":            {func(w way) { w.d.UseServers = []string{"%[src]"} }, "a b c"},
		"all are down":                 {func(w way) { down(w, 0); down(w, 1); down(w, 2) }, ""},
	} {
		w := tripleo()
		c.change(w)
		if why := doubt(w); why != "" {
			t.Errorf("%s: %s", name, why)
		}
		var got []string
		for _, n := range firstRules(next(w)) {
			if got = append(got, n.server.Name); n.rule == "" {
				t.Errorf("%s: no rule for %s", name, n.server.Name)
			}
		}
		if all := strings.Join(got, " "); all != c.want {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}

func TestWhatLeavesTheNextClientUnknown(t *testing.T) {
	peers := func(n int) func(way) { return func(w way) { w.d.StickPeers = n } }
	never := func(w way) { w.servers()[1].LastSession, w.servers()[1].TotalSessions = -1, 0 }
	for name, c := range map[string]struct {
		change func(way)
		want   string // the beginning, "" for no doubt
	}{
		"as it is": {func(way) {}, ""},
		"lines that are not modelled": {func(w way) { w.d.Unmodelled = []string{"hash-type", "http-reuse"} },
			"hash-type, http-reuse"},
		"it may still learn": {func(w way) { peers(1)(w); w.at.Proxy().Uptime = 14 },
			"the stick table has peers, and HAProxy started 14 s ago (limit 15 s)"},
		"it has learnt":       {func(w way) { peers(1)(w); w.at.Proxy().Uptime = 15 }, ""},
		"young, and no peers": {func(w way) { w.at.Proxy().Uptime = 0 }, ""},
		"one peer":            {peers(1), ""},
		"two peers": {peers(2),
			"the stick table has peers, and its 1 entry cannot be read; a stats socket"},
		"two peers, it is read":  {func(w way) { peers(2)(w); w.table().Readable = true }, ""},
		"two peers, it is empty": {func(w way) { peers(2)(w); w.table().Used = 0 }, ""},
		"two peers, nothing sticks": {func(w way) {
			peers(2)(w)
			w.d.Sticky = false
			w.at.Proxy().Proxies[0].Table = nil
		}, ""},
		"one peer, by source": {func(w way) { peers(1)(w); w.d.StickKey = "src" },
			"the stick table has peers"},
		"peers without a table": {func(w way) { peers(2)(w); w.at.Proxy().Proxies[0].Table = nil },
			"the stick table has peers, and it cannot be read"},
		"the sessions are younger": {never,
			"the stick table is older than the sessions that are counted, and its 1 entry"},
		"no session, no table, no peers": {func(w way) { never(w); w.at.Proxy().Proxies[0].Table = nil }, ""},
		"no session, no table, one peer": {func(w way) {
			never(w)
			peers(1)(w)
			w.at.Proxy().Proxies[0].Table = nil
		}, "the stick table is older than the sessions that are counted, and it cannot be read"},
		"a server without a last session": {func(w way) { w.servers()[1].LastSession = -1 }, ""},
		"a session at this moment, first": {func(w way) { never(w); w.servers()[0].CurrentSessions = 1 }, ""},
	} {
		w := tripleo()
		c.change(w)
		if got := doubt(w); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A doubt at the VIP's holder counts for every controller; one elsewhere for none, because no client comes there.
func TestADoubtOfTheHolderIsEverybodys(t *testing.T) {
	strange := func(i int) func([]topology.Host) {
		return both(quiet, func(h []topology.Host) { h[i].HAProxy.Database.Unmodelled = []string{"hash-type"} })
	}
	c := observed(t, strange(0), Rules{})
	if got := activities(c); got != "UUU" || !says(c, 2, decision.Unknown,
		"HAProxy on controller-0: where its next client goes cannot be determined: hash-type") {
		t.Errorf("%s %q", got, c.Evidence(c.Members[2], decision.Unknown))
	}
	if got := activities(observed(t, strange(1), Rules{})); got != "AII" {
		t.Errorf("elsewhere: %s", got)
	}
	c = observed(t, both(quiet, func(h []topology.Host) {
		line(h[0].HAProxy, 2).Status, line(h[0].HAProxy, 2).Raw = stats.StatusUnknown, "NEW"
	}), Rules{})
	if got := activities(c); got != "AIU" || !says(c, 2, decision.Unknown,
		`the status "NEW" of its server controller-2`) {
		t.Errorf("a status that is not known: %s %q", got, c.Evidence(c.Members[2], decision.Unknown))
	}
}

// pool adds a pool of readers to every HAProxy, of the database's servers with these names and addresses.
func pool(binds []string, servers ...stats.Server) func([]topology.Host) {
	return proxies(func(p *haproxy.Facts) {
		p.Pools = []haproxy.Database{{Frontend: "readers", Backend: "readers", Config: "/etc/haproxy/haproxy.cfg",
			Binds: binds}}
		p.Proxies = append(p.Proxies, stats.Proxy{Name: "readers", Servers: servers})
	})
}

// reader is a server of a pool without sessions.
func reader(name, address string) stats.Server {
	return stats.Server{Name: name, Address: address, Status: stats.StatusUp, Raw: "UP", Weight: 1, LastSession: -1}
}

func TestAPoolsClientsCountToo(t *testing.T) {
	vip := []string{"10.99.0.100:3307"}
	busy := reader("r2", "10.99.0.12:3306")
	busy.CurrentSessions = 2
	for name, c := range map[string]struct {
		change func([]topology.Host)
		want   string
	}{
		"no pool":                     {unchanged, "AII"},
		"a pool of readers, idle":     {pool(vip, reader("r1", "10.99.0.11:3306")), "AAI"}, // its next client
		"a pool with sessions":        {pool(vip, busy), "AIA"},
		"another cluster's":           {pool(vip, reader("x", "192.0.2.1:3306")), "AII"},
		"a server that nobody knows":  {pool(vip, reader("x", "")), "AUU"},
		"a server without an address": {pool(vip, reader("x", "0.0.0.0:3306")), "AUU"},
		"of a host without the VIP": {both(pool([]string{"10.99.0.12:3307"}, reader("r1", "10.99.0.11:3306")),
			func(h []topology.Host) { h[2].HAProxy.Pools[0].Binds = []string{"10.99.0.12:3307"} }), "AAI"},
		"that no frontend leads to": {both(pool(vip, reader("r1", "10.99.0.11:3306")), proxies(func(p *haproxy.Facts) {
			p.Pools[0].Frontend = ""
		})), "AII"},
		"without a frontend, as none was read": {both(pool(vip, reader("r1", "10.99.0.11:3306")),
			proxies(func(p *haproxy.Facts) { p.Pools[0].Frontend, p.Pools[0].Config = "", "" })), "AAI"},
		"by which anybody may come": {both(pool(nil, reader("r1", "10.99.0.11:3306")), unchanged), "AAI"},
	} {
		traffic := observed(t, c.change, Rules{})
		if got := activities(traffic); got != c.want {
			t.Errorf("%s: %s, want %s; %q", name, got, c.want, traffic.Evidence(traffic.Members[1], decision.Active))
		}
	}
	// The pool's own HAProxy is named.
	traffic := observed(t, pool(vip, busy), Rules{})
	if !says(traffic, 2, decision.Active, "HAProxy on controller-0, backend readers: 2 sessions") ||
		!says(traffic, 2, decision.Active, "HAProxy on controller-0, backend readers would send the next client here") {
		t.Errorf("%q", traffic.Evidence(traffic.Members[2], decision.Active))
	}
}

// A reader that is not behind the main way is idle there, if every server of that is certainly another host.
func TestAReaderAloneIsIdleAtTheMainWay(t *testing.T) {
	alone := func(addresses bool) func([]topology.Host) {
		return both(pool([]string{"10.99.0.100:3307"}, reader("r2", "10.99.0.12:3306"),
			reader("r1", "10.99.0.11:3306")),
			proxies(func(p *haproxy.Facts) {
				servers := mysql(p).Servers[:2]
				if !addresses {
					servers[1].Name, servers[1].Address = "standby", ""
				}
				mysql(p).Servers = servers
			}))
	}
	c := observed(t, alone(true), Rules{})
	if !says(c, 2, decision.Idle, "HAProxy on controller-0 (VIP): no server of mysql is controller-2") {
		t.Errorf("%q", c.Evidence(c.Members[2], decision.Idle))
	}
	c = observed(t, alone(false), Rules{})
	if !says(c, 2, decision.Unknown, "HAProxy on controller-0 (VIP): none of its servers is controller-2") {
		t.Errorf("%q", c.Evidence(c.Members[2], decision.Unknown))
	}
}
