// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
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
	if err := j.spares(ctx, w); err != nil || j.o.AllowClients {
		return w, err
	}
	sessions, _, err := galera.Sessions(ctx, c, j.o.IgnoreUsers)
	if err == nil {
		err = idle(sessions)
	}
	return w, err
}

func notFit(err error) error { return fmt.Errorf("this node is not fit for a backup now: %w", err) }

// idle refuses client sessions, and names them.
func idle(sessions []galera.Session) error {
	if who := condition.Sessions(sessions); who != "" {
		return fmt.Errorf("this node serves clients now: %s; decide again, or choose a policy that allows it", who)
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

// others returns how many other controllers must be able to serve: the one that serves, unless it is this one, and the
// spares.
func (o Options) others() int {
	if o.MinSpares <= 0 {
		return 0
	}
	if o.AllowClients {
		return o.MinSpares
	}
	return o.MinSpares + 1
}

// spares refuses a node without which too few could serve, and one that Pacemaker is configured to leave alone.
func (j *Job) spares(ctx context.Context, w galera.Wsrep) error {
	if few := condition.FewMembers(w.Databases()-1, j.o.others()); few != "" {
		return j.needed(few)
	}
	v, err := readCluster(ctx)
	if err != nil && j.o.MinSpares <= 0 {
		return nil // nothing is required of the others
	}
	if err != nil || !v.Present {
		return err
	}
	if err := condition.CountedOn(v); err != nil {
		return notFit(err)
	}
	if few := condition.FewPromoted(v.Promoted, j.o.others()); few != "" {
		return j.needed(few)
	}
	return nil
}

func (j *Job) needed(few string) error {
	return fmt.Errorf("this node is needed as a spare: %s (min_spares is %d)", few, j.o.MinSpares)
}
