// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"strings"
	"testing"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/galera"
)

func healthyNode() galera.Wsrep {
	return galera.Wsrep{On: true, State: galera.StateSynced, ClusterStatus: galera.ClusterPrimary, Ready: true, Connected: true}
}

func TestSoundNodes(t *testing.T) {
	if err := effect.Sound(healthyNode()); err != nil {
		t.Errorf("a healthy node: %v", err)
	}
	if effect.Sound(galera.Wsrep{}) == nil {
		t.Error("what is unknown is healthy")
	}
	for want, change := range map[string]func(*galera.Wsrep){
		"wsrep_on is OFF":       func(w *galera.Wsrep) { w.On = false },
		"Primary component":     func(w *galera.Wsrep) { w.ClusterStatus = galera.ClusterNonPrimary },
		"ON already":            func(w *galera.Wsrep) { w.Desync, w.State = true, galera.StateDonorDesync },
		`"Donor/Desynced"`:      func(w *galera.Wsrep) { w.State = galera.StateDonorDesync },
		"wsrep_ready false":     func(w *galera.Wsrep) { w.Ready = false },
		"wsrep_connected false": func(w *galera.Wsrep) { w.Connected = false },
	} {
		w := healthyNode()
		change(&w)
		if err := effect.Sound(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestClientsAreNamed(t *testing.T) {
	err := idle([]galera.Session{{User: "nova", Source: "10.99.0.10", Count: 3}})
	if err == nil || !strings.Contains(err.Error(), "3 of nova from 10.99.0.10") {
		t.Errorf("got %v", err)
	}
	if idle(nil) != nil {
		t.Error("no session is a client")
	}
}

func TestADecisionIsReadByItsNames(t *testing.T) {
	for text, want := range map[string]struct {
		known bool
		names string
	}{
		`{"clusters": [{"controllers": [{"name": "a", "verdict": "chosen"}, {"name": "b", "verdict": "rejected"}]}, {"controllers": [{"name": "c", "verdict": "chosen"}]}]}`: {true, "a c"},
		`{"clusters": [{"controllers": [{"name": "b", "verdict": "rejected"}]}]}`:                                                                                            {true, ""},
		`{"chosen": "here"}`:     {false, ""},
		`{"clusters": ["here"]}`: {false, ""},
		``:                       {false, ""},
	} {
		list, known := chosen([]byte(text))
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		if known != want.known || strings.Join(names, " ") != want.names {
			t.Errorf("%s: %q, %t", text, names, known)
		}
	}
	for _, c := range []candidate{{Name: "host-1"}, {PacemakerNode: "HOST-1.example"}, {Name: "10.0.0.5", GaleraNode: "host-1"}, {GaleraNode: "node 1"}} {
		if !c.is("host-1", "node 1") {
			t.Errorf("%+v is not host-1", c)
		}
	}
	for _, c := range []candidate{{}, {Name: "host-2"}, {PacemakerNode: "host"}} {
		if c.is("host-1", "") {
			t.Errorf("%+v is host-1", c)
		}
	}
	if (candidate{Name: "host-1.a"}).is("host-1.b", "") {
		t.Error("two domains, one host")
	}
}
