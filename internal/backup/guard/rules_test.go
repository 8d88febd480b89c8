// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// well returns a sample that breaks no rule, n seconds after noon.
func well(n int) Sample {
	at := noon.Add(time.Duration(n) * time.Second)
	return Sample{
		At: at,
		Server: ServerSample{At: at, ClusterStatus: galera.ClusterPrimary, State: galera.StateSynced, Ready: true,
			Connected:   true,
			ClusterSize: 3, LSN: 1000, Silent: 0.1},
		Cluster: clusterSample(soundView(), at),
		Tool:    ToolSample{Stage: tool.Free, RedoLSN: 990, FreeDestination: 100, FreeDatadir: 100},
	}
}

func soundView() pacemaker.ClusterView {
	return pacemaker.ClusterView{
		Present: true, Quorum: true, Self: crmmon.Node{Name: "controller-2", Online: true},
		Promoted: []string{"controller-0", "controller-1"},
	}
}

// view changes what Pacemaker reports.
func view(change func(*pacemaker.ClusterView)) func(*Sample) {
	return func(s *Sample) {
		v := s.Cluster.view
		change(&v)
		s.Cluster = clusterSample(v, s.Cluster.At)
	}
}

var strict = limits{Allowed: Allowed{LeaseTimeout: 300 * time.Second}, Needed: Needed{Without: 2, With: 1},
	destination: 50, datadir: 50, redo: 100, path: "/srv/backup"}

// during returns a history of n samples, and applies change to the last ones.
func during(n, changed int, change func(*Sample)) (all []Sample) {
	for i := range n {
		s := well(i)
		if i >= n-changed {
			change(&s)
		}
		all = append(all, s)
	}
	return all
}

func TestASoundNodeBreaksNoRule(t *testing.T) {
	if b := judge(during(10, 0, nil), strict); b != nil {
		t.Error(b)
	}
	if b := judge(nil, strict); b != nil {
		t.Error(b)
	}
	// Nothing was reported yet.
	if b := judge([]Sample{{At: noon, Tool: ToolSample{FreeDestination: -1, FreeDatadir: -1}}}, strict); b != nil {
		t.Error(b)
	}
}

// broken has, for each rule, a change that breaks it, and how often it must occur.
var broken = map[string]struct {
	rule   string
	times  int
	age    int // of a rule that counts seconds
	want   string
	change func(*Sample)
}{
	"clients": {"clients", 2, 0, "3 of nova from 10.0.0.1",
		func(s *Sample) { s.Server.Sessions = []galera.Session{{User: "nova", Source: "10.0.0.1", Count: 3}} }},
	"clients that come and go": {"clients", 1, 15,
		"again and again: 4 logins of nova from 10.0.0.1, 10.0.0.2 within 10 s; if these are no clients (monitoring)," +
			" name them in ignore_users",
		func(s *Sample) {
			s.Server.Visits = []logins.Visits{{User: "nova", Sources: []string{"10.0.0.1", "10.0.0.2"}, Logins: 4,
				Answers: 3, First: noon.Add(-6 * time.Second), Last: noon.Add(4 * time.Second)}}
		}},
	"a server that hangs": {"server_silent", 1, 5, "not answered for 5.0 s: i/o timeout",
		func(s *Sample) { s.Server.Silent, s.Server.Error = 5, "i/o timeout" }},
	"non-Primary": {"not_primary", 1, 0, "(wsrep_cluster_status is non-Primary)",
		func(s *Sample) { s.Server.ClusterStatus = galera.ClusterNonPrimary }},
	"unknown component": {"not_primary", 1, 0, "", func(s *Sample) { s.Server.ClusterStatus = "" }},
	"not ready": {"not_ready", 2, 0, "(wsrep_ready is OFF)",
		func(s *Sample) { s.Server.Ready = false }},
	"not connected": {"not_ready", 2, 0, "(wsrep_connected is OFF)",
		func(s *Sample) { s.Server.Connected = false }},
	"an SST": {"not_synced", 3, 0, "it is not Synced (state is Donor/Desynced)",
		func(s *Sample) { s.Server.State = galera.StateDonorDesync }},
	"an SST after the tool": {"not_synced", 3, 0, "",
		func(s *Sample) { s.Server.State, s.Tool.Stage = galera.StateDonorDesync, tool.Unlocked }},
	"unknown state": {"not_synced", 3, 0, "", func(s *Sample) { s.Server.State = "" }},
	"joined":        {"not_synced", 3, 0, "", func(s *Sample) { s.Server.State = galera.StateJoined }},
	"not joined while desynced": {"not_synced", 3, 0, "",
		func(s *Sample) { s.Server.State, s.Server.Desync, s.Server.Ours = "", true, true }},
	"an operator's desync": {"foreign_desync", 1, 0, "somebody set wsrep_desync",
		func(s *Sample) { s.Server.Desync, s.Server.State = true, galera.StateDonorDesync }},
	"the others are gone": {"last_spare", 1, 0,
		"the Galera cluster has 0 other members, and must have 1, even while this one stays in service",
		func(s *Sample) { s.Server.ClusterSize = 1 }},
	"a member is gone, and the node cannot serve": {"last_spare", 1, 0, "the Galera cluster has 1 other member," +
		" and must have 2 unless this one serves, which it cannot now: 90 write-sets", func(s *Sample) {
		s.Server.ClusterSize, s.Server.Spare, s.Server.SpareError = 2, true, "90 write-sets"
	}},
	"demoted elsewhere, and the node cannot serve": {"last_spare", 2, 0, "promoted on controller-0 in addition",
		func(s *Sample) {
			s.Cluster.Others, s.Server.Spare, s.Server.SpareError = s.Cluster.Others[:1], true, "90 write-sets"
		}},
	"demoted everywhere": {"last_spare", 2, 0,
		"no other node in addition, and 1 other node must be able to serve, even",
		func(s *Sample) { s.Cluster.Others = nil }},
	"standby": {"node_standby", 1, 0, "standby",
		view(func(v *pacemaker.ClusterView) { v.Self.Standby = true })},
	"unclean": {"node_unfit", 1, 0, "the node is offline",
		view(func(v *pacemaker.ClusterView) { v.Self.Online, v.Self.Unclean = false, true })},
	"maintenance-mode": {"maintenance", 1, 0, "maintenance mode",
		view(func(v *pacemaker.ClusterView) { v.Maintenance = true })},
	"no quorum": {"no_quorum", 1, 0, "quorum",
		view(func(v *pacemaker.ClusterView) { v.Quorum = false })},
	"crm_mon hangs": {"cluster_silent", 1, 15, "15 s: time limit",
		func(s *Sample) { s.Cluster.Silent, s.Cluster.Error = 15, "time limit" }},
	"a long queue": {"recv_queue", 3, 0, "receive queue 100001 > 100000",
		func(s *Sample) { s.Server.RecvQueue, s.Server.Desync, s.Server.Ours = 100_001, true, true }},
	"flow control": {"flow_control", 3, 0, "sent 2 times",
		func(s *Sample) { s.Server.FlowControlSent = 2 }},
	"a full destination": {"space_destination", 1, 0, "49 bytes are free at /srv/backup",
		func(s *Sample) { s.Tool.FreeDestination = 49 }},
	"a full datadir": {"space_datadir", 1, 0, "49 bytes are free in its datadir",
		func(s *Sample) { s.Tool.FreeDatadir = 49 }},
	"a redo log that wraps around": {"redo_overrun", 1, 0, "81 bytes behind",
		func(s *Sample) { s.Server.LSN = s.Tool.RedoLSN + 81 }},
	"a sink that hangs": {"sink_stalled", 1, 60, "/srv/backup has accepted no data for 60 s",
		func(s *Sample) { s.Tool.Stalled = 60 }},
	"a sync that hangs": {"sink_stalled", 1, 300, "300 s",
		func(s *Sample) { s.Tool.Stalled, s.Tool.Closing = 300, true }},
	"a caller that is gone": {"lease_lost", 1, 300, "300 s", func(s *Sample) { s.LeaseAge = 300 }},
}

// Each rule is broken by exactly as many answers as it says; since is the time of the first.
func TestEachRule(t *testing.T) {
	for name, tt := range broken {
		t.Run(name, func(t *testing.T) {
			if b := judge(during(10, tt.times-1, tt.change), strict); b != nil {
				t.Fatalf("one less: %v", b)
			}
			b := judge(during(10, tt.times, tt.change), strict)
			if b == nil || b.Rule != tt.rule || !strings.Contains(b.Message, tt.want) {
				t.Fatalf("got %v", b)
			}
			since := noon.Add(time.Duration(10-tt.times) * time.Second)
			if tt.age > 0 {
				since = noon.Add(time.Duration(9-tt.age) * time.Second)
			}
			if !b.Since.Equal(since) {
				t.Errorf("since %s, want %s", b.Since, since)
			}
			// A sound answer in between restarts the count.
			broken := during(10, tt.times, tt.change)
			broken = append(broken, well(10))
			if b := judge(broken, strict); b != nil {
				t.Errorf("over: %v", b)
			}
		})
	}
}

// A caller without a lease, or one that may go, is not awaited; what is allowed besides reaches the rules as it is.
func TestALeaseThatNobodyRenewsIsNotAwaited(t *testing.T) {
	allowed := Allowed{AllowClients: true, IgnoreUsers: []string{"monitor"}, LeaseTimeout: time.Minute,
		MaxCommitStall: time.Second}
	renewed := func() (string, error) { return "", nil }
	for lease, want := range map[*func() (string, error)]time.Duration{nil: 0, &renewed: time.Minute} {
		c := Config{Allowed: allowed, Needed: Needed{Without: 2, With: 1}, Set: "/srv/set"}
		if lease != nil {
			c.Lease = *lease
		}
		expected := limits{Allowed: allowed, Needed: c.Needed, path: "/srv/set"}
		expected.LeaseTimeout = want
		if got := newGuard(c, nil).limits; !reflect.DeepEqual(got, expected) {
			t.Errorf("%+v, want %+v", got, expected)
		}
	}
}

// visits has logins of one user in some answers, that many seconds apart.
func visits(answers, apart int) func(*Sample) {
	return func(s *Sample) {
		s.Server.Visits = []logins.Visits{{User: "nova", Logins: 9, Answers: answers, First: noon,
			Last: noon.Add(time.Duration(apart) * time.Second)}}
	}
}

func TestWhatTheRulesAllow(t *testing.T) {
	desynced := func(s *Sample) { s.Server.Desync, s.Server.Ours, s.Server.State = true, true, galera.StateDonorDesync }
	for name, tt := range map[string]struct {
		limits func(*limits)
		change func(*Sample)
	}{
		"clients that are allowed": {func(l *limits) { l.AllowClients = true },
			func(s *Sample) { s.Server.Sessions = []galera.Session{{User: "nova", Count: 1}} }},
		"clients that come and go, and are allowed": {func(l *limits) { l.AllowClients = true }, visits(9, 9)},
		"two logins":                    {nil, visits(2, 30)},
		"logins that follow each other": {nil, visits(4, 4)},
		"our own desync":                {nil, desynced},
		"the tool's own desync": {nil, func(s *Sample) {
			s.Server.State, s.Tool.Stage = galera.StateDonorDesync,
				tool.BlockDDL
		}},
		"one of five is gone": {nil, func(s *Sample) {
			s.Server.ClusterSize = 4
			s.Cluster.Others = []string{"a",
				"b", "c"}
		}},
		"a member is gone, and this node serves": {nil, func(s *Sample) {
			s.Server.ClusterSize, s.Cluster.Others, s.Server.Spare = 2, s.Cluster.Others[:1], true
		}},
		"all are here, and this node cannot serve": {nil, func(s *Sample) { s.Server.SpareError = "90 write-sets" }},
		"no spares are required": {func(l *limits) { l.Needed = Needed{} },
			func(s *Sample) { s.Server.ClusterSize, s.Cluster.Others = 1, nil }},
		"a host without Pacemaker": {nil, func(s *Sample) { s.Cluster = ClusterSample{} }},
		"a queue without desync":   {nil, func(s *Sample) { s.Server.RecvQueue = 200_000 }},
		"a queue of 100000":        {nil, func(s *Sample) { desynced(s); s.Server.RecvQueue = 100_000 }},
		"a caller that may go":     {func(l *limits) { l.LeaseTimeout = 0 }, func(s *Sample) { s.LeaseAge = 9999 }},
		"unknown space":            {nil, func(s *Sample) { s.Tool.FreeDatadir, s.Tool.FreeDestination = -1, -1 }},
		"an unknown redo log":      {func(l *limits) { l.redo = 0 }, func(s *Sample) { s.Server.LSN = 1 << 40 }},
		"an unknown redo position": {nil, func(s *Sample) { s.Tool.RedoLSN = 0 }},
		"a server without an LSN":  {nil, func(s *Sample) { s.Server.LSN = 0 }},
		"80 % of the redo log":     {nil, func(s *Sample) { s.Server.LSN = s.Tool.RedoLSN + 80 }},
		"a sink that is slow":      {nil, func(s *Sample) { s.Tool.Stalled = 59.9 }},
		"a sync that is slow":      {nil, func(s *Sample) { s.Tool.Stalled, s.Tool.Closing = 299, true }},
		// That is the rule commit_stall, which does not wait for samples.
		"a stall while locked": {nil, func(s *Sample) { s.Tool.Stalled, s.Tool.Stage = 90, tool.BlockCommit }},
		"a slow server":        {nil, func(s *Sample) { s.Server.Silent = 4.9 }},
		"a slow crm_mon":       {nil, func(s *Sample) { s.Cluster.Silent = 14.9 }},
	} {
		t.Run(name, func(t *testing.T) {
			l := strict
			if tt.limits != nil {
				tt.limits(&l)
			}
			if b := judge(during(10, 10, tt.change), l); b != nil {
				t.Error(b)
			}
		})
	}
}

// A source that hangs after a bad answer has not given a second bad answer.
func TestOneAnswerCountsOnce(t *testing.T) {
	history := during(10, 5, func(s *Sample) { s.Server.At, s.Server.Ready = noon, false })
	if b := judge(history, strict); b != nil {
		t.Error(b)
	}
}

func TestTheCauseIsReportedBeforeItsConsequences(t *testing.T) {
	b := judge(during(10, 3, func(s *Sample) {
		s.Server.ClusterStatus, s.Server.Ready, s.Server.ClusterSize, s.Cluster.Quorum = galera.ClusterNonPrimary,
			false, 1, false
	}), strict)
	if b == nil || b.Rule != "not_primary" {
		t.Errorf("got %v", b)
	}
}

// A node that serves clients, or whose tool locks it, is no spare of its own: without the others too few are left.
func TestANodeThatCannotBeItsOwnSpareIsNotCounted(t *testing.T) {
	l := strict
	l.With = l.Without
	b := judge(during(10, 1, func(s *Sample) { s.Server.ClusterSize = 2 }), l)
	if b == nil || b.Rule != "last_spare" || !strings.HasSuffix(b.Message, "and must have 2") {
		t.Errorf("got %v", b)
	}
	if isSpare(during(10, 1, func(s *Sample) { s.Server.ClusterSize = 2 }), l) {
		t.Error("it counts itself")
	}
}

func TestEveryRuleHasATest(t *testing.T) {
	tested := map[string]bool{}
	for _, b := range broken {
		tested[b.rule] = true
	}
	for _, r := range rules {
		if !tested[r.Name] {
			t.Errorf("no row of broken breaks %s", r.Name)
		}
	}
}

func TestEveryRuleSaysWhyItIsAsTolerant(t *testing.T) {
	for _, r := range rules {
		if r.Name == "" || r.times < 1 || r.times >= keptSamples || len(r.why) < 10 || r.from == nil || r.see == nil {
			t.Errorf("%+v", r)
		}
	}
}
