// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

// errStays reports that the node must not be desynced, because it is needed as a spare.
var errStays = errors.New("this node is needed as a spare, so wsrep_desync stays OFF")

// Stay lets no desync begin from now on, and ends ours while the backup continues, because the node is needed as a
// spare. The receive queue may take limit to drain; if it takes longer, the node stays desynced, because it would stop
// every writer, and End has to wait for it. A desync of a server that has ended is not undone here.
func (d *Desync) Stay(ctx context.Context, limit time.Duration) error {
	if !d.hold() {
		return nil
	}
	c, err := d.reopen(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	short := func(w galera.Wsrep) bool { return !w.Desync || w.RecvQueue <= drained }
	if w, err := until(ctx, c, limit, short); err != nil {
		return fmt.Errorf("wsrep_desync is ON, and the receive queue (%d write-sets) did not drain within %s",
			w.RecvQueue, limit)
	}
	return d.resume(ctx, c)
}

// hold reports whether there is a desync of ours to end. Begin refuses from now on.
func (d *Desync) hold() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.held = true
	return d.ours && !d.ended
}

// resume ends the desync, unless End was called meanwhile.
func (d *Desync) resume(ctx context.Context, c *mariadb.Client) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.ours || d.ended {
		return nil
	}
	if err := galera.SetDesync(ctx, c, false); err != nil {
		return err
	}
	d.ours = false
	d.outcome = "ON while a part of the data was read, then OFF, because this node was needed as a spare"
	err := d.undone()
	if err == nil {
		d.undone = func() error { return nil }
	}
	return err
}
