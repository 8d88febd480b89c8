// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// defect is one change to a healthy cluster of three that rejects controller-2 for one reason.
type defect struct {
	name    string
	code    condition.Code
	inflict func(w *world, o *Options)
	// message is the text that the operator reads.
	message string
}

func sample(change func(*galera.Facts)) func(*world, *Options) {
	return func(w *world, _ *Options) { change(w.hosts[2].Galera) }
}

func nodeFlag(change func(*crmmon.Node)) func(*world, *Options) {
	return func(w *world, _ *Options) { w.node(2, change) }
}

func fencing(target, status string) func(*world, *Options) {
	return func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) {
			p.Fencing = []crmmon.FencingEvent{{Target: target, Action: "reboot", Status: status}}
		})
	}
}

var defects = []defect{
	{"an operator fences it", condition.FencingPending, fencing("controller-2", "pending"),
		"the fencing of controller-2 (reboot) is pending"},
	{"its fencing is in a state that is not known", condition.FencingPending, fencing("Controller-2", "executing"),
		"the fencing of Controller-2 (reboot) is executing"},
	{"the health of its node is red", condition.NodeHealth, nodeFlag(func(n *crmmon.Node) { n.Health = "red" }),
		"the node's health is red"},
	{"the health of its node is a word that is not known", condition.NodeHealth,
		nodeFlag(func(n *crmmon.Node) { n.Health = "purple" }),
		"the node's health is purple"},
	{"Pacemaker is not installed on it", condition.PacemakerUnread, func(w *world, _ *Options) {
		p := w.hosts[2].Pacemaker
		*p = pacemaker.Facts{Header: p.Header}
		p.Present = false
	}, "Pacemaker is not installed on it"},
	{"two hosts claim one Pacemaker node", condition.AmbiguousNames,
		func(w *world, _ *Options) { w.hosts[2].Pacemaker.LocalNode = "controller-1" },
		"controller-1 and controller-2 both claim the Pacemaker node controller-1"},
	{"facts older than max_age", condition.StaleFacts, sample(func(g *galera.Facts) { g.GatheredAt = testNow - 121 }),
		"has facts 121 s old (limit 120 s)"},
	{"facts from the future", condition.StaleFacts, sample(func(g *galera.Facts) { g.GatheredAt = testNow + 3600 }),
		"has facts from 3600 s in the future (limit 120 s)"},
	{"ssh does not reach it", condition.ClusterIncomplete,
		func(w *world, _ *Options) { w.hosts[2] = topology.Host{Name: "controller-2", Unreachable: true} },
		"is unreachable or gave no facts"},
	{"the host map knows a fourth member", condition.ClusterIncomplete,
		func(w *world, _ *Options) {
			w.managers(func(p *pacemaker.Facts) {
				p.Galera.HostMap["controller-3"] = "controller-3.internalapi.localdomain"
			})
		}, "controller-3 (cluster_host_map) is not one of the hosts"},
	{"HAProxy has a server that nobody is", condition.ClusterIncomplete,
		func(w *world, _ *Options) { w.line(0, 2).Name = "controller-3.internalapi.localdomain" },
		"the HAProxy server controller-3.internalapi.localdomain is not one of the hosts"},
	{"Galera counts a fourth member", condition.ClusterIncomplete,
		sample(func(g *galera.Facts) { g.Wsrep.ClusterSize = 4 }),
		"wsrep_cluster_size is 4 members, the hosts have 3 databases"},
	{"gcomm:// lists a fourth member", condition.ClusterIncomplete,
		sample(func(g *galera.Facts) { g.Wsrep.ClusterAddress = "gcomm://a,b,c,d?pc.wait_prim=no" }),
		"wsrep_cluster_address lists 4 members, the hosts have 3 databases"},
	{"the operator excludes it", condition.Excluded, func(_ *world,
		o *Options) {
		o.Exclude = []string{"Controller-2"}
	}, "excluded by the operator"},
	{"it serves a client past HAProxy", condition.Serves,
		sample(func(g *galera.Facts) { g.Sessions = []galera.Session{{User: "heat", Source: "10.99.0.77", Count: 2}} }),
		"MariaDB: 2 client sessions (heat from 10.99.0.77)"},
	{"it makes write-sets of its own", condition.Serves, sample(func(g *galera.Facts) { g.Sample.Replicated = 4 }),
		"MariaDB: 4 write-sets/s of its own"},
	{"sessions linger at the HAProxy that had the VIP", condition.Serves,
		func(w *world, _ *Options) { w.line(0, 2).CurrentSessions = 3 },
		"HAProxy on controller-0: 3 sessions, 0 new in 0.25 s"},
	{"its sessions could not be read", condition.ClientsUnknown,
		sample(func(g *galera.Facts) { g.Add("sessions", "socket", errDenied, "grant PROCESS") }),
		"MariaDB: sessions was not read: access denied"},
	{"it was read once", condition.ClientsUnknown, sample(func(g *galera.Facts) { g.Sample = galera.Sample{} }),
		"MariaDB: it was read once, which shows no write-sets: give galera_facts a sample above 0"},
	{"its server refused us", condition.ClientsUnknown,
		sample(func(g *galera.Facts) {
			*g = galera.Facts{Header: g.Header}
			g.Add("sql", "/run/mysqld/mysqld.sock", errDenied, "")
		}), "MariaDB: it was not read (sql: access denied)"},
	{"its galera_facts are missing", condition.ClientsUnknown, func(w *world, _ *Options) { w.hosts[2].Galera = nil },
		"MariaDB: galera_facts were not gathered on controller-2"},
	{"MariaDB is stopped", condition.NotRunning, func(w *world, _ *Options) { w.stop(2) }, "MariaDB does not run"},
	{"MariaDB is stopped by a ban", condition.NotRunning, func(w *world, _ *Options) {
		w.stop(2)
		w.managers(func(p *pacemaker.Facts) { p.Bans = []crmmon.Ban{ban} })
	}, "MariaDB does not run: the constraint cli-ban keeps galera-master off it"},
	{"MariaDB is starting", condition.NotRunning, func(w *world, _ *Options) {
		node := w.hosts[2].Pacemaker.LocalNode
		w.stop(2)
		w.managers(func(p *pacemaker.Facts) {
			p.Resources = append(p.Resources, crmmon.Resource{ID: "galera", Agent: "ocf:heartbeat:galera",
				Role: crmmon.RoleStarting, Active: true, Managed: true, Node: node})
		})
	}, "MariaDB does not run yet: Pacemaker is starting it"},
	{"two nodes bootstrapped apart", condition.SplitBrain,
		sample(func(g *galera.Facts) { g.Wsrep.ClusterStateUUID = "99998e3a-7d2f-11f0-9c4e-0e3f5f0d7a11" }),
		`controller-0 is in the cluster "5bcd8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", controller-2 in` +
			` "99998e3a-7d2f-11f0-9c4e-0e3f5f0d7a11"`},
	{"two nodes have different memberships", condition.SplitBrain,
		sample(func(g *galera.Facts) { g.Wsrep.ClusterConfID = 13 }),
		"controller-0 has membership 12, controller-2 has 13: read again if nodes were joining or leaving"},
	{"it is non-Primary", condition.NotPrimary, func(w *world, _ *Options) {
		g := w.hosts[2].Galera
		g.Wsrep.ClusterStatus, g.Wsrep.State, g.Wsrep.Ready, g.Wsrep.ClusterSize = galera.ClusterNonPrimary,
			galera.StateInitialized, false, 1
		w.down(2)
	}, "wsrep_cluster_status is non-Primary"},
	{"wsrep status was empty", condition.NotPrimary,
		sample(func(g *galera.Facts) { g.Wsrep.ClusterStatus = galera.ClusterUnknown }),
		"wsrep_cluster_status is unknown"},
	{"wsrep is off", condition.NotPrimary, sample(func(g *galera.Facts) { g.Wsrep.On = false }), "wsrep_on is OFF"},
	{"somebody desynced it", condition.Desynced, func(w *world, _ *Options) {
		g := w.hosts[2].Galera
		g.Wsrep.Desync, g.Wsrep.DesyncCount, g.Wsrep.State, g.Wsrep.RecvQueue, g.Sample.RecvQueueMin = true, 1,
			galera.StateDonorDesync, 90, 80
		w.down(2)
	}, "wsrep_desync is ON (count 1)"},
	{"its desync count is not back at zero", condition.Desynced,
		sample(func(g *galera.Facts) { g.Wsrep.DesyncCount = 1 }), "wsrep_desync_count is 1"},
	{"it feeds a joiner", condition.Donor, func(w *world, _ *Options) {
		w.hosts[2].Galera.Wsrep.DesyncCount, w.hosts[2].Galera.Wsrep.State = 1, galera.StateDonorDesync
		w.down(2)
	}, "state is Donor/Desynced while wsrep_desync is OFF: a state transfer or a backup runs"},
	{"it has joined and catches up", condition.NotSynced, func(w *world, _ *Options) {
		w.hosts[2].Galera.Wsrep.State, w.hosts[2].Galera.Wsrep.LastCommitted = galera.StateJoined, 90000
		w.down(2)
	}, "state is Joined"},
	{"its state is unknown", condition.NotSynced, sample(func(g *galera.Facts) { g.Wsrep.State = galera.StateUnknown }),
		"state is unknown"},
	{"it accepts no statements", condition.NotReady, sample(func(g *galera.Facts) { g.Wsrep.Ready = false }),
		"wsrep_ready is OFF"},
	{"it lost its group", condition.NotReady, sample(func(g *galera.Facts) { g.Wsrep.Connected = false }),
		"wsrep_connected is OFF"},
	{"flow control stopped it", condition.FlowControl, sample(func(g *galera.Facts) { g.Sample.FlowControl = 0.2 }),
		"flow control 0.2 > 0.01 of the time"},
	{"flow control is on", condition.FlowControl, sample(func(g *galera.Facts) { g.Wsrep.FlowControlActive = true }),
		"flow control is active"},
	{"its receive queue is long", condition.RecvQueue, sample(func(g *galera.Facts) {
		g.Wsrep.RecvQueue, g.Sample.RecvQueueMin, g.Wsrep.LastCommitted = 900, 800, 99000
	}), "receive queue 800 > 16"},
	{"it is behind", condition.Lagging, sample(func(g *galera.Facts) { g.Wsrep.LastCommitted = 99000 }),
		"1000 write-sets behind controller-0 > 500"},
	{"its Pacemaker does not answer", condition.PacemakerUnread, func(w *world, _ *Options) {
		p := w.hosts[2].Pacemaker
		*p = pacemaker.Facts{Header: p.Header}
		p.Add("crm_mon", "crm_mon --output-as=xml", errDenied, "")
	}, "Pacemaker on it did not answer (crm_mon: access denied)"},
	{"its configuration of the cluster could not be read", condition.PacemakerUnread,
		func(w *world, _ *Options) { muteCIB(&w.hosts[2]) },
		"Pacemaker's configuration was not read: access denied"},
	{"nobody's configuration of the cluster could be read, and its galera failed", condition.PacemakerUnread,
		func(w *world, _ *Options) {
			for i := range w.hosts {
				muteCIB(&w.hosts[i])
			}
			w.resource("galera", 2, func(r *crmmon.Resource) { r.Failed, r.Managed = true, false })
		}, "Pacemaker's configuration was not read: access denied"},
	{"there is no quorum", condition.NoQuorum, func(w *world,
		_ *Options) {
		w.managers(func(p *pacemaker.Facts) { p.Quorum = false })
	}, "the cluster has no quorum"},
	{"its part has no quorum", condition.NoQuorum, func(w *world, _ *Options) { w.hosts[2].Pacemaker.Quorum = false },
		"its part of the cluster has no quorum"},
	{"it is to be fenced", condition.Unclean, nodeFlag(func(n *crmmon.Node) { n.Unclean, n.Online = true, false }),
		"the node is UNCLEAN"},
	{"it is offline", condition.NodeOffline, func(w *world, _ *Options) {
		w.stop(2)
		w.node(2, func(n *crmmon.Node) { n.Online = false })
		w.hosts[2].Pacemaker.Connected = false
	}, "the node is offline"},
	{"it is joining", condition.Pending, nodeFlag(func(n *crmmon.Node) { n.Pending = true }), "the node is pending"},
	{"it is shutting down", condition.Pending, nodeFlag(func(n *crmmon.Node) { n.Shutdown = true }),
		"the node is shutting down"},
	{"it is in standby", condition.Standby, func(w *world, _ *Options) {
		w.stop(2)
		w.node(2, func(n *crmmon.Node) { n.Standby = true })
	}, "the node is in standby"},
	{"it is in standby and still runs", condition.Standby, nodeFlag(func(n *crmmon.Node) { n.StandbyFail = true }),
		"the node is in standby after a failure"},
	{"it is in maintenance", condition.Maintenance, func(w *world, _ *Options) {
		w.node(2, func(n *crmmon.Node) { n.Maintenance = true })
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Managed, r.Maintenance = false, true })
	}, "the node is in maintenance"},
	{"the cluster is in maintenance", condition.Maintenance,
		func(w *world, _ *Options) { w.managers(func(p *pacemaker.Facts) { p.MaintenanceMode = true }) },
		"the whole cluster is in maintenance mode"},
	{"its galera failed", condition.ResourceFailed, func(w *world, _ *Options) {
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Failed = true })
		w.managers(func(p *pacemaker.Facts) {
			p.Failures = []crmmon.Failure{{Resource: "galera", Node: "controller-2", Action: "galera_monitor_10000",
				Exit: "not running"}}
		})
	}, "galera failed: galera_monitor_10000 not running"},
	{"its galera is blocked", condition.ResourceFailed, func(w *world, _ *Options) {
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Blocked, r.Managed = true, false })
	}, "galera is blocked"},
	{"its galera is not promoted", condition.ResourceFailed,
		func(w *world, _ *Options) {
			w.resource("galera", 2, func(r *crmmon.Resource) { r.Role = crmmon.RoleUnpromoted })
		},
		"galera is Unpromoted, not Promoted"},
	{"its MariaDB runs outside of Pacemaker", condition.ResourceFailed,
		func(w *world, _ *Options) { w.resource("galera", 2, func(r *crmmon.Resource) { r.Node = "" }) },
		"Pacemaker has no galera running on it"},
	{"its fail count is at the threshold", condition.ResourceFailed, func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) {
			p.FailCounts = []crmmon.FailCount{{Resource: "galera", Node: "controller-2", Count: 1000000,
				Threshold: 1000000}}
		})
	}, "fail count of galera is INFINITY"},
	{"its galera failed, by crm_mon alone", condition.ResourceFailed, func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) { p.Galera = nil })
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Failed, r.Managed = true, false })
	}, "galera failed"},
	{"the fail count of its bundle's guest is at the threshold", condition.ResourceFailed, func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) {
			p.FailCounts = []crmmon.FailCount{{Resource: "galera", Node: "galera-bundle-2", Host: "controller-2",
				Count: 3, Threshold: 3}}
			p.Failures = []crmmon.Failure{{Resource: "galera", Node: "galera-bundle-2", Host: "controller-2",
				Action: "galera_monitor_10000", Exit: "error"}}
		})
	}, "fail count of galera is 3: galera_monitor_10000 error"},
	{"its galera is unmanaged, by crm_mon alone", condition.ResourceUnmanaged, func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) { p.Galera = nil })
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Managed = false })
	}, "galera is unmanaged"},
	{"its galera is unmanaged", condition.ResourceUnmanaged,
		func(w *world, _ *Options) { w.resource("galera", 2, func(r *crmmon.Resource) { r.Managed = false }) },
		"galera is unmanaged"},
	{"galera is banned from it and still runs", condition.Banned,
		func(w *world, _ *Options) { w.managers(func(p *pacemaker.Facts) { p.Bans = []crmmon.Ban{ban} }) },
		"the constraint cli-ban keeps galera-master off it"},
	{"all resources are to be stopped", condition.Stopping,
		func(w *world, _ *Options) { w.managers(func(p *pacemaker.Facts) { p.StopAll = true }) },
		"stop-all-resources is set"},
	{"its galera is disabled and still runs", condition.Stopping, func(w *world, _ *Options) {
		w.resource("galera", 2, func(r *crmmon.Resource) { r.Target = crmmon.RoleStopped })
	}, "the target role of galera is Stopped"},
	{"its galera was disabled and is stopped", condition.NotRunning, func(w *world, _ *Options) {
		w.stop(2)
		w.managers(func(p *pacemaker.Facts) { p.StopAll = true })
	}, "MariaDB does not run: stop-all-resources is set"},
	{"HAProxy sees it down", condition.ServerDown, func(w *world, _ *Options) { w.down(2) },
		"HAProxy on controller-1 has controller-2.internalapi.localdomain DOWN L7STS 503"},
	{"HAProxy sees it in transition", condition.ServerDown,
		func(w *world, _ *Options) { w.line(1, 2).Status, w.line(1, 2).Raw = stats.StatusGoing, "DOWN 1/2" },
		"HAProxy on controller-1 has controller-2.internalapi.localdomain DOWN 1/2 L7OK 200"},
	{"its disk is nearly full", condition.NoSpace, sample(func(g *galera.Facts) { g.Storage.DatadirFree = 500 << 20 }),
		"free 500.0 MiB < 1.0 GiB of 100.0 GiB"},
	{"its free space is unknown", condition.NoSpace, sample(func(g *galera.Facts) { g.Storage = galera.Storage{} }),
		"free space of the datadir's file system is unknown"},
	{"a backup runs", condition.Locked, func(w *world, _ *Options) {
		w.managers(func(p *pacemaker.Facts) {
			p.Locks = []cib.Lock{{Cluster: testUUID, Holder: "controller-1", Job: "j7", Expires: testNow + 240}}
		})
	}, "job j7 on controller-1 holds the lock for another 240 s"},
	{"the other standby is down, and another one is wanted", condition.LastStandby, func(w *world, o *Options) {
		w.stop(1)
		o.Limits["min_spares"] = 2
	}, "healthy standbys: 1 (itself) < 2"},
	{"three spares are wanted", condition.LastStandby, func(_ *world, o *Options) { o.Limits["min_spares"] = 3 },
		"healthy standbys: 2 (controller-1, itself) < 3"},
}

var ban = crmmon.Ban{ID: "cli-ban", Resource: "galera-master", Node: "controller-2", Weight: "-INFINITY"}

type constError string

func (e constError) Error() string { return string(e) }

const errDenied = constError("access denied")

func TestEachCodeRejectsAlone(t *testing.T) {
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			w, o := healthy(3), options()
			d.inflict(w, &o)
			got := decide(t, w.hosts, o)
			k := got.of("controller-2")
			if !slices.Equal(k.codes(), []condition.Code{d.code}) {
				t.Fatalf("got %v, want %s alone\n%s", k.Reasons, d.code, got.Text)
			}
			if k.Reasons[0].Message != d.message {
				t.Errorf("got  %q\nwant %q", k.Reasons[0].Message, d.message)
			}
			if k.Verdict != decision.Rejected || got.Chosen == "controller-2" {
				t.Errorf("verdict %s, chosen %q", k.Verdict, got.Chosen)
			}
		})
	}
}

// Each condition is tested by a row of defects, or by a story in which it is the reason.
func TestEachCodeHasATest(t *testing.T) {
	files, _ := filepath.Glob("testdata/stories/*.txt")
	stories := ""
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stories += string(content)
	}
	for _, c := range condition.All() {
		inStory := strings.Contains(stories, " rejected  "+string(c.Code)+": ")
		if !inStory && !slices.ContainsFunc(defects, func(d defect) bool { return d.code == c.Code }) {
			t.Errorf("no test for %s", c.Code)
		}
	}
}

// A fencing that has ended, a fencing of another node, yellow health and a shared network card are no reasons against a
// controller.
func TestHarmlessStatesAreNoReasons(t *testing.T) {
	for name, change := range map[string]func(*world, *Options){
		"its fencing succeeded":   fencing("controller-2", "success"),
		"its fencing failed":      fencing("controller-2", "failed"),
		"another node is fenced":  fencing("controller-9", "pending"),
		"its health is yellow":    nodeFlag(func(n *crmmon.Node) { n.Health = "yellow" }),
		"all servers have one id": func(w *world, _ *Options) { w.uid("same=") },
		"no server has a MAC":     func(w *world, _ *Options) { w.uid("unknown") },
		"unknown ids, and no other": func(w *world, _ *Options) {
			w.uid("unknown")
			for i := range w.hosts {
				w.hosts[i].Galera.Wsrep.GcommUUID = ""
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, o := healthy(3), options()
			change(w, &o)
			wants{"controller-2", []string{"controller-0"}, serving("controller-0")}.check(t, decide(t, w.hosts, o))
		})
	}
}

// Before Pacemaker 2.1 the node's health is only in its attributes.
func TestARedAttributeOfItsHealth(t *testing.T) {
	w := healthy(3)
	w.node(2, func(n *crmmon.Node) {
		n.Attributes = map[string]string{"#health-smart": "red", "#health-cpu": "green"}
	})
	k := decide(t, w.hosts, options()).of("controller-2")
	if len(k.Reasons) != 1 || k.Reasons[0] != (decision.Reason{Code: condition.NodeHealth,
		Message: "the node's health is red (#health-smart)"}) {
		t.Errorf("%v", k.Reasons)
	}
}

// uid gives all servers the same uid.
func (w *world) uid(id string) {
	for i := range w.hosts {
		w.hosts[i].Galera.Server.UID = id
	}
}

func TestAHealthyClusterRejectsOnlyTheOneThatServes(t *testing.T) {
	wants{"controller-2", []string{"controller-0"},
		map[string][]condition.Code{"controller-0": {condition.Serves}}}.check(t,
		decide(t, healthy(3).hosts, options()))
}

func TestAFailedSourceBesideTheClientsDoesNotMatter(t *testing.T) {
	w := healthy(3)
	w.hosts[2].Galera.Errors = append(w.hosts[2].Galera.Errors,
		reading.Error{Source: "grastate", Message: "no such file"})
	wants{"controller-2", []string{"controller-0"},
		map[string][]condition.Code{"controller-0": {condition.Serves}}}.check(t, decide(t, w.hosts, options()))
}
