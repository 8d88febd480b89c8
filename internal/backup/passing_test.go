// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
)

// Only a refusal before anything was read, for a cause that ends, is worth waiting for.
func TestWhichRefusalsPass(t *testing.T) {
	sound := galera.Wsrep{On: true, ClusterStatus: galera.ClusterPrimary, State: galera.StateSynced,
		Connected: true, Ready: true}
	unfit := func(change func(*galera.Wsrep)) error {
		w := sound
		change(&w)
		return thisNode(notFit(condition.TakesPart(w)))
	}
	held := func(expires float64) error {
		return fmt.Errorf("lock the cluster: %w",
			&clusterlock.Held{Lock: cib.Lock{Holder: "a", Job: "b", Expires: expires}})
	}
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"another backup":       {held(5), true},
		"a lock without end":   {held(0), false},
		"a donor":              {unfit(func(w *galera.Wsrep) { w.State = galera.StateDonorDesync }), true},
		"a node that joins":    {unfit(func(w *galera.Wsrep) { w.State = galera.StateJoined }), true},
		"a foreign desync":     {unfit(func(w *galera.Wsrep) { w.Desync = true }), false},
		"no Primary component": {unfit(func(w *galera.Wsrep) { w.ClusterStatus = "" }), false},
		"a client": {thisNode(passing(idle("1 of nova from x"))),
			true},
		"no client":                         {passing(idle("")), false},
		"clients that stopped it":           {&guard.Breach{Rule: "clients", Here: true}, false},
		"a full destination":                {syscall.ENOSPC, false},
		"another backup, and a desync left": {errors.Join(held(5), stillDesynced(errors.New("undo"))), false},
	} {
		if Passes(tt.err) != tt.want {
			t.Errorf("%s: not %t", name, tt.want)
		}
	}
}
