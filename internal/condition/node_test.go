// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
)

func healthyNode() galera.Wsrep {
	return galera.Wsrep{On: true, State: galera.StateSynced, ClusterStatus: galera.ClusterPrimary, Ready: true,
		Connected: true}
}

func TestSoundNodes(t *testing.T) {
	if err := TakesPart(healthyNode()); err != nil {
		t.Errorf("a healthy node: %v", err)
	}
	if TakesPart(galera.Wsrep{}) == nil {
		t.Error("what is unknown is healthy")
	}
	for want, change := range map[string]func(*galera.Wsrep){
		"wsrep_on is OFF":   func(w *galera.Wsrep) { w.On = false },
		"Primary component": func(w *galera.Wsrep) { w.ClusterStatus = galera.ClusterNonPrimary },
		"somebody set wsrep_desync (wsrep_desync is ON": func(w *galera.Wsrep) {
			w.Desync, w.State = true,
				galera.StateDonorDesync
		},
		"Donor/Desynced":         func(w *galera.Wsrep) { w.State = galera.StateDonorDesync },
		"wsrep_ready is OFF":     func(w *galera.Wsrep) { w.Ready = false },
		"wsrep_connected is OFF": func(w *galera.Wsrep) { w.Connected = false },
	} {
		w := healthyNode()
		change(&w)
		if err := TakesPart(w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
