// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// heads returns a host's own claims about who it is.
func (w *world) heads(i int) []*reading.Header {
	h := &w.hosts[i]
	return []*reading.Header{&h.Galera.Header, &h.Pacemaker.Header, &h.HAProxy.Header}
}

// lies lists what controller-2 may claim to pass for controller-1, an idle one, or for the one that serves.
var lies = []struct {
	name string
	tell func(w *world)
	says string
}{
	{"its whole self", func(w *world) {
		name := w.hosts[2].Name
		w.hosts[2] = w.hosts[1]
		w.hosts[2].Name = name
	}, "both claim"},
	{"all of Galera", func(w *world) { w.hosts[2].Galera = w.hosts[1].Galera }, "the Galera member id"},
	{"all of Galera but its own host", func(w *world) {
		g := *w.hosts[1].Galera
		g.Header = w.hosts[2].Galera.Header
		w.hosts[2].Galera = &g
	}, "the Galera member id"},
	{"the id of a Galera member",
		func(w *world) { w.hosts[2].Galera.Wsrep.GcommUUID = w.hosts[1].Galera.Wsrep.GcommUUID },
		"the Galera member id"},
	{"that id in capitals", func(w *world) {
		w.hosts[2].Galera.Wsrep.GcommUUID = strings.ToUpper(w.hosts[1].Galera.Wsrep.GcommUUID)
	}, "the Galera member id"},
	{"the name of a Galera node", func(w *world) { w.hosts[2].Galera.Wsrep.NodeName = "Controller-1" },
		"the Galera node controller-1"},
	{"the id of a server, and no other", func(w *world) {
		w.hosts[2].Galera.Server.UID, w.hosts[2].Galera.Wsrep.GcommUUID = w.hosts[1].Galera.Server.UID, ""
	}, "the server id"},
	{"the name of a Pacemaker node", func(w *world) { w.hosts[2].Pacemaker.LocalNode = "controller-1" },
		"the Pacemaker node"},
	{"the name of a host in one document", func(w *world) { w.heads(2)[0].Host.Name = "controller-1" },
		"both claim the host name"},
	{"the name of a host in every document", func(w *world) {
		for _, h := range w.heads(2) {
			h.Host.Name = "controller-1"
		}
		w.hosts[2].Galera.Server.Hostname = "controller-1"
	}, "both claim the host name controller-1"},
	{"the name of a host and its address", func(w *world) {
		for k, h := range w.heads(2) {
			h.Host = w.heads(1)[k].Host
		}
	}, "both claim the host name controller-1"},
	{"the address of a server", func(w *world) {
		for i := range w.hosts {
			w.line(i, 1).Address = "10.99.0.12:3306"
		}
		for _, h := range w.heads(2) {
			h.Host.Addresses = append(h.Host.Addresses, "::ffff:10.99.0.12")
		}
	}, "could be controller-1 or controller-2"},
}

// If two hosts make the same claim, either may lie: nobody of their cluster is chosen, and the message names both.
func TestTwoHostsThatClaimOneNodeAreBothRefused(t *testing.T) {
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			for _, policy := range []decision.Policy{decision.RequireIdle, decision.PreferIdle, decision.AllowActive} {
				w, o := healthy(3), options()
				o.Policy = policy
				lie.tell(w)
				d := decide(t, w.hosts, o)
				if d.Chosen != "" || len(d.ChosenHosts) != 0 {
					t.Fatalf("%s chose %q\n%s", policy, d.ChosenHosts, d.Text)
				}
				for _, name := range []string{"controller-1", "controller-2"} {
					k := d.of(name)
					if !slices.Equal(k.codes(), []condition.Code{condition.AmbiguousNames}) {
						t.Errorf("%s: %v", name, k.Reasons)
					}
				}
				if why := d.of("controller-1").Reasons[0].Message; !strings.Contains(why, lie.says) {
					t.Errorf("got %q, want %q", why, lie.says)
				}
			}
		})
	}
}

// A host that invents a member of the cluster, or a cluster, takes no other host's place.
func TestAnInventedMemberIsNotChosen(t *testing.T) {
	w := healthy(3)
	stranger := healthy(4).hosts[3]
	stranger.Name = "evil"
	w.hosts = append(w.hosts, stranger)
	d := decide(t, w.hosts, options())
	if slices.Contains(d.ChosenHosts, "evil") {
		t.Errorf("chosen: %q\n%s", d.ChosenHosts, d.Text)
	}
	alone := healthy(3)
	alone.hosts = append(alone.hosts, named(3, "aaaa8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", "evil-", "10.98.0.",
		"10.98.0.10").hosts[2])
	if d := decide(t, alone.hosts, options()); slices.Contains(d.ChosenHosts, "evil-2") {
		t.Errorf("one of three alone: %q\n%s", d.ChosenHosts, d.Text)
	}
}

// Two entries have the same name, and the later one could hide the first.
func TestAHostThatIsGivenTwiceIsNotChosen(t *testing.T) {
	w := healthy(3)
	w.hosts = append(w.hosts, w.hosts[2])
	d, err := Decide(w.hosts, options())
	if err == nil && len(d.ChosenHosts) != 0 {
		t.Errorf("chosen %q\n%s", d.ChosenHosts, d.Text)
	}
}

// Texts of a facts document reach the operator's terminal, but cannot break lines or move the cursor.
func TestHostileTextsStayInTheirPlace(t *testing.T) {
	evil := "x\nTASK [all is well] ***\r\x1b[2J\x00\u202e'\"`; rm -rf /"
	for name, put := range map[string]func(w *world){
		"user": func(w *world) {
			w.hosts[2].Galera.Sessions = []galera.Session{{User: evil, Source: evil,
				Count: 1}}
		},
		"error":   func(w *world) { w.hosts[2].Galera.Add("sessions", evil, fmt.Errorf("%s", evil), evil) },
		"node":    func(w *world) { w.hosts[2].Galera.Wsrep.NodeName = evil },
		"server":  func(w *world) { w.line(0, 2).Name = evil },
		"cluster": func(w *world) { w.clustersName(evil) },
		"host":    func(w *world) { w.hosts[2].Name = evil },
	} {
		t.Run(name, func(t *testing.T) {
			w := healthy(3)
			put(w)
			d := decide(t, w.hosts, options())
			if strings.ContainsAny(d.Text, "\r\x1b\x00\u202e") || strings.Contains(d.Text, "\nTASK") {
				t.Errorf("%q", d.Text)
			}
		})
	}
}

// clustersName renames the cluster on all hosts.
func (w *world) clustersName(name string) {
	for i := range w.hosts {
		w.hosts[i].Pacemaker.ClusterName = name
	}
}

// An entry or a document that is huge, deep or of other types is refused quickly.
func TestHostileEntries(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	list := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	for name, raw := range map[string]string{
		"deep":                  `{"name": "a", "galera": ` + deep + `}`,
		"deep lists":            `{"name": "a", "galera": ` + list + `}`,
		"a list":                `[]`,
		"a name of numbers":     `{"name": 7}`,
		"a name that is a list": `{"name": ["a"]}`,
		"unreachable as a text": `{"name": "a", "unreachable": "yes"}`,
		"numbers beyond all":    `{"name": "a", "galera": {"present": true, "gathered_at": 1e999}}`,
		"no end":                `{"name": "a"`,
		"two entries":           `{"name": "a"} {"name": "b"}`,
		"keys twice":            `{"name": "a", "name": "b", "galera": {"present": true, "present": false}}`,
		"a hundred thousand nulls": `{"name": "a", "pacemaker": {"nodes": [` + strings.Repeat("null,", 100000) +
			`null]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			h, err := topology.DecodeHost([]byte(raw))
			if err == nil && len(h.Errors) == 0 {
				t.Errorf("taken: %.200v", h)
			}
			if err == nil && (h.Galera != nil || h.Pacemaker != nil || h.HAProxy != nil) {
				t.Error("it has facts")
			}
			for _, e := range h.Errors {
				if len(e.Message) > 4096 {
					t.Errorf("a message of %d bytes", len(e.Message))
				}
			}
			if _, err := json.Marshal(h); err != nil {
				t.Error(err)
			}
		})
	}
}
