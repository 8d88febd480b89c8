// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"testing"

	"overcloud.backup/internal/galera"
)

// An arbitrator (garbd) that comes back to the restored cluster is no controller of it.
func TestAnArbitratorIsNoController(t *testing.T) {
	w := galera.Wsrep{ClusterStatus: galera.ClusterPrimary, State: galera.StateSynced, Ready: true, ClusterSize: 4,
		Arbitrators: 1}
	if why := (Expected{Size: 3}).missing(w); why != "" {
		t.Error(why)
	}
	if why := (Expected{Size: 4}).missing(w); why != "it sees 3 controllers, not 4" {
		t.Errorf("%q", why)
	}
}
