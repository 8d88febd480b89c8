// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
)

// recheck reads the node right before something is done to it: a decision may be minutes old. Its errors are about this
// node: another one may do.
func (j *Job) recheck(ctx context.Context, c *mariadb.Client) (w galera.Wsrep, err error) {
	defer func() { err = thisNode(err) }()
	if w, err = galera.Status(ctx, c); err != nil {
		return w, err
	}
	if err := condition.TakesPart(w); err != nil {
		return w, notFit(err)
	}
	sessions, _, err := galera.Sessions(ctx, c, j.o.IgnoreUsers)
	if err != nil {
		return w, err
	}
	j.serves = j.o.AllowClients && len(sessions) > 0
	if err := j.spares(ctx, w); err != nil || j.o.AllowClients {
		return w, err
	}
	who := condition.Sessions(sessions)
	if who == "" {
		who, err = j.visitors.Look(ctx, c, j.o.IgnoreUsers)
	}
	return w, cmp.Or(err, passing(idle(who)))
}

func notFit(err error) error { return fmt.Errorf("this node is not fit for a backup now: %w", err) }

// idle refuses clients, and names them.
func idle(who string) error {
	if who != "" {
		return fmt.Errorf("this node serves clients now: %s; decide again, choose a policy that allows it, or, if"+
			" these are no clients (monitoring), name them in ignore_users", who)
	}
	return nil
}

// viewTimeout is how long crm_mon may take to answer.
const viewTimeout = 10 * time.Second

// readCluster returns the cluster as this node's Pacemaker sees it now.
func readCluster(ctx context.Context) (pacemaker.ClusterView, error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	v, err := pacemaker.View(ctx)
	if err != nil {
		return v, fmt.Errorf("read the cluster's state: %w", err)
	}
	return v, nil
}
