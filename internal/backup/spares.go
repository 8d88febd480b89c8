// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

// viewTimeout is how long crm_mon may take to answer.
const viewTimeout = 10 * time.Second

// readCluster is the cluster as this node's Pacemaker sees it now.
func readCluster(ctx context.Context) (pacemaker.ClusterView, error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	v, err := pacemaker.View(ctx)
	if err != nil {
		return v, fmt.Errorf("read the cluster's state: %w", err)
	}
	return v, nil
}

// others is how many other controllers must be able to serve: the one that does, unless that is this one, and the spares.
func (o Options) others() int {
	if o.MinSpares <= 0 {
		return 0
	}
	if o.AllowClients {
		return o.MinSpares
	}
	return o.MinSpares + 1
}

// spares refuses a node without which too few could serve, and one that Pacemaker is told to leave alone.
func (j *Job) spares(ctx context.Context, w galera.Wsrep) error {
	if others := w.Databases() - 1; others < j.o.others() {
		return fmt.Errorf("this node is needed as a spare: %d other members are in the Galera cluster, and %d must be (min_spares is %d)",
			others, j.o.others(), j.o.MinSpares)
	}
	v, err := readCluster(ctx)
	if err != nil && j.o.MinSpares <= 0 {
		return nil // nothing is asked of the others
	}
	if err != nil || !v.Present {
		return err
	}
	if err := fit(v); err != nil {
		return fmt.Errorf("this node is not fit for a backup now: %w", err)
	}
	if len(v.Promoted) < j.o.others() {
		return fmt.Errorf("this node is needed as a spare: only on %s the database is promoted besides, and %d others must be able to serve (min_spares is %d)",
			list(v.Promoted), j.o.others(), j.o.MinSpares)
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "no other node"
	}
	return strings.Join(names, ", ")
}

// fit refuses a node, or a cluster, that somebody works on or that cannot act.
func fit(v pacemaker.ClusterView) error {
	switch n := v.Self; {
	case !v.Quorum:
		return errors.New("its partition of the Pacemaker cluster has no quorum")
	case v.Maintenance:
		return errors.New("the Pacemaker cluster is in maintenance-mode")
	case !n.Online || n.Unclean || n.Pending || n.Shutdown:
		return fmt.Errorf("%s is not counted on by Pacemaker (online %t, unclean %t, pending %t, shutdown %t)", n.Name, n.Online, n.Unclean, n.Pending, n.Shutdown)
	case n.Standby || n.StandbyFail:
		return fmt.Errorf("%s is in standby", n.Name)
	case n.Maintenance:
		return fmt.Errorf("%s is in maintenance", n.Name)
	}
	return nil
}
