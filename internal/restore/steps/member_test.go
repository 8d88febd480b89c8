// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"testing"

	"overcloud.backup/internal/galera"
)

// Writes to a member that is cut off, or has not joined yet, are lost or do not reach the others.
func TestOnlyAWritableMemberIsLoadedAndCounted(t *testing.T) {
	sound := galera.Wsrep{
		On: true, ClusterStatus: galera.ClusterPrimary, State: galera.StateSynced, Connected: true, Ready: true,
	}
	const cannot = "this host's server cannot take a load: "
	for _, c := range []struct {
		name        string
		change      func(*galera.Wsrep)
		load, count string
	}{
		{"sound", func(*galera.Wsrep) {}, "", ""},
		{"alone", func(w *galera.Wsrep) { *w = galera.Wsrep{} }, "", ""},
		{
			"cut off", func(w *galera.Wsrep) {
				w.ClusterStatus, w.State = galera.ClusterNonPrimary,
					galera.StateInitialized
			},
			cannot + "it is not in the Primary component (wsrep_cluster_status is non-Primary)",
			"it is not in the Primary component (wsrep_cluster_status is non-Primary)",
		},
		{
			"not known", func(w *galera.Wsrep) { w.ClusterStatus = "" },
			cannot + "it is not in the Primary component (wsrep_cluster_status is unknown)",
			"it is not in the Primary component (wsrep_cluster_status is unknown)",
		},
		{
			"a donor, which has all rows", func(w *galera.Wsrep) { w.State = galera.StateDonorDesync },
			cannot + "it is not Synced (state is Donor/Desynced)", "",
		},
		{
			"not ready", func(w *galera.Wsrep) { w.Ready = false },
			cannot + "it does not accept statements, or lost its cluster connection (wsrep_ready is OFF)", "",
		},
	} {
		w := sound
		c.change(&w)
		if got := textOf(takesLoads(w)); got != c.load {
			t.Errorf("%s: a load: %q", c.name, got)
		}
		if got := textOf(isMember(w)); got != c.count {
			t.Errorf("%s: a count: %q", c.name, got)
		}
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
