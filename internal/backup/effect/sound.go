// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"errors"
	"fmt"

	"overcloud.backup/internal/galera"
)

// Sound refuses a node that does not take part in its cluster fully, for the reason that comes first.
func Sound(w galera.Wsrep) error {
	switch {
	case !w.On:
		return errors.New("wsrep_on is OFF: this is no Galera node")
	case w.ClusterStatus != galera.ClusterPrimary:
		return fmt.Errorf("it is not in the Primary component (wsrep_cluster_status %q)", w.ClusterStatus)
	case w.Desync:
		return galera.ErrDesynced
	case w.State != galera.StateSynced:
		return fmt.Errorf("it is not Synced (wsrep_local_state_comment %q)", w.State)
	case !w.Ready || !w.Connected:
		return fmt.Errorf("it does not take part in the cluster (wsrep_ready %t, wsrep_connected %t)", w.Ready, w.Connected)
	}
	return nil
}
