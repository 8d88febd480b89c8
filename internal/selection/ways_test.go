// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/topology"
)

// pool adds a pool of readers to a host's HAProxy, with servers that are up and no backups.
func (w *world) pool(i int, name string, servers ...stats.Server) *stats.Proxy {
	p := w.hosts[i].HAProxy
	p.Pools = append(p.Pools, haproxy.Database{Frontend: name, Backend: name, Binds: []string{testVIP + ":3308"},
		Evidence: "servers", Config: "haproxy.cfg",
		UseServers: []string{}, Unmodelled: []string{}, Unread: []string{}})
	for k := range servers {
		s := &servers[k]
		s.Status, s.Raw, s.Weight, s.ID, s.LastSession = stats.StatusUp, "UP", 1, k+1, -1
	}
	p.Proxies = append(p.Proxies, stats.Proxy{Name: name, Mode: "tcp", Servers: servers})
	return &p.Proxies[len(p.Proxies)-1]
}

func reader(name string, i int) stats.Server {
	return stats.Server{Name: name, Address: fmt.Sprintf("10.99.0.%d", 11+i), Port: 3306}
}

func TestPoolsOfReaders(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world)
		want   string // activities
		says   string // a part of controller-2's first reason
	}{
		"the next reader of the VIP's holder": {func(w *world) { w.pool(1, "mysql_ro", reader("r2", 2)) }, "aia",
			"HAProxy on controller-1, backend mysql_ro would send the next client here: it is up and not a backup"},
		"sessions of readers at the VIP's holder": {func(w *world) {
			p := w.pool(1, "mysql_ro", reader("r1", 1), reader("r2", 2))
			p.Servers[0].Status, p.Servers[0].Raw = stats.StatusMaint, "MAINT"
			p.Servers[1].Status, p.Servers[1].Raw, p.Servers[1].NewSessions = stats.StatusDown, "DOWN", 19
		}, "aia", "HAProxy on controller-1, backend mysql_ro: 0 sessions, 19 new in 0.25 s"},
		"sessions of readers at another HAProxy": {func(w *world) {
			p := w.pool(0, "mysql_ro", reader("r2", 2))
			p.Servers[0].CurrentSessions = 2
		}, "aia", "HAProxy on controller-0, backend mysql_ro: 2 sessions, 0 new in 0.25 s"},
		"the next reader of a HAProxy without the VIP": {func(w *world) { w.pool(0, "mysql_ro", reader("r2", 2)) },
			"aii", ""},
		"the next reader where the pool's VIP is another": {func(w *world) {
			w.secondVIP()
			for i := range w.hosts {
				w.pool(i, "mysql_ro", reader("r1", 1), reader("r2", 2))
				w.hosts[i].HAProxy.Pools[0].Binds = []string{"10.99.0.9:3308"}
				w.hosts[i].HAProxy.Proxies[1].Servers[(i+1)%2].Status = stats.StatusDown
			}
		}, "aai", ""},
		"the next reader where the pool's VIP is not known": {func(w *world) {
			for i := range w.hosts {
				w.pool(i, "mysql_ro", reader(fmt.Sprint("r", i), i))
				w.hosts[i].HAProxy.Pools[0].Binds = []string{}
			}
		}, "aaa",
			"HAProxy on controller-2, backend mysql_ro would send the next client here: it is up and not a backup"},
		"a pool that nothing leads to": {func(w *world) {
			w.pool(1, "mysql_ro", reader("r2", 2))
			w.hosts[1].HAProxy.Pools[0].Frontend = ""
		}, "aii", ""},
		"a rule that is not modelled": {func(w *world) {
			w.pool(1, "mysql_ro", reader("r2", 2))
			w.hosts[1].HAProxy.Pools[0].Unmodelled = []string{"dispatch"}
		}, "a??",
			"HAProxy on controller-1, backend mysql_ro: where its next client goes cannot be determined: dispatch"},
		"another cluster's servers": {func(w *world) {
			w.pool(1, "cell1", stats.Server{Name: "cell1-0", Address: "10.99.7.11", Port: 3306})
			w.hosts[1].HAProxy.Pools[0].Unmodelled = []string{"option transparent"}
		}, "aii", ""},
		"a server that nothing names": {func(w *world) { w.pool(1, "mysql_ro", stats.Server{Name: "r9"}) }, "a??",
			"HAProxy on controller-1, backend mysql_ro: it is not known which host its server r9 is"},
		"a status that is not known": {func(w *world) {
			p := w.pool(1, "mysql_ro", reader("r0", 0), reader("r2", 2))
			p.Servers[1].Status, p.Servers[1].Raw = stats.StatusUnknown, "SLEEPY"
		}, "ai?", `HAProxy on controller-1, backend mysql_ro: the status "SLEEPY" of its server r2 is not known`},
		"readers that the writer does not have": {func(w *world) {
			for i := range w.hosts {
				w.hosts[i].HAProxy.Proxies[0].Servers = w.hosts[i].HAProxy.Proxies[0].Servers[:2]
				w.pool(i, "mysql_ro", reader("r1", 1), reader("r2", 2))
				w.hosts[i].HAProxy.Proxies[1].Servers[0].Status = stats.StatusDown
				w.hosts[i].HAProxy.Proxies[1].Servers[1].Backup = true
			}
		}, "aia", "HAProxy on controller-1, backend mysql_ro would send the next client here: it is the first server" +
			" that is up"},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			o.Limits["min_spares"] = 0
			c.change(w)
			d := decide(t, w.hosts, o)
			k := d.of("controller-2")
			if got := activities(d); got != c.want || c.says != "" &&
				(len(k.Reasons) == 0 || !strings.HasPrefix(k.Reasons[0].Message, c.says)) {
				t.Errorf("%s, want %s\n%v\n%s", got, c.want, k.Reasons, d.Text)
			}
		})
	}
}

// Entries that an unreadable stick table may have, and what a readable one does not show.
func TestStickTablesOfTheVIP(t *testing.T) {
	type state struct {
		d *haproxy.Database
		t *stats.Table
		f *haproxy.Facts
		w *world
	}
	pinned := func(s state, key string, server int) {
		s.t.Readable, s.t.Entries = true, append(s.t.Entries, stats.Entry{Key: key, Server: s.w.line(1, server).Name})
	}
	for name, c := range map[string]struct {
		change func(s state)
		want   string
		says   string
	}{
		"an entry for the one destination": {func(s state) { pinned(s, testVIP, 2) }, "iia", ""},
		"an entry for another destination": {func(s state) { pinned(s, "10.99.0.99", 2) }, "aia", ""},
		"entries by source": {func(s state) { s.d.StickKey = "src"; pinned(s, "10.99.0.50", 2) }, "aia",
			""},
		"a pinned server without weight": {func(s state) { pinned(s, testVIP, 2); s.w.line(1, 2).Weight = 0 }, "iia",
			""},
		"a pinned server in DRAIN": {func(s state) {
			pinned(s, testVIP, 2)
			s.w.line(1, 2).Status, s.w.line(1, 2).Raw = stats.StatusDrain, "DRAIN"
		}, "iia", ""},
		"a pinned server that is down": {func(s state) { pinned(s, testVIP, 2); s.w.down(2) },
			"aii", ""},
		"a pinned server that is down, with option persist": {func(s state) {
			pinned(s, testVIP,
				2)
			s.w.down(2)
			s.d.Persist = true
		}, "iia", ""},
		"an entry that expires":          {func(s state) { pinned(s, testVIP, 2); s.d.StickExpires = true }, "aia", ""},
		"hidden, after the last session": {func(s state) { s.t.Used = 1; s.w.line(1, 2).LastSession = 5 }, "iia", ""},
		"hidden, the last server is down": {func(s state) {
			s.t.Used = 1
			s.w.line(1, 2).LastSession = 5
			s.w.line(1, 1).LastSession = 600
			s.w.down(2)
		}, "aai", ""},
		"hidden, cleared by an operator": {func(s state) { s.w.line(1, 2).LastSession = 5 }, "aia", ""},
		"hidden, with several keys": {func(s state) {
			s.t.Used = 2
			s.w.line(1, 2).LastSession, s.w.line(1,
				1).LastSession = 5, 600
		}, "aaa", ""},
		"hidden, by source": {func(s state) {
			s.d.StickKey = "src"
			s.t.Used = 1
			s.w.line(1, 2).LastSession, s.w.line(1, 1).TotalSessions = 5, 1
		}, "aaa", ""},
		"hidden, with two addresses": {func(s state) {
			s.d.Binds = append(s.d.Binds, "10.99.0.99:3306")
			s.t.Used = 1
			s.w.line(1, 2).LastSession = 5
		}, "aia", ""},
		"hidden, older than all sessions": {func(s state) { s.t.Used = 1; s.d.StickPeers = 1 }, "???",
			"the stick table is older than the sessions that are counted, and its 1 entry cannot be read; a stats" +
				" socket of level operator shows its entries"},
		"hidden, one peer, after a session": {func(s state) {
			s.t.Used = 1
			s.d.StickPeers = 1
			s.w.line(1,
				2).LastSession = 5
		}, "iia", ""},
		"hidden, peers of other hosts": {func(s state) {
			s.t.Used = 1
			s.d.StickPeers = 3
			s.w.line(1,
				2).LastSession = 5
		}, "???", "the stick table has peers, and its 1 entry cannot be read"},
		"readable, peers of other hosts": {func(s state) { s.d.StickPeers = 3; pinned(s, testVIP, 2) }, "iia",
			""},
		"peers of a young process": {func(s state) { s.d.StickPeers = 1; s.f.Uptime = 8 }, "???",
			"the stick table has peers, and HAProxy started 8 s ago (limit 15 s): it may still learn the entries"},
		"no table could be read, one had clients": {func(s state) {
			s.f.Proxies[0].Table = nil
			s.w.line(1,
				2).LastSession = 5
		}, "iia", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			o.Limits["min_spares"] = 0
			w.quiet()
			c.change(state{w.hosts[1].HAProxy.Database, w.table(1), w.hosts[1].HAProxy, w})
			d := decide(t, w.hosts, o)
			output := strings.Join(d.of("controller-2").Evidence, "\n")
			if got := activities(d); got != c.want || !strings.Contains(output, c.says) {
				t.Errorf("%s, want %s\n%s\n%s", got, c.want, output, d.Text)
			}
		})
	}
}

// Facts without the fields about the next client come from another version of the collection: the next server is
// unknown.
func TestFactsWithoutTheRulesAreRefused(t *testing.T) {
	for _, key := range []string{"pools[].backend", "database?.unmodelled", "database?.stick_key", "pools[].unread",
		"proxies[].stick_table?.used", "proxies[].servers[].weight"} {
		if !slices.Contains(topology.Needed("haproxy"), key) {
			t.Errorf("%s may be missing", key)
		}
	}
}
