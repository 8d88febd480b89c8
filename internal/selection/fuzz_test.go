// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
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
	"overcloud.backup/internal/topology"
)

// ailments are changes to one host of a cluster, or to what all hosts report about it. Three bytes of the fuzzer's
// input select one: which, whose, how much.
var ailments = []func(w *world, i, n int){
	func(w *world, i, n int) {
		w.hosts[i].Galera.Wsrep.RecvQueue, w.hosts[i].Galera.Sample.RecvQueueMin = n, n
	},
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.LastCommitted -= int64(n) * 10 },
	func(w *world, i, n int) { w.hosts[i].Galera.Sample.FlowControl = float64(n) / 255 },
	func(w *world, i, n int) { w.hosts[i].Galera.Storage.DatadirFree = int64(n) << 24 },
	func(w *world, i, n int) { w.hosts[i].Galera.Sample.Questions = float64(n) * 3 },
	func(w *world, i, n int) { w.hosts[i].Galera.Sample.Replicated = float64(n % 2) },
	func(w *world, i, n int) {
		w.hosts[i].Galera.Sessions = []galera.Session{{User: "u", Source: "10.0.0.9", Count: n % 3}}
	},
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.Desync = n%2 == 1 },
	func(w *world, i, n int) {
		w.hosts[i].Galera.Wsrep.State = []galera.State{galera.StateSynced, galera.StateJoined, galera.StateUnknown}[n%3]
	},
	func(w *world, i, n int) {
		w.hosts[i].Galera.Wsrep.ClusterStatus = []galera.ClusterStatus{galera.ClusterPrimary, galera.ClusterNonPrimary,
			galera.ClusterUnknown}[n%3]
	},
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.ClusterConfID += int64(n % 2) },
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.ClusterSize = n % 5 },
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.ClusterStateUUID = fmt.Sprintf("uuid-%d", n%3) },
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.GcommUUID = fmt.Sprintf("member-%d", n%4) },
	func(w *world, i, n int) { w.hosts[i].Galera.Server.Hostname = fmt.Sprintf("controller-%d", n%4) },
	func(w *world, i, n int) { w.hosts[i].Galera.Running = n%2 == 0 },
	func(w *world, i, n int) {
		w.hosts[i].Galera.Add([]string{"sessions", "sizes", "sql"}[n%3], "", errDenied, "")
	},
	func(w *world, i, n int) { w.hosts[i].Galera.GatheredAt -= float64(n) },
	func(w *world, i, n int) { w.hosts[i].Galera.Host.Name = fmt.Sprintf("controller-%d", n%4) },
	func(w *world, i, n int) {
		w.hosts[i].HAProxy.Host.Addresses = append(slices.Clone(w.hosts[i].HAProxy.Host.Addresses),
			fmt.Sprintf("10.99.0.%d", 10+n%4))
	},
	func(w *world, i, n int) { w.node(i, func(x *crmmon.Node) { x.Online = n%2 == 0 }) },
	func(w *world, i, n int) { w.node(i, func(x *crmmon.Node) { x.Standby = n%2 == 1 }) },
	func(w *world, i, n int) {
		w.node(i, func(x *crmmon.Node) { x.Name = fmt.Sprintf("controller-%d", n%4) })
	},
	func(w *world, i, n int) { w.hosts[i].Pacemaker.Quorum = n%2 == 0 },
	func(w *world, i, n int) { w.hosts[i].Pacemaker.Connected = n%2 == 0 },
	func(w *world, i, n int) { w.hosts[i].Pacemaker.LocalNode = fmt.Sprintf("controller-%d", n%4) },
	func(w *world, i, n int) { w.hosts[i].Pacemaker.ClusterName = fmt.Sprint(n % 2) },
	func(w *world, i, n int) {
		w.resource("galera", i, func(r *crmmon.Resource) { r.Failed, r.Managed = n%2 == 1, n%3 > 0 })
	},
	func(w *world, i, n int) {
		w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Node = []string{"", "controller-0", "controller-9"}[n%3] })
	},
	func(w *world, i, n int) {
		w.managers(func(p *pacemaker.Facts) {
			p.Resources = append(p.Resources, crmmon.Resource{ID: fmt.Sprint("s", n), Singleton: true, Active: true,
				Node: w.hosts[i].Name})
		})
	},
	func(w *world, i, n int) {
		w.managers(func(p *pacemaker.Facts) { p.Locks = []cib.Lock{{Expires: testNow + float64(n-128)}} })
	},
	func(w *world, i, n int) { w.hosts[i].HAProxy.Running = n%2 == 0 },
	func(w *world, i, n int) { w.hosts[i].HAProxy.Uptime = int64(n) },
	func(w *world, i, n int) { w.hosts[i].HAProxy.Processes = n % 3 },
	func(w *world, i, n int) {
		w.hosts[i].HAProxy.Database.Binds = []string{fmt.Sprintf("10.99.0.%d:3306", 10+n%4)}
	},
	func(w *world, i, n int) { w.hosts[i].HAProxy.Database.Sticky = n%2 == 0 },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).CurrentSessions = int64(n / 8 % 2) },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).LastSession = int64(n) - 1 },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).Status = stats.StatusDown },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).Name = fmt.Sprintf("controller-%d.x", n/8%4) },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).Address = fmt.Sprintf("10.99.0.%d", 10+n/8%4) },
	func(w *world, i, n int) {
		if n%4 == 0 {
			w.quiet()
		}
	},
	func(w *world, i, n int) { w.hosts[i].Unreachable = n%2 == 1 },
	func(w *world, i, n int) {
		d := w.hosts[i].HAProxy.Database
		d.AllBackups, d.Persist, d.StickExpires, d.StickPeers = n%2 == 1, n/2%2 == 1, n/4%2 == 1, n/8%4
		d.Balance, d.StickKey = []string{"", "first"}[n/32%2], []string{"dst", "src", ""}[n/64%3]
	},
	func(w *world, i, n int) {
		w.hosts[i].HAProxy.Database.UseServers = []string{w.line(i, n%len(w.hosts)).Name, "%[x]"}[:n%3%2+1]
	},
	func(w *world, i, n int) { w.hosts[i].HAProxy.Database.Unmodelled = []string{"dispatch"}[:n%2] },
	func(w *world, i, n int) { w.hosts[i].HAProxy.Database.Unread = []string{"line 1"}[:n%2] },
	func(w *world, i, n int) { w.line(n%len(w.hosts), i).Weight = n / 8 % 2 },
	func(w *world, i, n int) { w.table(i).Used = int64(n % 3) },
	func(w *world, i, n int) {
		p := w.pool(i, fmt.Sprint("pool", n), reader("r", n%4),
			stats.Server{Name: []string{"x", "controller-1"}[n/4%2]})
		p.Servers[0].CurrentSessions = int64(n / 16 % 2)
	},
	func(w *world, i, n int) {
		w.managers(func(p *pacemaker.Facts) {
			p.Fencing = []crmmon.FencingEvent{{Target: w.hosts[i].Name,
				Status: []string{"pending", "success", ""}[n%3]}}
		})
	},
	func(w *world, i, n int) { w.hosts[i].Galera.Wsrep.Arbitrators = n % 3 },
	func(w *world, i, n int) { w.gone(i) },
}

// gone leaves a controller without power, unless a previous ailment has: its facts stay, and are not heard.
func (w *world) gone(i int) {
	name := w.hosts[i].Name
	w.managers(func(p *pacemaker.Facts) {
		for k := range p.Nodes {
			if p.Nodes[k].Name == name {
				p.Nodes[k].Online = false
			}
		}
	})
	w.hosts[i].Unreachable = true
	for k := range w.hosts {
		if g := w.hosts[k].Galera; g.Running {
			g.Wsrep.ClusterSize--
		}
	}
}

// fuzzed builds a cluster and options from fuzzed bytes: size, policy, spares, then ailments.
func fuzzed(data []byte) (*world, Options) {
	byteAt := func(i int) int {
		if i < len(data) {
			return int(data[i])
		}
		return 0
	}
	o := options()
	o.Policy = []decision.Policy{decision.RequireIdle, decision.PreferIdle, decision.AllowActive}[byteAt(1)%3]
	o.Limits["min_spares"] = float64(byteAt(2) % 4)
	o.Prefer = []string{fmt.Sprintf("controller-%d", byteAt(3)%4)}
	w := healthy(2 + byteAt(0)%4)
	for at := 4; at+2 < len(data) && at < 40; at += 3 {
		ailments[byteAt(at)%len(ailments)](w, byteAt(at+1)%len(w.hosts), byteAt(at+2))
	}
	return w, o
}

func seed(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 1, 2})
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		data := make([]byte, 4+3*random.IntN(5))
		for i := range data {
			data[i] = byte(random.IntN(256))
		}
		f.Add(data)
	}
	for i := range ailments {
		for _, n := range []byte{1, 2, 8, 255} {
			f.Add([]byte{1, n, 1, 0, byte(i), 2, n})
		}
	}
	for policy := range byte(3) {
		// the VIP holder has no power, and no spare is wanted
		f.Add([]byte{1, policy, 0, 0, byte(len(ailments) - 1), 1, 0})
	}
}

// FuzzTheSilentIsNeverChosen compares the decision with the changes to the facts, not with its own explanation.
func FuzzTheSilentIsNeverChosen(f *testing.F) {
	for kind := range silences {
		for who := range byte(3) {
			for policy := range byte(3) {
				f.Add([]byte{1, policy}, []byte{byte(kind), who})
				f.Add([]byte{1, policy, 0, who}, []byte{byte(kind), who, byte(kind + 5), who + 1})
			}
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		data := make([]byte, 4+3*random.IntN(4))
		for i := range data {
			data[i] = byte(random.IntN(256))
		}
		f.Add(data, []byte{byte(random.IntN(256)), byte(random.IntN(256))})
	}
	f.Fuzz(func(t *testing.T, data, silent []byte) {
		w, o := fuzzed(data)
		muted := w.silence(silent[:min(len(silent), 8)])
		d := decide(t, w.hosts, o)
		for _, name := range d.ChosenHosts {
			if muted[name] {
				t.Errorf("%s was silenced and is chosen:\n%s", name, d.Text)
			}
		}
	})
}

func FuzzTheChosenIsEligibleAndKnown(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		w, o := fuzzed(data)
		d := decide(t, w.hosts, o)
		for _, c := range d.Clusters {
			chosen := 0
			for _, k := range c.Controllers {
				if k.Verdict == decision.Chosen {
					chosen++
					if k.Rank != 1 || k.Name != c.Chosen {
						t.Errorf("%s is chosen with rank %d, the cluster has %q", k.Name, k.Rank, c.Chosen)
					}
				}
				sound(t, judged{k}, o)
				spared(t, c, k, o)
				if k.Verdict == decision.Rejected && len(k.Reasons) == 0 {
					t.Errorf("%s is rejected for no reason, and is %s: %q", k.Name, k.Activity, k.Evidence)
				}
			}
			if chosen > 1 || (chosen == 1) != (c.Chosen != "") {
				t.Errorf("%d chosen, the cluster has %q", chosen, c.Chosen)
			}
		}
		if t.Failed() {
			t.Logf("\n%s", d.Text)
		}
	})
}

// spared counts who could take over the clients while a controller is backed up: as many as the operator wants, each of
// them another idle one that nothing keeps from serving, or the controller itself, which then stays in service.
func spared(t *testing.T, c decision.Cluster, k decision.Controller, o Options) {
	t.Helper()
	if k.Verdict != decision.Chosen && k.Verdict != decision.Eligible {
		if k.Stays {
			t.Errorf("%s is %s, and stays", k.Name, k.Verdict)
		}
		return
	}
	others := 0
	for _, s := range c.Controllers {
		if s.Name != k.Name && slices.Contains(k.Spares, s.Name) {
			others++
			if s.Activity != decision.Idle || s.Galera != string(galera.StateSynced) ||
				!strings.HasPrefix(s.Pacemaker, "online") || slices.ContainsFunc(s.Reasons, unsound) {
				t.Errorf("%s counts on %s: %s, %s, %s, %v", k.Name, s.Name, s.Activity, s.Galera, s.Pacemaker,
					s.Reasons)
			}
		}
	}
	wanted, idle := int(o.Limits["min_spares"]), k.Activity == decision.Idle
	if others != len(k.Spares) || k.Stays != (idle && others < wanted) {
		t.Errorf("%s, %s, with %d spares of %d: %v, stays: %t", k.Name, k.Activity, others, wanted, k.Spares, k.Stays)
	}
	if k.Stays {
		others++
	}
	if others < wanted {
		t.Errorf("%s is %s, and %d can take over, of %d", k.Name, k.Verdict, others, wanted)
	}
	if k.Verdict == decision.Chosen && k.Stays != strings.Contains(c.Message, "no desync") {
		t.Errorf("%s stays: %t, and the message says %s", k.Name, k.Stays, c.Message)
	}
}

// unsound says that a reason keeps a standby from taking over. last_standby is about the backup, not about the standby.
func unsound(r decision.Reason) bool {
	return r.Code != condition.LastStandby && !condition.Of(r.Code).Harmless
}

// sound compares a controller's verdict with its own reasons; FuzzTheSilentIsNeverChosen compares it with the facts.
func sound(t *testing.T, k judged, o Options) {
	t.Helper()
	if k.Verdict != decision.Chosen && k.Verdict != decision.Eligible {
		return
	}
	if len(k.Reasons) > 0 || k.Activity == decision.Unknown || k.Activity == "" ||
		k.Activity == decision.Active && o.Policy == decision.RequireIdle {
		t.Errorf("%s is %s, and %s with %v", k.Name, k.Verdict, k.Activity, k.Reasons)
	}
	for _, e := range k.Evidence {
		if strings.HasPrefix(e, string(decision.Unknown)) && k.Activity == decision.Idle {
			t.Errorf("%s is idle with the evidence %q", k.Name, e)
		}
	}
	if k.Galera != string(galera.StateSynced) || !strings.HasPrefix(k.Pacemaker, "online") ||
		!strings.HasPrefix(k.HAProxy, "UP") {
		t.Errorf("%s is %s: %s, %s, %s", k.Name, k.Verdict, k.Galera, k.Pacemaker, k.HAProxy)
	}
}

func FuzzTheOrderOfHostsDoesNotMatter(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		w, o := fuzzed(data)
		first := decide(t, w.hosts, o)
		random := rand.New(rand.NewPCG(uint64(len(data)), 7))
		random.Shuffle(len(w.hosts), func(i, j int) { w.hosts[i], w.hosts[j] = w.hosts[j], w.hosts[i] })
		if second := decide(t, w.hosts, o); !reflect.DeepEqual(first, second) {
			t.Errorf("first\n%s\nafter a shuffle\n%s", first.Text, second.Text)
		}
	})
}

func FuzzAWorseCandidateChangesNothing(f *testing.F) {
	seed(f)
	f.Add([]byte("0000,00,17")) // both of two lag alike: whoever is not behind makes them lag
	f.Add([]byte("0000700000000000000000000\xe001"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, o := fuzzed(data)
		before := decide(t, w.hosts, o)
		if before.Chosen == "" || len(before.Clusters) != 1 {
			return
		}
		activeChosen := before.of(before.Chosen).Activity == decision.Active
		how := 0
		if len(data) > 2 {
			how = int(data[2])
		}
		if activeChosen {
			// an idle one would be another spare, and allow better ones than the active: only an unsound one is worse
			how |= 1
		}
		w.join(how, before.Chosen)
		if after := decide(t, w.hosts, o); after.Chosen != before.Chosen {
			t.Errorf("before\n%s\nafter\n%s", before.Text, after.Text)
		}
	})
}

// join adds a controller to the cluster of the chosen one. It has many singletons, is busy or, for an odd how, unsound,
// and is ahead of nobody. The ailments do not use its names and addresses.
func (w *world) join(how int, chosen string) {
	const i = 2
	like := w.hosts[slices.IndexFunc(w.hosts, func(h topology.Host) bool { return h.Name == chosen })].Galera.Wsrep
	full := host(i, 3, "late", "zulu-", "10.97.0.", testVIP)
	name := full.Name
	full.Galera.Wsrep.ClusterSize = like.ClusterSize + 1
	for _, h := range w.hosts {
		if h.Galera.Running {
			h.Galera.Wsrep.ClusterSize++
		}
	}
	full.Galera.Wsrep.ClusterStateUUID = like.ClusterStateUUID
	full.Galera.Wsrep.ClusterConfID = like.ClusterConfID
	full.Galera.Sample.Questions, full.Galera.Storage.DatadirFree = 1e6, 2<<30
	full.Pacemaker.Quorum, full.Pacemaker.ClusterName = w.hosts[0].Pacemaker.Quorum, w.hosts[0].Pacemaker.ClusterName
	full.HAProxy.Database = w.hosts[0].HAProxy.Database
	full.Galera.Wsrep.ClusterAddress = like.ClusterAddress
	for _, h := range w.hosts {
		full.Galera.Wsrep.LastCommitted = min(full.Galera.Wsrep.LastCommitted, h.Galera.Wsrep.LastCommitted)
	}
	if how%2 == 1 {
		full.Galera.Wsrep.State = galera.StateJoined
	}
	nodes, resources := full.Pacemaker.Nodes[i:i+1], []crmmon.Resource{}
	for _, r := range full.Pacemaker.Resources {
		if r.Node == name {
			resources = append(resources, r)
		}
	}
	for k := range 50 {
		resources = append(resources, crmmon.Resource{ID: fmt.Sprint("late-", k), Singleton: true, Active: true,
			Node: name})
	}
	w.hosts = append(w.hosts, full)
	own := full.Pacemaker
	own.Nodes, own.Resources = slices.Clone(w.hosts[0].Pacemaker.Nodes), slices.Clone(w.hosts[0].Pacemaker.Resources)
	own.VIPs, own.Locks = w.hosts[0].Pacemaker.VIPs, w.hosts[0].Pacemaker.Locks
	w.managers(func(p *pacemaker.Facts) {
		p.Nodes, p.Resources = append(p.Nodes, nodes...), append(p.Resources, resources...)
		p.Galera.HostMap[name] = fqdn("zulu-", i)
		p.Galera.Nodes = append(p.Galera.Nodes, name)
	})
	line := full.HAProxy.Proxies[0].Servers[i]
	full.HAProxy.Proxies[0].Servers = slices.Clone(w.hosts[0].HAProxy.Proxies[0].Servers)
	for s := range full.HAProxy.Proxies[0].Servers {
		x := &full.HAProxy.Proxies[0].Servers[s]
		x.CurrentSessions, x.NewSessions = 0, 0
	}
	for h := range w.hosts {
		w.hosts[h].HAProxy.Proxies[0].Servers = append(w.hosts[h].HAProxy.Proxies[0].Servers, line)
	}
}

// FuzzDecodedFactsDoNotPanic decides from whole documents, as hostile as JSON allows.
func FuzzDecodedFactsDoNotPanic(f *testing.F) {
	for _, h := range healthy(2).hosts {
		raw, err := json.Marshal(map[string]any{"name": h.Name, "galera": h.Galera, "pacemaker": h.Pacemaker,
			"haproxy": h.HAProxy})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"name":"a","galera":[],"pacemaker":"x","haproxy":{"running":true}}`))
	f.Add([]byte(`{"name":"a","haproxy":{"gathered_at":1799999999,"host":{"name":"a"},"errors":[],"running":true,
		"proxies":[{"name":"m","servers":[{}]}],"database":{"backend":"m"}}}`))
	f.Add([]byte(`{"name":"a","pacemaker":{"gathered_at":1799999999,"host":{},"errors":[],"connected":true,
		"quorum":true,"nodes":[{}],"resources":[{"agent":"ocf:heartbeat:galera"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := topology.DecodeHost(raw)
		if err != nil {
			return
		}
		w := healthy(2)
		d, err := Decide(append(w.hosts, h), options())
		if err != nil {
			return
		}
		for _, c := range d.Clusters {
			for _, k := range c.Controllers {
				if k.Verdict == decision.Chosen && (k.Activity != decision.Idle || len(k.Reasons) > 0) {
					t.Errorf("%s is chosen: %+v", k.Name, k)
				}
			}
		}
		if _, err := json.Marshal(d); err != nil {
			t.Error(err)
		}
	})
}
