// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
)

const (
	threeBackups = " server S0 backup CHECK\n server S1 backup CHECK\n server S2 backup CHECK\n"
	tripleo      = "listen mysql\n bind VIP:PORT\n stick on dst\n stick-table type ip size 1000\n" + threeBackups
	writer       = "listen mysql\n bind VIP:PORT\n"
	localPeer    = "peers mine\n peer me 127.0.0.1:PEERS\n"
)

// liveCases are configurations with which a real HAProxy serves the next client. before lists the earlier clients, as
// numbers: port (0 for the database's, 1 for the readers') and source address (127.0.0.N). down lists servers whose
// checks fail then; reload replaces the process after that. want is the expected activity of each controller: a for
// active, i for idle, ? for unknown.
var liveCases = []struct {
	name, config string
	before       [][2]int
	down         []int
	reload       bool
	commands     []string // of an administrator, at the socket
	env          []string
	want         string // at level user
	operator     string // at level operator, if it differs
}{
	{name: "TripleO, before any client", config: tripleo, want: "aii"},
	{name: "TripleO, after a client", config: tripleo, before: [][2]int{{0, 1}}, want: "aii"},
	{name: "TripleO, the first server is down", config: tripleo, before: [][2]int{{0, 1}}, down: []int{0}, want: "iai"},
	{name: "TripleO, after a reload", config: tripleo, before: [][2]int{{0, 1}}, reload: true, want: "aii"},
	{name: "a pool of readers on the same servers", config: tripleo +
		"listen mysql_ro\n bind VIP:READS\n server S1\n server S0 backup\n", want: "aai"},
	{name: "a pool of readers after a client", config: tripleo +
		"listen mysql_ro\n bind VIP:READS\n server S1\n server S0 backup\n",
		before: [][2]int{{1, 1}}, want: "aai"},
	{name: "a pool with names of its own", config: tripleo +
		"listen readers\n bind VIP:READS\n server r1 A2\n server r2 A1 backup\n", want: "aia"},
	{name: "a frontend with a pool behind", config: tripleo + "frontend ro\n bind VIP:READS\n default_backend" +
		" ro_be\nbackend ro_be\n balance leastconn\n server r1 A1\n server r2 A2\n",
		want: "aaa"},
	{name: "a pool by dispatch", config: tripleo + "listen readers\n bind VIP:READS\n dispatch A2\n", want: "a??"},
	{name: "a backend that nothing leads to", config: tripleo + "backend old\n server r1 A1\n", want: "aii"},
	{name: "allbackups", config: writer + " option allbackups\n" + threeBackups, want: "aaa"},
	{name: "allbackups in defaults", config: "defaults\n mode tcp\n timeout connect 1s\n timeout client 1m\n timeout" +
		" server 1m\n option allbackups\n" + writer + threeBackups, want: "aaa"},
	{name: "allbackups undone", config: "defaults d\n mode tcp\n timeout connect 1s\n timeout client 1m\n timeout" +
		" server 1m\n option allbackups\n" +
		"listen mysql from d\n bind VIP:PORT\n no option allbackups\n" + threeBackups, want: "aii"},
	{name: "allbackups by defaults from defaults", config: "defaults a\n mode tcp\n timeout connect 1s\n timeout" +
		" client 1m\n timeout server 1m\n option allbackups\n" +
		"defaults b from a\n" + writer + threeBackups, want: "aaa"},
	{name: "default-server backup", config: writer + " default-server backup\n server S2\n server S1\n server S0\n",
		want: "iia"},
	{name: "the first without weight", config: writer +
		" server S0 backup weight 0\n server S1 backup\n server S2 backup\n", want: "iai"},
	{name: "the first disabled", config: writer + " server S0 backup disabled\n server S1 backup\n server S2 backup\n",
		want: "iai"},
	{name: "roundrobin", config: writer + " balance roundrobin\n server S0\n server S1\n server S2\n", want: "aaa"},
	{name: "source", config: writer + " balance source\n server S0\n server S1\n server S2 backup\n", want: "aai"},
	{name: "first", config: writer + " balance first\n server S2\n server S1\n server S0\n", want: "iia"},
	{name: "first, with ids", config: writer + " balance first\n server S2 id 30\n server S1 id 20\n server S0 id 10\n",
		want: "aii"},
	{name: "first, with a maxconn", config: writer + " balance first\n server S2 maxconn 1\n server S1\n server S0\n",
		want: "iaa"},
	{name: "use-server", config: writer + " use-server N2 if { src 127.0.0.5 }\n" + threeBackups, want: "aia"},
	{name: "use-server without weight", config: writer +
		" use-server N2 if { src 127.0.0.5 }\n server S0\n server S2 weight 0\n server S1 backup\n", want: "aia"},
	{name: "use_backend by nbsrv", config: "frontend mysql\n bind VIP:PORT\n use_backend one if { nbsrv(one) gt 0 }\n" +
		" default_backend two\n" +
		"backend one\n server S1\nbackend two\n server S0 backup\n server S2 backup\n", want: "aai"},
	{name: "use_backend by a computed name",
		config: "frontend mysql\n bind VIP:PORT\n use_backend %[src,map(/dev/null,one)]\n default_backend two\n" +
			"backend one\n server S1\nbackend two\n server S0 backup\n server S1 backup\n server S2 backup\n",
		want: "???"},
	{name: "stick on src, two clients", config: writer +
		" balance roundrobin\n stick on src\n stick-table type ip size 1k\n server S0\n server S1\n server S2 backup\n",
		before: [][2]int{{0, 1}, {0, 5}}, want: "aai"},
	{name: "stick on src, a server that is back", config: writer + " stick on src\n stick-table type ip size 1k\n" +
		threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0, -1}, want: "aii"},
	{name: "stick on src over a failover", config: writer + " stick on src\n stick-table type ip size 1k\n" +
		threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0}, want: "iai"},
	{name: "stick on dst with an expiry", config: writer + " stick on dst\n stick-table type ip size 1k expire 1s\n" +
		threeBackups, before: [][2]int{{0, 1}}, want: "aii"},
	{name: "stick match that others store for", config: writer +
		" stick match dst\n stick store-request dst if { src 127.0.0.5 }\n stick-table type ip size 1k\n" +
		threeBackups,
		before: [][2]int{{0, 5}}, down: []int{0, -2}, want: "aai", operator: "aii"},
	{name: "stick match that nothing is stored for", config: writer +
		" stick match dst\n stick store-request src\n stick-table type ip size 1k\n" + threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0, -2}, want: "aai"},
	{name: "force-persist for some", config: writer +
		" force-persist if { src 127.0.0.5 }\n stick on dst\n stick-table type ip size 1k\n" + threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0}, want: "aai"},
	{name: "peers over a reload", config: localPeer + writer +
		" stick on dst\n stick-table type ip size 1k peers mine\n" + threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0, -2}, reload: true, want: "???", operator: "iai"},
	{name: "peers of a young process", config: localPeer + writer +
		" stick on dst\n stick-table type ip size 1k peers mine\n" + threeBackups, before: [][2]int{{0, 1}},
		want: "???"},
	{name: "option persist", config: writer + " option persist\n stick on dst\n stick-table type ip size 1k\n" +
		threeBackups,
		before: [][2]int{{0, 1}}, down: []int{0}, want: "aii"},
	{name: "a bind by a variable of the process",
		config: "listen mysql\n bind \"${FRONT}:PORT\"\n bind 127.0.0.113:READS\n" + threeBackups,
		env:    []string{"FRONT=" + liveVIP}, want: "aii"},
	{name: "a bind by a variable in an .if",
		config: "listen mysql\n bind VIP:PORT\n .if version_atleast(2.0)\n bind VIP:READS\n .endif\n" + threeBackups,
		want:   "???"},
	{name: "an .if elsewhere", config: ".if version_atleast(2.0)\nlisten web\n bind VIP:READS\n server x" +
		" 127.0.0.1:1\n.endif\n" + tripleo, want: "aii"},
	{name: "a pinned server that lost its weight", config: writer + " stick on dst\n stick-table type ip size 1k\n" +
		threeBackups, before: [][2]int{{0, 1}},
		commands: []string{"set weight mysql/N0 0"}, want: "aii"},
	{name: "a pinned server in drain", config: tripleo, before: [][2]int{{0, 1}},
		commands: []string{"set server mysql/N0 state drain"}, want: "aii"},
	{name: "a pinned server in maintenance", config: tripleo, before: [][2]int{{0, 1}},
		commands: []string{"disable server mysql/N0"}, want: "iai"},
	{name: "a table that an operator cleared", config: tripleo, before: [][2]int{{0, 1}}, down: []int{0, -2},
		commands: []string{"clear table mysql"}, want: "aai"},
	{name: "TripleO, the first server is back", config: tripleo, before: [][2]int{{0, 1}}, down: []int{0, -2},
		want: "iai"},
	{name: "a proxy mysql of the exporter", config: "listen mysql\n mode http\n bind VIP:READS\n server x" +
		" 127.0.0.113:9104\nlisten galera\n bind VIP:PORT\n" + threeBackups, want: "aii"},
}

func TestTheNextClientReallyMeetsNoIdleController(t *testing.T) {
	needHAProxy(t)
	for _, c := range liveCases {
		t.Run(c.name, func(t *testing.T) {
			l := startLive(t)
			l.env = c.env
			l.start(t, c.config)
			for _, b := range c.before {
				l.client(t, []string{l.port, l.reads}[b[0]], fmt.Sprintf("127.0.0.%d", b[1]))
			}
			l.outage(t, c.down)
			if c.reload {
				l.reload(t, c.config)
			}
			for _, command := range c.commands {
				l.administer(t, command)
			}
			l.awaitDisconnect(t)
			decisions := map[string]outcome{"user": l.decide(t, "user"), "operator": l.decide(t, "operator")}
			met := l.next(t, c.config)
			for level, d := range decisions {
				want := c.want
				if level == "operator" && c.operator != "" {
					want = c.operator
				}
				if got := activities(d); got != want {
					t.Errorf("level %s: %s, want %s\n%s", level, got, want, d.Text)
				}
				for _, i := range met {
					if i >= 0 && d.Clusters[0].Controllers[i].Activity == decision.Idle {
						t.Errorf("level %s: the next clients met %v, and controller-%d is idle\n%s", level, met, i,
							d.Text)
					}
				}
			}
		})
	}
}

// A named VIP says where clients connect, and not which rules decide about them.
func TestRulesThatWereNotReadAreNotGuessed(t *testing.T) {
	needHAProxy(t)
	l := startLive(t)
	l.start(t, writer+" option allbackups\n"+threeBackups)
	f := l.read(haproxy.Options{Socket: filepath.Join(l.dir, "user"),
		ConfigFiles: []string{filepath.Join(l.dir, "none.cfg")}})
	if d := l.decideBy(t, f, liveVIP); activities(d) != "???" {
		t.Errorf("without the configuration: %s\n%s", activities(d), d.Text)
	}
	l = startLive(t)
	l.start(t, tripleo+"listen ro\n bind VIP:READS\n server S1\nlisten stats\n mode http\n bind 127.0.0.1:PEERS\n"+
		" stats uri /\n stats scope mysql\n")
	f = l.read(haproxy.Options{Socket: filepath.Join(l.dir, "none"), StatsURL: "http://127.0.0.1:" + l.peers + "/",
		ConfigFiles: []string{filepath.Join(l.dir, "haproxy.cfg")}})
	if d := l.decideBy(t, f); activities(d) != "???" {
		t.Errorf("by a page that leaves the readers out: %s\n%s", activities(d), d.Text)
	}
}

// outage makes the checks of servers fail; -1 brings the first of them back, -2 does so after a client has reached
// another.
func (l *live) outage(t *testing.T, down []int) {
	t.Helper()
	for _, i := range down {
		if i >= 0 {
			l.down(t, i)
			continue
		}
		if i == -2 {
			time.Sleep(1100 * time.Millisecond) // lastsess has a resolution of one second
			l.client(t, l.port, "127.0.0.1")
		}
		l.up(t, down[0])
	}
}

// next returns the controllers that the next clients reach, from several addresses, at each port of the configuration.
func (l *live) next(t *testing.T, config string) []int {
	t.Helper()
	var met []int
	for _, port := range []string{l.port, l.reads} {
		if port == l.reads && (!strings.Contains(config, "VIP:READS") || strings.Contains(config, "mode http")) {
			continue
		}
		for _, from := range []string{"127.0.0.1", "127.0.0.5", "127.0.0.6"} {
			if i := l.client(t, port, from); !slices.Contains(met, i) {
				met = append(met, i)
			}
		}
	}
	return met
}

// activities returns those of the controllers in their order: a, i or ?.
func activities(d outcome) string {
	text := ""
	for _, k := range d.Clusters[0].Controllers {
		text += map[decision.Activity]string{decision.Active: "a", decision.Idle: "i",
			decision.Unknown: "?"}[k.Activity]
	}
	return text
}
