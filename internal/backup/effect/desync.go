// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/quantity"
)

// Desync sets wsrep_desync to ON for a while. It undoes only what it did.
type Desync struct {
	// client is the connection of begin, to this server. open makes another one if it breaks.
	client *mariadb.Client
	server Instance
	open   func(context.Context) (*mariadb.Client, error)
	drain  time.Duration
	// up waits until clients can be sent here again, and returns what it saw.
	up func(context.Context, galera.Wsrep) (string, error)
	// will records in the journal what begin is about to do; nil records nothing.
	will func(desyncUndo) (undone func() error, err error)
	// mutex protects begin, which the guard may call while the backup ends.
	mutex  sync.Mutex
	ours   bool
	ended  bool
	held   bool // Stay was called
	undone func() error
	// outcome describes a desync that Stay has ended; own is the connection of Now.
	outcome string
	own     *mariadb.Client
}

// drained is the receive queue, in write-sets, at which a node may resync: well below gcs.fc_limit (16 by default),
// above which a node that is not desynced stops the writers of the whole cluster.
const drained = 4

// NewDesync returns a Desync of the server that open connects to. drain is how long its receive queue may take to
// drain, up waits until clients can be sent to it again and returns what it saw.
func NewDesync(open func(context.Context) (*mariadb.Client, error), drain time.Duration,
	up func(context.Context, galera.Wsrep) (string, error), notes *Notes) *Desync {
	return &Desync{open: open, drain: drain, up: up, will: func(u desyncUndo) (func() error, error) {
		return notes.record(DesyncEffect, u)
	}}
}

// Begin refuses a node that is already desynced by someone else. A second call does nothing.
func (d *Desync) Begin(ctx context.Context, c *mariadb.Client) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.ours {
		return nil
	}
	if d.ended {
		return errors.New("the backup ends, so wsrep_desync stays as it is")
	}
	if d.held {
		return errStays
	}
	server, err := ThisServer(ctx, c)
	if err != nil {
		return err
	}
	// This is checked before anything is recorded: what the journal contains may be undone by a process that knows no
	// more.
	if w, err := galera.Status(ctx, c); err != nil {
		return err
	} else if w.Desync {
		return galera.ErrDesynced
	}
	if err := d.note(desyncUndo{Was: "OFF", Instance: server}); err != nil {
		return err
	}
	// If the answer is lost, the undo still has to check.
	d.client, d.server, d.ours = c, server, true
	err = galera.SetDesync(ctx, c, true)
	if errors.Is(err, galera.ErrDesynced) {
		d.ours = false
		err = errors.Join(err, d.undone())
	}
	return err
}

func (d *Desync) note(undo desyncUndo) (err error) {
	d.undone = func() error { return nil }
	if d.will != nil {
		d.undone, err = d.will(undo)
	}
	return err
}

// On reports whether the node is desynced by us.
func (d *Desync) On() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.ours
}

// Now desyncs the node over its own connection, for the guard. A second call does nothing. A desync by someone else is
// galera.ErrDesynced.
func (d *Desync) Now(ctx context.Context) error {
	if d.On() {
		return nil
	}
	c, err := d.open(ctx)
	if err != nil {
		return err
	}
	if err = d.Begin(ctx, c); err != nil {
		_ = c.Close()
		return err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.own = c
	return nil
}

// stop reports whether there is something to undo; begin refuses from now on.
func (d *Desync) stop() bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	ours := d.ours
	d.ours, d.ended = false, true
	return ours
}

// End resyncs the node if Begin desynced it: the receive queue drains, then wsrep_desync is set to OFF, then the node
// must be Synced and serve again. It has its own timeout, because it must also run if the backup was cancelled. A queue
// that does not drain leaves the node desynced: resynced, it would stop every writer of the cluster. Only a node that
// is alone in its cluster, where nobody else writes, does not wait. A server that ended has nothing to undo.
func (d *Desync) End() (outcome string, err error) {
	if !d.stop() {
		return d.unchanged()
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.drain+2*syncedTimeout)
	defer cancel()
	begun := time.Now()
	health, err := d.resyncAndWait(ctx)
	if d.serverEnded(err) {
		return "ON while the data were read; the server ended, and with it the desync", d.undone()
	}
	if err != nil {
		return "", fmt.Errorf("undo wsrep_desync=ON: %w", err)
	}
	return fmt.Sprintf("ON while the data were read, then OFF; %s after %.1f s", health,
		time.Since(begun).Seconds()), d.undone()
}

// unchanged is the outcome if there is nothing to undo, or no more. After a desync that Stay has ended, the node must
// be Synced and serve as well.
func (d *Desync) unchanged() (string, error) {
	d.mutex.Lock()
	outcome := d.outcome
	d.outcome = "" // a second End has nothing to check
	d.mutex.Unlock()
	if outcome == "" {
		return "not changed", nil
	}
	if d.own != nil {
		defer d.own.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*syncedTimeout)
	defer cancel()
	health, err := d.retrying(ctx, synced)
	switch {
	case d.serverEnded(err):
		outcome += "; the server has ended since"
	case err != nil:
		return "", errors.Join(fmt.Errorf("wsrep_desync is OFF again: %w", err), d.undone())
	default:
		outcome += "; " + health
	}
	return outcome, d.undone()
}

// resyncAndWait ends the desync, and waits until the node serves.
func (d *Desync) resyncAndWait(ctx context.Context) (health string, err error) {
	return d.retrying(ctx, func(ctx context.Context, c *mariadb.Client) (galera.Wsrep, error) {
		if err := d.resync(ctx, c); err != nil {
			return galera.Wsrep{}, err
		}
		return synced(ctx, c)
	})
}

// retrying waits until the node is in order by do, and serves. It tries again with a new connection if its connection
// breaks.
func (d *Desync) retrying(ctx context.Context,
	do func(context.Context, *mariadb.Client) (galera.Wsrep, error)) (health string, err error) {
	for {
		c, err := d.connect(ctx)
		if err != nil {
			return "", err
		}
		w, err := do(ctx, c)
		if err == nil {
			health, err = d.up(ctx, w)
		}
		lost := !alive(ctx, c)
		_ = c.Close()
		if err == nil || !lost || ctx.Err() != nil {
			return health, err
		}
	}
}

// errRestarted reports that a server that we have not desynced runs in the place of the one that we did.
var errRestarted = errors.New("the server was restarted since, which ended the desync")

// serverEnded reports whether the desynced server has ended. One that only does not listen, because its socket file is
// gone or it is shutting down, is still desynced.
func (d *Desync) serverEnded(err error) bool {
	return errors.Is(err, errRestarted) || mariadb.Absent(err) && !d.server.runs()
}

// connect uses begin's connection, or opens another one to the same server. That may fail for a while, with too many
// connections; it does not wait for a server that has ended or that is on another host.
func (d *Desync) connect(ctx context.Context) (*mariadb.Client, error) {
	if alive(ctx, d.client) {
		return d.client, nil
	}
	for {
		c, err := d.reopen(ctx)
		if err == nil || d.serverEnded(err) || errors.Is(err, ErrOtherHost) {
			return c, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pollEvery):
		}
	}
}

func (d *Desync) reopen(ctx context.Context) (*mariadb.Client, error) {
	c, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	now, err := ThisServer(ctx, c)
	if err == nil && !d.server.Same(now) {
		err = errRestarted
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func alive(ctx context.Context, c *mariadb.Client) bool {
	if c == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := c.Value(ctx, "SELECT 1")
	return err == nil
}

func (d *Desync) resync(ctx context.Context, c *mariadb.Client) error {
	queue := func(w galera.Wsrep) bool { return !w.Desync || w.RecvQueue <= drained || w.ClusterSize <= 1 }
	w, err := until(ctx, c, d.drain, queue)
	if err != nil {
		return fmt.Errorf("the node stays desynced: its receive queue (%s) did not drain within %s: %w; run SET "+
			"GLOBAL wsrep_desync=OFF when wsrep_local_recv_queue is 0", quantity.Count(int64(w.RecvQueue), "write-set"),
			d.drain, err)
	}
	if w.Desync {
		if err := galera.SetDesync(ctx, c, false); err != nil {
			return fmt.Errorf("the node stays desynced: %w", err)
		}
	}
	return nil
}

// desyncUndo names the server process that was desynced. wsrep_desync does not outlive its server process: another
// process has it OFF, or ON because someone else set it.
type desyncUndo struct {
	Was string `json:"was"` // always OFF: a node that is already desynced is refused
	Instance
}
