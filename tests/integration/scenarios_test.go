// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// expected is the required result of a scenario.
type expected struct {
	// chosen lists those of whom one must be chosen; empty means that nobody may be.
	chosen []string
	// active lists who must count as active; nil means exactly the controllers that a client reaches through the VIP,
	// empty that none is known.
	active []string
	// reasons are the exact codes of each controller that is not chosen; the serving one's "active" is implied.
	reasons map[string][]string
	// stays says that the chosen one is needed as a spare.
	stays bool
	// vars are role variables, args further arguments of ansible-playbook.
	vars map[string]any
	args []string
	// after is an additional check after the decision.
	after func()
}

// scenario is one of three controllers under client load. It leaves the lab as changed; lab reset undoes that.
type scenario struct {
	name    string
	arrange func(t *testing.T, l lab) expected
}

var scenarios = []scenario{
	{"clients on the first server", firstServer},
	{"the sticky trap: the first server is up again and idle", stickyTrap},
	{"the VIP on a controller that does not serve", vipElsewhere},
	{"a standby with the master of redis", redisMaster},
	{"a quiet cluster", quietCluster},
	{"a client connected directly to a standby", directClient},
	{"a standby in Pacemaker standby", pacemakerStandby},
	{"a standby in maintenance", maintenance},
	{"MariaDB stopped on a standby", mariadbStopped},
	{"one sound standby and min_spares 0", lastStandbyAllowed},
	{"one sound standby and min_spares 2", twoSparesWanted},
	{"a standby desynced by hand", desyncedByHand},
	{"a standby cut off by the network, Galera alone", galeraCutOff},
	{"a standby cut off by the network, all of it", cutOff},
	{"HAProxy stopped on a standby", haproxyStopped},
	{"stats socket gone, stats URL left", socketGone},
	{"neither stats socket nor configuration readable", proxyUnreadable},
	{"a controller that ssh does not reach", unreachable},
}

func TestScenarios(t *testing.T) { run(t, scenarios) }

func run(t *testing.T, all []scenario) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			l := borrow(t)
			l.run("load", "start")
			want := s.arrange(t, l)
			verify(t, l, want, 3)
		})
	}
}

func TestFiveControllers(t *testing.T) {
	l := lab{t}
	if shape != "hosts" {
		t.Skip("five controllers differ from three in the decision alone")
	}
	pristine = false
	l.up("--controllers", "5")
	l.run("load", "start")
	t.Cleanup(func() { lab{t}.run("load", "stop") })
	standbys := l.standbys(5)
	l.sql(standbys[0], "SET GLOBAL wsrep_desync=ON")
	t.Cleanup(func() { lab{t}.sql(standbys[0], "SET GLOBAL wsrep_desync=OFF") })
	l.awaitServer(standbys[0], "DOWN")
	verify(t, l, expected{chosen: standbys[1:], reasons: map[string][]string{standbys[0]: {"desynced"}}}, 5)
}

// verify decides and compares the decision with the expected one and with what a client meets.
func verify(t *testing.T, l lab, want expected, controllers int) {
	t.Helper()
	d := l.decide(want.vars, want.args...)
	t.Logf("\n%s", d.Text)
	serving := l.serving()
	if want.active == nil {
		want.active = []string{serving}
	}
	if len(want.active) > 0 && !slices.Contains(d.Active, serving) {
		t.Errorf("a client meets %s, the decision says active: %v", serving, d.Active)
	}
	if !slices.Equal(slices.Sorted(slices.Values(d.Active)), slices.Sorted(slices.Values(want.active))) {
		t.Errorf("active: got %v, want %v", d.Active, want.active)
	}
	if len(want.chosen) == 0 && d.Chosen != "" || len(want.chosen) > 0 && !slices.Contains(want.chosen, d.Chosen) {
		t.Errorf("chosen: got %q, want one of %v", d.Chosen, want.chosen)
	}
	if strings.Contains(d.Message, "stays one: no desync") != want.stays {
		t.Errorf("the chosen one is to stay a spare: %t; the message is %s", want.stays, d.Message)
	}
	for _, name := range names(controllers) {
		if name == d.Chosen || slices.Contains(want.active, name) {
			continue
		}
		if got := d.reasons(name); !slices.Equal(got, want.reasons[name]) {
			t.Errorf("%s: reasons: got %v, want %v", name, got, want.reasons[name])
		}
	}
	if want.after != nil {
		want.after()
	}
}

// awaitServer waits until the VIP holder's HAProxy shows a controller in a status.
func (l lab) awaitServer(controller, status string) {
	l.t.Helper()
	holder := l.holder(3)
	l.until(controller+" is "+status, time.Minute, func() bool {
		out := l.on(holder, "echo 'show stat' | socat -t 5 - /var/lib/haproxy/stats")
		for _, line := range strings.Split(out, "\n") {
			if f := strings.Split(line, ","); len(f) > 17 && f[0] == "mysql" &&
				strings.HasPrefix(f[1], controller+".") {
				return strings.HasPrefix(f[17], status)
			}
		}
		return false
	})
}

// clearStick makes HAProxy forget where clients were sent before: its stick table dies with the process.
func (l lab) clearStick() {
	l.t.Helper()
	l.on("controller-0", "crm_resource --restart --resource "+haproxyResource)
	l.run("wait")
	l.run("load", "start")
}

func firstServer(t *testing.T, l lab) expected {
	l.clearStick()
	if s := l.serving(); s != "controller-0" {
		t.Fatalf("with no stick entry %s serves", s)
	}
	return expected{chosen: []string{"controller-1", "controller-2"}, active: []string{"controller-0"}}
}

func stickyTrap(t *testing.T, l lab) expected {
	firstServer(t, l)
	l.sql("controller-0", "SET GLOBAL wsrep_desync=ON")
	l.until("clients went elsewhere", time.Minute, func() bool { return l.serving() != "controller-0" })
	l.sql("controller-0", "SET GLOBAL wsrep_desync=OFF")
	l.awaitServer("controller-0", "UP")
	now := l.serving()
	if now == "controller-0" {
		t.Fatal("the clients went back: this is no sticky trap")
	}
	return expected{chosen: others(now), active: []string{now}}
}

func vipElsewhere(t *testing.T, l lab) expected {
	to := "controller-1"
	if l.holder(3) == to {
		to = "controller-2"
	}
	// Its stickiness is INFINITY, as in TripleO: a preference does not move it.
	for _, other := range others(to) {
		l.on(other, "crm_resource --ban --resource ip-"+vip+" --node "+other)
	}
	l.until("the VIP moved", time.Minute, func() bool { return l.holder(3) == to })
	l.on(to, "crm_resource --clear --resource ip-"+vip)
	l.until("clients are back", time.Minute, func() bool { _, err := l.try("load", "start"); return err == nil })
	serving := l.serving()
	if serving == to {
		t.Fatalf("%s holds the VIP and serves", to)
	}
	return expected{chosen: others(serving)}
}

// redisMaster: the standby that runs a resource that no other controller runs is ranked second.
func redisMaster(t *testing.T, l lab) expected {
	if shape != "bundle" {
		t.Skip("only controllers with containers run redis")
	}
	firstServer(t, l)
	master := func() string {
		return l.on("controller-0",
			`crm_mon -1 --output-as=xml | awk '/<replica /{ m = "" }
			/id="redis" / && /role="(Promoted|Master)"/ { m = 1 }
			m && /<node name="controller-/ { split($0, part, "\""); print part[2]; exit }'`)
	}
	if master() == "controller-0" {
		l.on("controller-0", "crm_resource --ban --resource redis-bundle --node controller-0")
	}
	l.until("redis has its master on a standby", 2*time.Minute,
		func() bool { return slices.Contains(others("controller-0"), master()) })
	l.awaitIdle()
	second := master()
	return expected{
		chosen: slices.DeleteFunc(others("controller-0"), func(n string) bool { return n == second }),
		active: []string{"controller-0"},
	}
}

func quietCluster(_ *testing.T, l lab) expected {
	l.run("load", "stop")
	holder := l.holder(3)
	l.until("no session is left", time.Minute, func() bool {
		return !strings.Contains(l.on(holder, "ss -Htn state established '( sport = :3306 )' | grep "+vip+" || true"),
			vip)
	})
	return expected{chosen: others(l.serving())}
}

func directClient(t *testing.T, l lab) expected {
	standby := l.standbys(3)[0]
	hold(t, standby)
	other := l.standbys(3)[1]
	return expected{chosen: []string{other}, active: []string{l.serving(), standby}, stays: true}
}

func pacemakerStandby(_ *testing.T, l lab) expected {
	out, other := l.spare()
	l.on(out, "crm_attribute --node "+out+" --name standby --update on")
	l.awaitServer(out, "DOWN")
	l.awaitIdle()
	return expected{chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"standby"}}}
}

func maintenance(_ *testing.T, l lab) expected {
	out, other := l.spare()
	l.on(out, "crm_attribute --node "+out+" --name maintenance --update true")
	l.awaitIdle()
	return expected{chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"maintenance"}}}
}

func mariadbStopped(_ *testing.T, l lab) expected {
	out, other := l.stopMariaDB()
	return expected{chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"not_running"}}}
}

// twoSparesWanted asks for what the collection demanded before a controller was its own spare.
func twoSparesWanted(_ *testing.T, l lab) expected {
	out, other := l.stopMariaDB()
	return expected{
		reasons: map[string][]string{out: {"not_running"}, other: {"last_standby"}},
		vars:    map[string]any{"controller_backup_min_spares": 2},
	}
}

func lastStandbyAllowed(_ *testing.T, l lab) expected {
	out, other := l.stopMariaDB()
	return expected{
		chosen: []string{other}, reasons: map[string][]string{out: {"not_running"}},
		vars: map[string]any{"controller_backup_min_spares": 0},
	}
}

// stopMariaDB makes Pacemaker stop the server of a standby, and returns the other standby.
func (l lab) stopMariaDB() (string, string) {
	l.t.Helper()
	out, other := l.spare()
	l.on(out, "crm_resource --ban --resource "+galeraResource+" --node "+out)
	l.until("MariaDB has stopped", time.Minute, func() bool { return l.on(out, "pgrep -x mariadbd || true") == "" })
	l.awaitServer(out, "DOWN")
	l.awaitIdle()
	return out, other
}

func desyncedByHand(t *testing.T, l lab) expected {
	out, other := l.spare()
	l.sql(out, "SET GLOBAL wsrep_desync=ON")
	l.awaitServer(out, "DOWN")
	return expected{
		chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"desynced"}},
		after: func() {
			if got := l.sql(out, "SELECT @@wsrep_desync"); strings.TrimSpace(got) != "1" {
				t.Errorf("somebody resynced the operator's node: wsrep_desync is %s", got)
			}
		},
	}
}

// galeraCutOff leaves a node alone that continues to run: the resource's monitors are disabled, so that Pacemaker,
// whose own network works, does not restart it.
func galeraCutOff(t *testing.T, l lab) expected {
	out, other := l.spare()
	l.on(other,
		`for op in $(cibadmin --query --scope resources | sed -n 's/.*<op .*id="\(galera-monitor[^"]*\)".*/\1/p'); do
		cibadmin --modify --scope resources --xml-text "<op id=\"$op\" enabled=\"false\"/>"; done`)
	l.sql(out, "SET GLOBAL wsrep_provider_options='gmcast.isolate=1'")
	t.Cleanup(func() { lab{t}.sql(out, "SET GLOBAL wsrep_provider_options='gmcast.isolate=0'") })
	l.until(out+" is on its own", time.Minute, func() bool {
		return strings.Contains(l.sql(out, "SHOW STATUS LIKE 'wsrep_cluster_status'"), "non-Primary")
	})
	l.awaitServer(out, "DOWN")
	return expected{chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"not_primary"}}}
}

func cutOff(_ *testing.T, l lab) expected {
	out, other := l.spare()
	l.run("partition", number(out))
	l.until("the others go on without it", time.Minute, func() bool {
		return strings.Contains(l.sql(other, "SHOW STATUS LIKE 'wsrep_cluster_size'"), "2")
	})
	l.awaitServer(out, "DOWN")
	// Without quorum its Pacemaker stops everything; reading HAProxy in the middle of that leaves the others unknown.
	l.until(out+" has stopped its services", 90*time.Second, func() bool {
		return l.on(out, "pgrep -x 'haproxy|mariadbd' || true") == ""
	})
	return expected{chosen: []string{other}, stays: true, reasons: map[string][]string{out: {"node_offline"}}}
}

func haproxyStopped(_ *testing.T, l lab) expected {
	out, other := l.spare()
	l.on(out, "crm_resource --ban --resource "+haproxyResource+" --node "+out)
	l.until("HAProxy has stopped", time.Minute, func() bool { return l.on(out, "pgrep -x haproxy || true") == "" })
	l.awaitIdle()
	return expected{chosen: []string{out, other}}
}

func socketGone(t *testing.T, l lab) expected {
	l.takeAway(t, "/var/lib/haproxy/stats")
	return expected{chosen: others(l.serving())}
}

func proxyUnreadable(t *testing.T, l lab) expected {
	l.takeAway(t, "/var/lib/haproxy/stats", haproxyConfig)
	if shape == "bundle" {
		l.takeAwayInside(t, "/etc/haproxy/haproxy.cfg")
	}
	standbys := l.standbys(3)
	return expected{reasons: map[string][]string{standbys[0]: {"unknown"}, standbys[1]: {"unknown"}}}
}

// takeAway hides files of the VIP holder until the scenario ends.
func (l lab) takeAway(t *testing.T, paths ...string) {
	t.Helper()
	holder := l.holder(3)
	for _, p := range paths {
		l.on(holder, fmt.Sprintf("mv %s %s.away", p, p))
		t.Cleanup(func() { lab{t}.on(holder, fmt.Sprintf("mv %s.away %s", p, p)) })
	}
}

// takeAwayInside hides a file of the VIP holder's HAProxy container.
func (l lab) takeAwayInside(t *testing.T, path string) {
	t.Helper()
	holder := l.holder(3)
	move := func(from, to string) string {
		return "podman exec $(podman ps --quiet --filter name=haproxy-bundle-podman) mv " + from + " " + to
	}
	l.on(holder, move(path, path+".away"))
	t.Cleanup(func() { lab{t}.on(holder, move(path+".away", path)) })
}

func unreachable(t *testing.T, l lab) expected {
	out, other := l.spare()
	override := filepath.Join(t.TempDir(), "closed_port.yml")
	content := fmt.Sprintf("Controller:\n  hosts:\n    %s:\n      ansible_port: 1\n", inventory(out)[0])
	if err := os.WriteFile(override, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return expected{
		reasons: map[string][]string{out: {"cluster_incomplete"}, other: {"cluster_incomplete"}},
		args:    []string{"-i", override},
	}
}

// spare returns a standby to hurt, preferably one without the VIP, and the other standby.
func (l lab) spare() (string, string) {
	l.t.Helper()
	standbys := l.standbys(3)
	if l.holder(3) == standbys[0] {
		slices.Reverse(standbys)
	}
	return standbys[0], standbys[1]
}

// awaitIdle waits until Pacemaker is idle.
func (l lab) awaitIdle() {
	l.t.Helper()
	l.on(l.serving(), "crm_resource --wait --timeout=90")
}

func others(serving string) []string {
	return slices.DeleteFunc(names(3), func(n string) bool { return n == serving })
}
