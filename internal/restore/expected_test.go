// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

// restored returns what the server of a sound controller reports, in a cluster of three.
func restored() galera.Wsrep {
	return galera.Wsrep{
		On: true, ClusterStatus: galera.ClusterPrimary, State: galera.StateSynced, Connected: true, Ready: true,
		ClusterSize: 3, ClusterStateUUID: someUUID,
	}
}

const (
	someUUID    = "cbf5d78c-e713-11f1-af59-aa484bf1c1c6"
	anotherUUID = "11111111-e713-11f1-af59-aa484bf1c1c6"
)

// Clients are admitted to a server that this finds sound: every defect has its own message.
func TestAServerThatIsNotWholeIsWaitedFor(t *testing.T) {
	for want, change := range map[string]func(*galera.Wsrep){
		"": func(*galera.Wsrep) {},
		"its state is " + anotherUUID + " and that of the set " + someUUID + ": it was started from other data": func(
			w *galera.Wsrep) {
			w.ClusterStateUUID, w.State = anotherUUID, galera.StateJoined // the data matters more than the state
		},
		"it is not in the Primary component (wsrep_cluster_status is non-Primary)": func(w *galera.Wsrep) {
			w.ClusterStatus, w.State = galera.ClusterNonPrimary, galera.StateInitialized
		},
		"it is not in the Primary component (wsrep_on is OFF)": func(w *galera.Wsrep) { w.On = false },
		"it is not in the Primary component (wsrep_cluster_status is " +
			"unknown)": func(w *galera.Wsrep) { w.ClusterStatus = "" },
		"it is not Synced (state is Joined)": func(w *galera.Wsrep) { w.State = galera.StateJoined },
		"it is not Synced (state is Donor/Desynced)": func(w *galera.Wsrep) {
			w.State, w.Ready = galera.StateDonorDesync, false
		},
		"it is not Synced (state is unknown)": func(w *galera.Wsrep) { w.State = "" },
		"it does not accept statements, or lost its cluster connection (wsrep_ready is OFF)": func(w *galera.Wsrep) {
			w.Ready = false
		},
		"it does not accept statements, or lost its cluster connection (wsrep_connected is " +
			"OFF)": func(w *galera.Wsrep) {
			w.Connected = false
		},
		"it sees 2 controllers, not 3": func(w *galera.Wsrep) { w.ClusterSize = 2 },
		"it sees 4 controllers, not 3": func(w *galera.Wsrep) { w.ClusterSize = 4 },
	} {
		w := restored()
		change(&w)
		if got := (Expected{Size: 3, UUID: someUUID}).missing(w); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The others copy the data: their state is whatever the target has, and a server that reports none contradicts nothing.
func TestAStateThatIsNotKnownIsNoReason(t *testing.T) {
	w := restored()
	w.ClusterStateUUID = anotherUUID
	if why := (Expected{Size: 3}).missing(w); why != "" {
		t.Error(why)
	}
	w.ClusterStateUUID = ""
	if why := (Expected{Size: 3, UUID: someUUID}).missing(w); why != "" {
		t.Error(why)
	}
}

// An arbitrator (garbd) that reconnects to the restored cluster is not one of its controllers.
func TestAnArbitratorIsNoController(t *testing.T) {
	w := restored()
	w.ClusterSize, w.Arbitrators = 4, 1
	if why := (Expected{Size: 3}).missing(w); why != "" {
		t.Error(why)
	}
	if why := (Expected{Size: 4}).missing(w); why != "it sees 3 controllers, not 4" {
		t.Errorf("%q", why)
	}
}

// A password from the time of the set does not become right by waiting; a server that does not listen yet does.
func TestOnlyARefusedAccountEndsTheWaiting(t *testing.T) {
	refused := &mariadb.LoginError{Attempts: []mariadb.Attempt{{
		Place: "socket /s", User: "root", Err: &mysql.MySQLError{Number: 1045, Message: "Access denied"},
	}}}
	absent := &mariadb.LoginError{Attempts: []mariadb.Attempt{{Place: "socket /s", User: "root", Err: errNotYet}}}
	for _, c := range []struct {
		err   error
		final bool
	}{{refused, true}, {absent, false}, {errNotYet, false}} {
		var final *finalError
		got := explainLogin(c.err)
		if errors.As(got, &final) != c.final || !errors.Is(got, c.err) {
			t.Errorf("%v: %v", c.err, got)
		}
		if c.final && !strings.Contains(got.Error(), "deploy the old ones, and call this again") {
			t.Error(got)
		}
	}
}

var errNotYet = context.DeadlineExceeded
