// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/galera"
)

// desync switches wsrep_desync on for a while. It undoes only what it did.
type desync struct {
	// client is begin's. open makes another should it break.
	client *galera.Client
	open   func(context.Context) (*galera.Client, error)
	drain  time.Duration
	// up waits until clients can be sent here again, and says what it saw.
	up   func(context.Context, galera.Wsrep) (string, error)
	ours bool
}

// drained is the receive queue, in write-sets, with which a node may resync: well below gcs.fc_limit (16 by default),
// over which a node that is not desynced stops the writers of the whole cluster.
const drained = 4

const (
	syncedTimeout = time.Minute
	answerTimeout = 10 * time.Second
	pollEvery     = 100 * time.Millisecond
)

// begin is called right after recheck found the node sound, and refuses all the same if somebody desynced it since.
func (d *desync) begin(ctx context.Context, c *galera.Client) error {
	// Should the answer get lost, the undo still has to look.
	d.client, d.ours = c, true
	err := c.SetDesync(ctx, true)
	if errors.Is(err, galera.ErrDesynced) {
		d.ours = false
	}
	return err
}

// end resyncs the node if begin desynced it: the receive queue drains, then wsrep_desync goes OFF, then the node must
// be Synced and serve again. It has time of its own, because it must also run when the backup was cancelled. A queue
// that does not drain leaves the node desynced: resynced, it would stop every writer of the cluster.
func (d *desync) end() (said string, err error) {
	if !d.ours {
		return "not changed", nil
	}
	d.ours = false
	ctx, cancel := context.WithTimeout(context.Background(), d.drain+2*syncedTimeout)
	defer cancel()
	c, err := d.connect(ctx)
	if err != nil {
		return "", fmt.Errorf("undo wsrep_desync=ON: %w; a server that was restarted has it OFF, else run SET GLOBAL wsrep_desync=OFF", err)
	}
	defer c.Close()
	begun := time.Now()
	w, err := d.resync(ctx, c)
	if err != nil {
		return "", err
	}
	health, err := d.up(ctx, w)
	return fmt.Sprintf("ON while the data were read, then OFF; %s after %.1f s", health, time.Since(begun).Seconds()), err
}

// connect takes begin's connection, else opens another one. That may fail for a while, with too many connections; only
// a server that is not there any more is not waited for.
func (d *desync) connect(ctx context.Context) (*galera.Client, error) {
	if d.answers(ctx) {
		return d.client, nil
	}
	for {
		c, err := d.open(ctx)
		var refused *galera.LoginError
		if err == nil || errors.As(err, &refused) && refused.Absent() {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pollEvery):
		}
	}
}

func (d *desync) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := d.client.Value(ctx, "SELECT 1")
	return err == nil
}

func (d *desync) resync(ctx context.Context, c *galera.Client) (galera.Wsrep, error) {
	queue := func(w galera.Wsrep) bool { return !w.Desync || w.RecvQueue <= drained }
	w, err := until(ctx, c, d.drain, queue)
	if err != nil {
		return w, fmt.Errorf("the node stays desynced: its receive queue (%d write-sets) did not drain within %s: %w; "+
			"run SET GLOBAL wsrep_desync=OFF when wsrep_local_recv_queue is 0", w.RecvQueue, d.drain, err)
	}
	if w.Desync {
		if err := c.SetDesync(ctx, false); err != nil {
			return w, fmt.Errorf("the node stays desynced: %w", err)
		}
	}
	w, err = until(ctx, c, syncedTimeout, func(w galera.Wsrep) bool { return sound(w) == nil })
	if err != nil {
		return w, fmt.Errorf("the node is not Synced again (%s): %w", w.State, errors.Join(sound(w), err))
	}
	return w, nil
}

// until reads the status until it is as wanted, and returns the last one.
func until(ctx context.Context, c *galera.Client, limit time.Duration, done func(galera.Wsrep) bool) (galera.Wsrep, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last galera.Wsrep
	for {
		w, err := c.Status(ctx)
		if err == nil {
			last = w
			if done(w) {
				return w, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, errors.Join(err, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}
