// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// unlikeDirectors are clusters with an HAProxy, or a member, that director does not configure. Containers make no
// difference to them. internal/selection decides for each of them as well, with an HAProxy of its own.
var unlikeDirectors = []scenario{
	{"readers on a standby, through a proxy of their own", readPool},
	{"option allbackups, and nothing that sticks", allBackups},
	{"a stick table with peers, over a reload", tableWithPeers},
	{"stick on src, and two clients", stickOnSource},
	{"an arbitrator", arbitrator},
}

func TestBalancers(t *testing.T) { run(t, unlikeDirectors) }

// balancers changes the configuration of HAProxy on all controllers with a shell command, which gets its path as $c,
// and reloads HAProxy. lab reset restores director's.
func (l lab) balancers(edit string) {
	l.t.Helper()
	if shape != "hosts" {
		l.t.Skip("differs from the hosts in nothing but where HAProxy runs")
	}
	for _, n := range names(3) {
		l.on(n, "c="+haproxyConfig+"; { "+edit+"; } && haproxy -c -q -f $c && systemctl reload haproxy")
	}
	l.until("clients are back", time.Minute, func() bool { _, err := l.try("load", "start"); return err == nil })
}

// known waits until every HAProxy has run long enough to be trusted.
func (l lab) known() {
	l.t.Helper()
	for _, n := range names(3) {
		l.until("HAProxy on "+n+" has run for 6 s", time.Minute, func() bool {
			up, err := strconv.Atoi(strings.TrimSpace(l.on(n,
				"echo 'show info' | socat -t 5 - /var/lib/haproxy/stats | sed -n 's/^Uptime_sec: //p'")))
			return err == nil && up >= 6
		})
	}
}

// servers returns the server lines of the database's proxy, with "backup" for all but one of them.
func servers(first string) string {
	return `grep -h '^ *server controller-' $c | sed '/server ` + first + `/s/ backup//' >/tmp/servers`
}

// readPool: a second proxy sends readers to a standby, and nobody reads at the moment.
func readPool(_ *testing.T, l lab) expected {
	reader, other := l.spare()
	l.balancers(servers(reader) + `; { printf 'listen mysql_ro\n  bind ` + vip +
		`:3308 transparent\n'; cat /tmp/servers; } >>$c`)
	l.known()
	return expected{active: []string{l.serving(), reader}, chosen: []string{other}, stays: true}
}

// allBackups: without stickiness, the next client may reach any of the servers.
func allBackups(_ *testing.T, l lab) expected {
	l.balancers(`sed -i '/^listen mysql$/a\  option allbackups' $c; sed -i '/stick/d' $c`)
	l.known()
	return expected{active: names(3)}
}

// tableWithPeers: entries survive a reload, and the session counters do not. At level user nobody can see which server
// they pin.
func tableWithPeers(t *testing.T, l lab) expected {
	stickyTrap(t, l)
	l.balancers(`sed -i "s/^  stick-table .*/& peers own/" $c; printf 'peers own\n  peer %s 127.0.0.1:10240\n'` +
		` $(hostname) >>$c`)
	l.sql("controller-0", "SET GLOBAL wsrep_desync=ON")
	l.until("clients went elsewhere", time.Minute, func() bool { return l.serving() != "controller-0" })
	l.sql("controller-0", "SET GLOBAL wsrep_desync=OFF")
	l.awaitServer("controller-0", "UP")
	time.Sleep(6 * time.Second) // a process does not send its table to the next one before that
	l.run("load", "stop")
	for _, n := range names(3) {
		l.on(n, "systemctl reload haproxy")
	}
	l.known()
	return expected{
		active: []string{}, reasons: map[string][]string{"controller-0": {"unknown"}, "controller-1": {"unknown"},
			"controller-2": {"unknown"}},
		after: func() {
			if l.serving() == "controller-0" {
				t.Error("the first server serves: no entry outlived the reload")
			}
		},
	}
}

// stickOnSource: each client has a server of its own. The number of clients is unknown.
func stickOnSource(t *testing.T, l lab) expected {
	l.balancers(`sed -i 's/stick on dst/stick on src/' $c`)
	l.clearStick()
	if s := l.serving(); s != "controller-0" {
		t.Fatalf("with no stick entry %s serves", s)
	}
	l.sql("controller-0", "SET GLOBAL wsrep_desync=ON")
	l.awaitServer("controller-0", "DOWN")
	other := ""
	client := func() string {
		return strings.TrimSpace(l.on("controller-2", "mariadb -h "+vip+
			" -u openstack -plab-openstack -N -e 'SELECT @@hostname' 2>/dev/null || true"))
	}
	l.until("another client meets another server", time.Minute,
		func() bool { other = client(); return other != "" && other != "controller-0" })
	l.sql("controller-0", "SET GLOBAL wsrep_desync=OFF")
	l.awaitServer("controller-0", "UP")
	if again := client(); again != other {
		t.Fatalf("it met %s, and now %s", other, again)
	}
	third := slices.DeleteFunc(others("controller-0"), func(n string) bool { return n == other })[0]
	return expected{active: []string{"controller-0", other}, chosen: []string{third}, stays: true}
}

// arbitrator: garbd has a vote, and no database.
func arbitrator(t *testing.T, l lab) expected {
	if shape != "hosts" {
		t.Skip("no image has garbd")
	}
	at := l.standbys(3)[0]
	members := []string{}
	for _, n := range names(3) {
		members = append(members, address(n))
	}
	l.on(at, "systemd-run --unit=arbitrator garbd --group galera_cluster --address gcomm://"+strings.Join(members, ",")+
		" --options 'gmcast.listen_addr=tcp://0.0.0.0:4577'")
	t.Cleanup(func() {
		lab{t}.on(at, "systemctl stop arbitrator; systemctl reset-failed arbitrator 2>/dev/null; true")
	})
	l.until("the cluster has four members", time.Minute, func() bool {
		return slices.Contains(strings.Fields(l.sql(at, "SHOW STATUS LIKE 'wsrep_cluster_size'")), "4")
	})
	return expected{chosen: others(l.serving())}
}
