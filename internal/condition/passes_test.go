// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// passes are what ends by itself, and cases of the same codes that need a person.
var passes = []struct {
	name   string
	code   Code
	change func(*Subject)
	want   bool
}{
	{"old facts", StaleFacts, func(s *Subject) { s.Stale, s.Silent = true, "has facts 130 s old" }, true},
	{"a host that is away", ClusterIncomplete, func(s *Subject) { s.Silent = "is unreachable" }, false},
	{"sessions that come and go", Serves, func(s *Subject) {
		s.Clients = Clients{Seen: []string{"8 sessions"}, SeenPasses: true}
	}, true},
	{"the next client", Serves, func(s *Subject) { s.Clients.Seen = []string{"8 sessions"} }, false},
	{"HAProxy has just started", ClientsUnknown, func(s *Subject) {
		s.Clients = Clients{Unknown: []string{"2 s ago"}, UnknownPasses: true}
	}, true},
	{"a source that is silent", ClientsUnknown, func(s *Subject) { s.Clients.Unknown = []string{"x"} }, false},
	{"a server that is started", NotRunning, func(s *Subject) {
		s.Database, s.Stopped, s.Starting = nil, "not yet", true
	}, true},
	{"a server that is stopped", NotRunning, func(s *Subject) { s.Database, s.Stopped = nil, "no" }, false},
	{"two Primary components", SplitBrain, func(s *Subject) { s.Peers[2].UUID = "other" }, false},
	{"no Primary component", NotPrimary, wsrep(func(w *galera.Wsrep) { w.ClusterStatus = "" }), false},
	{"somebody's desync", Desynced, wsrep(func(w *galera.Wsrep) { w.Desync, w.DesyncCount = true, 1 }), false},
	{"a statement that desyncs", Desynced, wsrep(func(w *galera.Wsrep) { w.DesyncCount = 1 }), true},
	{"the desync of a backup here", Desynced, func(s *Subject) {
		s.Database.Wsrep.Desync = true
		s.Locks = []cib.Lock{{Job: "a", Holder: "Controller-1", Expires: s.Now + 30}}
	}, true},
	{"a desync beside a backup elsewhere", Desynced, func(s *Subject) {
		s.Database.Wsrep.Desync = true
		lock("", 30)(s)
	}, false},
	{"a desync that a dead backup left", Desynced, func(s *Subject) {
		s.Database.Wsrep.Desync = true
		s.Locks = []cib.Lock{{Job: "a", Holder: "controller-1", Expires: s.Now - 30}}
	}, false},
	{"a donor", Donor, wsrep(func(w *galera.Wsrep) { w.State = galera.StateDonorDesync }), true},
	{"a joiner", NotSynced, wsrep(func(w *galera.Wsrep) { w.State = galera.StateJoining }), true},
	{"one that catches up", NotSynced, wsrep(func(w *galera.Wsrep) { w.State = galera.StateJoined }), true},
	{"one that is not connected", NotSynced, wsrep(func(w *galera.Wsrep) { w.State = galera.StateInitialized }), false},
	{"a state that is unknown", NotSynced, wsrep(func(w *galera.Wsrep) { w.State = "" }), false},
	{"flow control", FlowControl, wsrep(func(w *galera.Wsrep) { w.FlowControlActive = true }), true},
	{"a long queue", RecvQueue, func(s *Subject) { s.Database.Sample.RecvQueueMin = 17 }, true},
	{"a lag", Lagging, func(s *Subject) { s.Database.Wsrep.LastCommitted -= 5000 }, true},
	{"a node that joins Pacemaker", Pending, node(func(n *crmmon.Node) { n.Pending = true }), true},
	{"standby", Standby, node(func(n *crmmon.Node) { n.Standby = true }), false},
	{"a maintenance", Maintenance, node(func(n *crmmon.Node) { n.Maintenance = true }), false},
	{"a resource that failed", ResourceFailed, resource(func(r *crmmon.Resource) { r.Failed = true }), false},
	{"checks that succeed again", ServerDown, func(s *Subject) {
		s.Backend.Status, s.Backend.Raw = stats.StatusDown, "DOWN 1/2"
	}, true},
	{"checks that fail", ServerDown, func(s *Subject) { s.Backend.Status, s.Backend.Raw = stats.StatusDown, "DOWN" },
		false},
	{"checks that begin to fail", ServerDown, func(s *Subject) {
		s.Backend.Status, s.Backend.Raw = stats.StatusGoing, "UP 1/3"
	}, false},
	{"another backup", Locked, lock("", 30), true},
	{"a lock without an end", Locked, func(s *Subject) { s.Locks = []cib.Lock{{Job: "a"}} }, false},
	{"a lock that some nodes do not report", Locked, func(s *Subject) { lock("", 30)(s); s.Divided = true }, false},
	{"a lock for thirty years", Locked, lock("", 30*365*86400), false},
	{"a full disk", NoSpace, func(s *Subject) { s.Database.Storage.DatadirFree = 5 }, false},
	{"no other standby", LastStandby, func(s *Subject) { s.Spares = nil }, false},
	{"enough standbys that recover", LastStandby, func(s *Subject) { s.Spares, s.SparesReturn = nil, true }, true},
}

func TestWhatPassesByItself(t *testing.T) {
	for _, c := range passes {
		s := standby(t)
		c.change(s)
		message := Of(c.code).Check(*s, nil)
		if message == "" {
			t.Errorf("%s: %s is not met", c.name, c.code)
		}
		if (Finding{c.code, message}).Passes(*s) != c.want {
			t.Errorf("%s: %s, not %t", c.name, c.code, c.want)
		}
	}
}

// Whoever reads that something passes by itself knows when, and waits for nothing that no test shows to end.
func TestEachConditionThatPassesSaysWhen(t *testing.T) {
	shown := map[Code]bool{}
	for _, c := range passes {
		shown[c.code] = shown[c.code] || c.want
	}
	for _, c := range All() {
		if (c.Passes != nil) != shown[c.Code] {
			t.Errorf("%s: passes, and no row shows it, or the reverse", c.Code)
		}
		if c.Passes != nil && !strings.HasPrefix(c.Passes.When, "yes, ") && !strings.HasPrefix(c.Passes.When, "only ") {
			t.Errorf("%s: %q", c.Code, c.Passes.When)
		}
	}
}
