// SPDX-License-Identifier: GPL-3.0-or-later

package condition

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

// documents are what the facts modules returned of one host of the lab: MariaDB 10.11.18, Pacemaker 2.1.5, HAProxy
// 2.6.12.
type documents struct {
	Galera    galera.Facts    `json:"galera"`
	Pacemaker pacemaker.Facts `json:"pacemaker"`
	HAProxy   haproxy.Facts   `json:"haproxy"`
}

func recorded(t *testing.T, i int) *documents {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("../selection/testdata/lab-%d.json", i))
	if err != nil {
		t.Fatal(err)
	}
	var d documents
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// standby is controller-1 of the lab, a sound standby, with documents of its own.
func standby(t *testing.T) *Subject {
	t.Helper()
	hosts := []*documents{recorded(t, 0), recorded(t, 1), recorded(t, 2)}
	own := hosts[1]
	s := Subject{Database: &own.Galera, Self: "controller-1", Node: "controller-1", Own: &own.Pacemaker,
		Cluster: &hosts[2].Pacemaker, UUID: own.Galera.Wsrep.ClusterStateUUID, Now: own.HAProxy.GatheredAt,
		Proxy: &own.HAProxy, Balancer: "controller-0", Spares: []string{"controller-2"}}
	for i, h := range hosts {
		s.Peers = append(s.Peers, Peer{Name: fmt.Sprint("controller-", i), UUID: s.UUID, Database: &h.Galera})
	}
	s.Backend = hosts[0].HAProxy.Server("controller-1.internalapi.localdomain")
	if s.Backend == nil {
		t.Fatal("no server of controller-1")
	}
	return &s
}

// met lists the conditions that are met.
func met(s *Subject) map[Code]string {
	found := map[Code]string{}
	for _, c := range All() {
		if message := c.Check(*s, nil); message != "" {
			found[c.Code] = message
		}
	}
	return found
}

func TestASoundStandbyMeetsNoCondition(t *testing.T) {
	if got := met(standby(t)); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// views changes what Pacemaker reports, in both documents.
func views(change func(*pacemaker.Facts)) func(*Subject) {
	return func(s *Subject) { change(s.Own); change(s.Cluster) }
}

// node changes the node's entry, in both documents.
func node(change func(*crmmon.Node)) func(*Subject) {
	return views(func(p *pacemaker.Facts) { change(&p.Nodes[1]) })
}

// resource changes the node's galera, in both documents.
func resource(change func(*crmmon.Resource)) func(*Subject) {
	return views(func(p *pacemaker.Facts) {
		for i, r := range p.Resources {
			if r.ID == "galera" && r.Node == "controller-1" {
				change(&p.Resources[i])
			}
		}
	})
}

func wsrep(change func(*galera.Wsrep)) func(*Subject) {
	return func(s *Subject) { change(&s.Database.Wsrep) }
}

// Every row changes one thing about the sound standby. The message has the value that was seen; "" is for a change that
// looks like the condition and is not: a limit that is just kept, another node's trouble.
var checks = []struct {
	code   Code
	change func(*Subject)
	want   string
}{
	{AmbiguousNames, func(s *Subject) { s.Conflicts = []string{"first", "second"} }, "first"},
	{StaleFacts, func(s *Subject) { s.Stale, s.Silent = true, "has facts 130 s old" }, "has facts 130 s old"},
	{StaleFacts, func(s *Subject) { s.Silent = "is unreachable" }, ""},
	{ClusterIncomplete, func(s *Subject) { s.Silent, s.Missing = "is unreachable", []string{"x"} }, "is unreachable"},
	{ClusterIncomplete, func(s *Subject) { s.Missing = []string{"c2 is silent", "c3 is"} }, "c2 is silent; c3 is"},
	{Excluded, func(s *Subject) { s.Excluded = true }, "excluded by the operator"},

	{Serves, func(s *Subject) { s.Clients.Seen = []string{"8 sessions"} }, "8 sessions"},
	{Serves, func(s *Subject) { s.Clients.Seen = []string{"8 sessions", "b", "c"} }, "8 sessions, and 2 more"},
	{Serves, func(s *Subject) { s.Clients = Clients{Seen: []string{"8 sessions"}, Welcome: true} }, ""},
	{ClientsUnknown, func(s *Subject) { s.Clients.Unknown = []string{"no answer", "x"} }, "no answer; x"},
	{ClientsUnknown, func(s *Subject) { s.Clients = Clients{Seen: []string{"8"}, Unknown: []string{"x"}} }, ""},
	{ClientsUnknown, func(s *Subject) {
		s.Clients = Clients{Seen: []string{"8"}, Unknown: []string{"x"}, Welcome: true}
	}, "x"},

	{NotRunning, func(s *Subject) { s.Database, s.Stopped = nil, "it does not run" }, "it does not run"},
	{SplitBrain, func(s *Subject) { s.Peers[2].UUID = "other" },
		`controller-0 is in the cluster "1f3c653c-e6a8-11f1-851b-82aa4432fad4", controller-2 in "other"`},
	{SplitBrain, func(s *Subject) { s.Peers[2].Database.Wsrep.ClusterConfID = 12 },
		"controller-0 has membership 11, controller-2 has 12: read again"},
	{SplitBrain, func(s *Subject) { // a minority sees another membership
		w := &s.Peers[2].Database.Wsrep
		w.ClusterConfID, w.ClusterStatus = 12, galera.ClusterNonPrimary
	}, ""},
	{SplitBrain, func(s *Subject) { // the first is of no use, the others differ
		s.Peers[0].Database.Wsrep.ClusterStatus, s.Peers[2].UUID = galera.ClusterNonPrimary, "other"
	}, `controller-1 is in the cluster "1f3c653c-e6a8-11f1-851b-82aa4432fad4", controller-2 in "other"`},
	{NotPrimary, wsrep(func(w *galera.Wsrep) { w.ClusterStatus = "Disconnected" }),
		"wsrep_cluster_status is Disconnected"},
	{NotPrimary, wsrep(func(w *galera.Wsrep) { w.ClusterStatus = "" }), "wsrep_cluster_status is unknown"},
	{NotPrimary, wsrep(func(w *galera.Wsrep) { w.On = false }), "wsrep_on is OFF"},
	{Desynced, wsrep(func(w *galera.Wsrep) { w.Desync, w.DesyncCount = true, 2 }), "wsrep_desync is ON (count 2)"},
	{Desynced, wsrep(func(w *galera.Wsrep) { w.Desync = true }), "wsrep_desync is ON"},
	{Desynced, wsrep(func(w *galera.Wsrep) { w.DesyncCount = 1 }), "wsrep_desync_count is 1"},
	{Desynced, wsrep(func(w *galera.Wsrep) { w.DesyncCount, w.State = 1, galera.StateDonorDesync }), ""},
	{Donor, wsrep(func(w *galera.Wsrep) { w.State = galera.StateDonorDesync }), "state is Donor/Desynced while"},
	{Donor, wsrep(func(w *galera.Wsrep) { w.State, w.Desync = galera.StateDonorDesync, true }), ""},
	{NotSynced, wsrep(func(w *galera.Wsrep) { w.State = "Joiner" }), "state is Joiner"},
	{NotSynced, wsrep(func(w *galera.Wsrep) { w.State = "" }), "state is unknown"},
	{NotReady, wsrep(func(w *galera.Wsrep) { w.Connected, w.Ready = false, false }), "wsrep_connected is OFF"},
	{NotReady, wsrep(func(w *galera.Wsrep) { w.Ready = false }), "wsrep_ready is OFF"},
	{FlowControl, wsrep(func(w *galera.Wsrep) { w.FlowControlActive = true }), "flow control is active"},
	{FlowControl, func(s *Subject) { s.Database.Sample.FlowControl = 0.5 }, "flow control 0.5 > 0.01 of the time"},
	{FlowControl, func(s *Subject) { s.Database.Sample.FlowControl = MaxFlowControl.Default }, ""},
	{RecvQueue, func(s *Subject) { s.Database.Sample.RecvQueueMin = 17 }, "receive queue 17 > 16"},
	{RecvQueue, func(s *Subject) { s.Database.Sample.RecvQueueMin = 16 }, ""},
	{RecvQueue, wsrep(func(w *galera.Wsrep) { w.RecvQueue = 500 }), ""}, // gone at the second reading
	{RecvQueue, func(s *Subject) { s.Database.Wsrep.RecvQueue, s.Database.Sample.Window = 17, 0 }, "receive queue 17"},
	{Lagging, func(s *Subject) { s.Database.Wsrep.LastCommitted -= 5000 }, "5015 write-sets behind controller-0 > 500"},
	{Lagging, func(s *Subject) { s.Peers[1].Database.Wsrep.LastCommitted += 5000 }, ""}, // itself
	{Lagging, func(s *Subject) { // a minority went elsewhere
		w := &s.Peers[2].Database.Wsrep
		w.LastCommitted, w.ClusterStatus = w.LastCommitted+50000, galera.ClusterNonPrimary
	}, ""},

	{PacemakerUnread, func(s *Subject) { s.Own, s.Unread = nil, "pacemaker_facts were not gathered" },
		"pacemaker_facts were not gathered"},
	{PacemakerUnread, func(s *Subject) { s.Own, s.Unread, s.Silent = nil, "x", "is unreachable" }, ""},
	{PacemakerUnread, func(s *Subject) { s.Node = "controller-9" }, "Pacemaker does not list it among its nodes"},
	{PacemakerUnread, func(s *Subject) { s.Own.Errors = failed }, "Pacemaker's configuration was not read: why"},
	{PacemakerUnread, func(s *Subject) { s.Cluster.Errors = failed }, "Pacemaker's configuration was not read: why"},
	{NoQuorum, func(s *Subject) { s.Cluster.Quorum = false }, "the cluster has no quorum"},
	{NoQuorum, func(s *Subject) { s.Own.Quorum = false }, "its part of the cluster has no quorum"},
	{Unclean, node(func(n *crmmon.Node) { n.Unclean = true }), "the node is UNCLEAN"},
	{Unclean, func(s *Subject) { s.Own.Nodes[1].Unclean = true }, "the node is UNCLEAN"},
	{Unclean, views(func(p *pacemaker.Facts) { p.Nodes[0].Unclean = true }), ""}, // another node
	{NodeOffline, node(func(n *crmmon.Node) { n.Online = false }), "the node is offline"},
	{Pending, node(func(n *crmmon.Node) { n.Pending = true }), "the node is pending"},
	{Pending, node(func(n *crmmon.Node) { n.Shutdown = true }), "the node is shutting down"},
	{Standby, node(func(n *crmmon.Node) { n.Standby = true }), "the node is in standby"},
	{Standby, node(func(n *crmmon.Node) { n.StandbyFail = true }), "the node is in standby after a failure"},
	{Maintenance, node(func(n *crmmon.Node) { n.Maintenance = true }), "the node is in maintenance"},
	{Maintenance, func(s *Subject) { s.Own.MaintenanceMode = true }, "the whole cluster is in maint"},
	{NodeHealth, node(func(n *crmmon.Node) { n.Health = "red" }), "the node's health is red"},
	{NodeHealth, node(func(n *crmmon.Node) { n.Health = "purple" }), "the node's health is purple"},
	{NodeHealth, node(func(n *crmmon.Node) { n.Health = "yellow" }), ""},
	{NodeHealth, node(func(n *crmmon.Node) { n.Health = "" }), ""},
	{NodeHealth, node(func(n *crmmon.Node) { n.Attributes = map[string]string{"#health-disk": "RED"} }),
		"the node's health is red (#health-disk)"},
	{NodeHealth, node(func(n *crmmon.Node) { n.Attributes = map[string]string{"#health-disk": "green", "x": "red"} }),
		""},
	{FencingPending, fencing("controller-1", "pending"), "the fencing of controller-1 (off) is pending"},
	{FencingPending, fencing("CONTROLLER-1", ""), "the fencing of CONTROLLER-1 (off) is unknown"},
	{FencingPending, fencing("controller-1", "success"), ""},
	{FencingPending, fencing("controller-1", "failed"), ""},
	{FencingPending, fencing("controller-2", "pending"), ""},
	{FencingPending, func(s *Subject) { // the container of galera runs on it
		guest := crmmon.Node{Name: "galera-bundle-0", Type: crmmon.NodeGuest, ContainerOn: "controller-1"}
		s.Cluster.Nodes = append(s.Cluster.Nodes, guest)
		fencing("galera-bundle-0", "pending")(s)
	}, "the fencing of galera-bundle-0 (off) is pending"},
	{FencingPending, func(s *Subject) {
		s.Cluster.Nodes = append(s.Cluster.Nodes, crmmon.Node{Name: "galera-bundle-0", ContainerOn: "controller-2"})
		fencing("galera-bundle-0", "pending")(s)
	}, ""},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Failed = true }), "galera failed"},
	{ResourceFailed, func(s *Subject) {
		resource(func(r *crmmon.Resource) { r.Failed = true })(s)
		s.Cluster.Failures = []crmmon.Failure{{Resource: "galera", Node: "controller-2", Action: "stop"},
			{Resource: "galera", Node: "galera-bundle-1", Host: "controller-1", Action: "monitor", Exit: "not running"}}
	}, "galera failed: monitor not running"},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Failed, r.FailureIgnored = true, true }), ""},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Blocked = true }), "galera is blocked"},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Role = crmmon.RoleUnpromoted }),
		"galera is Unpromoted, not"},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Role = "" }), "galera is unknown, not Promoted"},
	{ResourceFailed, resource(func(r *crmmon.Resource) { r.Node = "controller-2" }),
		"Pacemaker has no galera running on it"},
	{ResourceFailed, failCount("controller-1", 3, 3), "fail count of galera is 3"},
	{ResourceFailed, failCount("Controller-1", 1000000, 0), "fail count of galera is INFINITY"},
	{ResourceFailed, failCount("controller-1", 2, 3), ""},
	{ResourceFailed, failCount("controller-1", 999999, 0), ""},
	{ResourceFailed, failCount("controller-2", 3, 3), ""},
	{ResourceFailed, func(s *Subject) {
		failCount("controller-1", 3,
			3)(s)
		s.Cluster.FailCounts[0].Resource = "redis"
	}, ""},
	{ResourceUnmanaged, resource(func(r *crmmon.Resource) { r.Managed = false }), "galera is unmanaged"},
	{ResourceUnmanaged, resource(func(r *crmmon.Resource) { r.Maintenance = true }), "galera is unmanaged"},
	{ResourceUnmanaged, views(func(p *pacemaker.Facts) { p.Galera.Managed = false }), "galera is unmanaged"},
	{Banned, ban("controller-1", "galera-master", "-INFINITY"), "the constraint ban keeps galera-master off it"},
	{Banned, ban("controller-1", "galera-master", "100"), ""},
	{Banned, ban("controller-2", "galera-master", "-INFINITY"), ""},
	{Banned, ban("controller-1", "redis", "-INFINITY"), ""},
	{Banned, func(s *Subject) { ban("controller-1", "galera", "-1")(s); s.Database = nil }, ""},
	{Stopping, func(s *Subject) { s.Own.StopAll = true }, "stop-all-resources is set"},
	{Stopping, resource(func(r *crmmon.Resource) { r.Target = crmmon.RoleStopped }),
		"the target role of galera is Stopped"},
	{Stopping, resource(func(r *crmmon.Resource) { r.Target = crmmon.RoleUnpromoted }),
		"the target role of galera is Unp"},
	{Stopping, resource(func(r *crmmon.Resource) { r.Target = crmmon.RolePromoted }), ""},

	{ServerDown, func(s *Subject) { s.Backend.Status, s.Backend.Raw = stats.StatusDown, "DOWN 1/2" },
		"HAProxy on controller-0 has controller-1.internalapi.localdomain DOWN 1/2 L7OK 200"},
	{ServerDown, func(s *Subject) {
		*s.Backend = stats.Server{Name: "c1", Status: stats.StatusUnknown}
	}, "HAProxy on controller-0 has c1 unknown"},
	{NoSpace, func(s *Subject) { s.Database.Storage.DatadirFree = 1<<30 - 1 }, "free 1"},
	{NoSpace, func(s *Subject) { s.Database.Storage.DatadirFree = 1 << 30 }, ""},
	{NoSpace, func(s *Subject) { s.Database.Storage.DatadirTotal = 0 },
		"free space of the datadir's file system is unknown"},
	{Locked, lock("", 30), "job a on controller-0 holds the lock for another 30 s"},
	{Locked, lock("1F3C653C-e6a8-11f1-851b-82aa4432fad4", 30), "job a on controller-0 holds the lock"},
	{Locked, lock("another", 30), ""},
	{Locked, lock("", 0), ""}, // it expires at this moment
	{Locked, lock("", -30), ""},
	{Locked, func(s *Subject) { s.Locks = []cib.Lock{{}} }, "job unknown on unknown holds the lock for another 0 s"},
	{Locked, func(s *Subject) { lock("another", 30)(s); s.UUID = "" }, "job a on controller-0"},
	{LastStandby, func(s *Subject) { s.Spares = nil }, "healthy standbys: 0 (none) < 1"},
}

var failed = []reading.Error{{Source: pacemaker.SourceCIB, Message: "why"}}

func fencing(target, status string) func(*Subject) {
	return func(s *Subject) {
		s.Cluster.Fencing = []crmmon.FencingEvent{{Target: target, Status: status, Action: "off"}}
	}
}

func failCount(host string, count, threshold int64) func(*Subject) {
	return func(s *Subject) {
		s.Cluster.FailCounts = []crmmon.FailCount{{Resource: "galera", Node: host, Count: count, Threshold: threshold}}
	}
}

func ban(node, resource, weight string) func(*Subject) {
	return func(s *Subject) {
		s.Cluster.Bans = []crmmon.Ban{{ID: "ban", Resource: resource, Node: node, Weight: weight}}
	}
}

func lock(cluster string, left float64) func(*Subject) {
	return func(s *Subject) {
		s.Locks = []cib.Lock{{Job: "a", Holder: "controller-0", Cluster: cluster, Expires: s.Now + left}}
	}
}

func TestEveryConditionIsMetByItsCause(t *testing.T) {
	rows, shown := map[Code]bool{}, 0
	for i, c := range checks {
		s := standby(t)
		c.change(s)
		got := met(s)[c.code]
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("row %d, %s: %q, want %q", i, c.code, got, c.want)
		}
		if c.want != "" {
			rows[c.code] = true
			shown++
		}
	}
	for _, c := range All() {
		if !rows[c.Code] {
			t.Errorf("%s: no row shows what meets it", c.Code)
		}
	}
	if shown < 60 {
		t.Errorf("only %d rows", shown)
	}
}

// A change that meets a condition meets no other one, except those that the condition explains: an operator reads one
// reason for one cause.
func TestACauseIsReportedOnce(t *testing.T) {
	for i, c := range checks {
		if c.want == "" {
			continue
		}
		s := standby(t)
		c.change(s)
		var findings []Finding
		for code, message := range met(s) {
			findings = append(findings, Finding{code, message})
		}
		for _, f := range Fold(findings) {
			if f.Code != c.code {
				t.Errorf("row %d, %s: also %s (%s)", i, c.code, f.Code, f.Message)
			}
		}
	}
}

func TestALimitIsTheOperators(t *testing.T) {
	s := standby(t)
	s.Database.Sample.FlowControl, s.Database.Sample.RecvQueueMin = 0.5, 30
	s.Database.Storage.DatadirFree, s.Spares = 5, nil
	s.Database.Wsrep.LastCommitted -= 5000
	strict, loose := Limits{}, Limits{"max_flow_control": 0.5, "max_recv_queue": 30, "min_free_space": 0,
		"min_spares": 0,
		"max_lag":    1e9}
	for _, code := range []Code{FlowControl, RecvQueue, NoSpace, LastStandby, Lagging} {
		if Of(code).Check(*s, strict) == "" || Of(code).Check(*s, loose) != "" {
			t.Errorf("%s: %q by default, %q", code, Of(code).Check(*s, strict), Of(code).Check(*s, loose))
		}
	}
}

func TestFewOthers(t *testing.T) {
	for others, want := range map[int]string{2: "", 1: "",
		0: "the Galera cluster has 0 other members, and must have 1"} {
		if got := FewMembers(others, 1); got != want {
			t.Errorf("%d: %q", others, got)
		}
	}
	for _, c := range []struct {
		nodes []string
		want  string
	}{
		{[]string{"a", "b"}, ""}, {[]string{"a"},
			"the database is promoted on a in addition, and 2 other nodes must be able"},
		{nil, "the database is promoted on no other node in addition, and 2 other nodes must be able to serve"},
	} {
		if got := FewPromoted(c.nodes, 2); !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%v: %q", c.nodes, got)
		}
	}
}

func TestWhatIsCountedOnRightBeforeABackup(t *testing.T) {
	sound := pacemaker.ClusterView{Present: true, Quorum: true, Self: crmmon.Node{Name: "a", Online: true}}
	for want, change := range map[string]func(*pacemaker.ClusterView){
		"":                           func(*pacemaker.ClusterView) {},
		"has no quorum":              func(v *pacemaker.ClusterView) { v.Quorum = false },
		"the node is offline":        func(v *pacemaker.ClusterView) { v.Self.Online = false },
		"UNCLEAN":                    func(v *pacemaker.ClusterView) { v.Self.Unclean = true },
		"pending":                    func(v *pacemaker.ClusterView) { v.Self.Pending = true },
		"in standby":                 func(v *pacemaker.ClusterView) { v.Self.Standby = true },
		"in maintenance":             func(v *pacemaker.ClusterView) { v.Maintenance = true },
		"the node is shutting down":  func(v *pacemaker.ClusterView) { v.Self.Shutdown = true },
		"in standby after a failure": func(v *pacemaker.ClusterView) { v.Self.StandbyFail = true },
	} {
		v := sound
		change(&v)
		if err := CountedOn(v); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if err := CountedOn(pacemaker.ClusterView{}); err != nil {
		t.Errorf("a host without Pacemaker: %v", err)
	}
	if got := Sessions([]galera.Session{{User: "nova", Source: "10.0.0.1", Count: 2},
		{User: "x", Source: "y", Count: 1}}); got !=
		"2 of nova from 10.0.0.1, 1 of x from y" || Sessions(nil) != "" {
		t.Error(got)
	}
	if s := standby(t); !s.Listed() || (Subject{}).Listed() || slices.Contains([]string{Ban(*s), Stop(*s)}, "x") {
		t.Error("it is listed by both reports")
	}
}
