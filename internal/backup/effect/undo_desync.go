// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/clustercheck"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

func (u desyncUndo) undo(ctx context.Context, o UndoOptions) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.DrainTimeout+2*syncedTimeout)
	defer cancel()
	open := func(ctx context.Context) (*mariadb.Client, error) { return mariadb.Open(ctx, o.Login) }
	d := &Desync{open: open, server: u.Instance, drain: o.DrainTimeout, up: clustercheck.Wait(o.HealthURL),
		ours: true, undone: func() error { return nil }}
	c, err := d.connect(ctx)
	switch {
	case errors.Is(err, errRestarted):
		return errRestarted.Error(), nil
	case d.serverEnded(err):
		return "the server that was desynced does not run any more", nil
	case err != nil:
		return "", fmt.Errorf("%w; run SET GLOBAL wsrep_desync=OFF on this node when wsrep_local_recv_queue is 0", err)
	}
	d.client = c
	w, err := galera.Status(ctx, c)
	if err == nil && !w.Desync {
		return "wsrep_desync is OFF", c.Close()
	}
	return d.End()
}
