// SPDX-License-Identifier: GPL-3.0-or-later

// Package clusterlock takes and frees the lock of backups, a set of properties in the configuration of the cluster,
// which only one node can create. Without quorum nothing is taken or freed.
package clusterlock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
)

// Held reports that another job holds the lock.
type Held struct{ Lock cib.Lock }

// Error says who holds the lock, and until when at the latest.
func (e *Held) Error() string {
	l := e.Lock
	return fmt.Sprintf("the cluster's backup lock is held by %s, job %s, since %s, until %s at the latest", l.Holder,
		l.Job, clock(l.Since), clock(l.Expires))
}

func clock(epoch float64) string { return time.Unix(int64(epoch), 0).UTC().Format(time.RFC3339) }

// NotAsked reports that the lock was not even requested, so there is nothing to free.
type NotAsked struct{ error }

// Unwrap returns the reason.
func (e *NotAsked) Unwrap() error { return e.error }

// Acquire takes the lock of l.Cluster, atomically for the whole cluster. It is not an error if l.Job on l.Holder has it
// already; the holder counts because two nodes may have jobs of one id. After an error that is neither *Held nor
// *NotAsked it may have been taken anyway: Release it. A context without a deadline gets DefaultTimeout, here and
// below.
func Acquire(ctx context.Context, l cib.Lock) error {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	return acquire(ctx, pacemaker.Local(), l)
}

// Release frees the lock if l.Job on l.Holder has it. It is not an error if the lock is free, or another job's or
// node's. Without quorum it fails, whatever it sees: when the partitions meet again, the others' copy of the
// configuration may win, with the lock in it.
func Release(ctx context.Context, l cib.Lock) (released bool, err error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	return release(ctx, pacemaker.Local(), l)
}

// Break frees a lock that its holder can no longer free; the caller has the evidence, and times by themselves are not
// evidence: clocks differ. It leaves a lock alone that another job or holder has taken in the meantime.
func Break(ctx context.Context, stale cib.Lock) error {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	if err := cib.CheckHolder(stale.Holder); err != nil {
		return fmt.Errorf("break the cluster's backup lock: %w; %s", err, cib.ByHand(stale.Cluster))
	}
	_, err := release(ctx, pacemaker.Local(), stale)
	return err
}

// Read returns the lock of a cluster, nil if it is free. An incomplete lock is an error that says how to remove it.
func Read(ctx context.Context, cluster string) (*cib.Lock, error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	return readLock(ctx, pacemaker.Local(), cluster)
}

// OfThisNode returns the backup locks of all clusters that this node's name holds. A host without Pacemaker has none.
func OfThisNode(ctx context.Context) (own []cib.Lock, err error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	return ownLocks(ctx, pacemaker.Local())
}

func ownLocks(ctx context.Context, r *pacemaker.Commands) (own []cib.Lock, err error) {
	if !r.Present() {
		return nil, nil
	}
	name, err := r.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := locks(ctx, r)
	for _, l := range all {
		if l.Holder == name {
			own = append(own, l)
		}
	}
	return own, err
}

// Live returns the backup locks of all clusters and nodes that have not expired. A host without Pacemaker sees none.
func Live(ctx context.Context) (live []cib.Lock, err error) {
	ctx, cancel := pacemaker.WithDeadline(ctx)
	defer cancel()
	r := pacemaker.Local()
	if !r.Present() {
		return nil, nil
	}
	all, err := locks(ctx, r)
	for _, l := range all {
		if l.Expires > float64(time.Now().Unix()) {
			live = append(live, l)
		}
	}
	return live, err
}

// NoBackup refuses what would break a backup, while one runs on any node.
func NoBackup(ctx context.Context) error {
	live, err := Live(ctx)
	for _, l := range live {
		return fmt.Errorf("a backup runs on %s (job %s, until %s at the latest): wait for its end, or cancel it",
			l.Holder, l.Job, clock(l.Expires))
	}
	return err
}

func acquire(ctx context.Context, r *pacemaker.Commands, l cib.Lock) error {
	if err := l.Check(); err != nil {
		return &NotAsked{fmt.Errorf("take the cluster's backup lock: %w", err)}
	}
	if err := quorate(ctx, r); err != nil {
		return &NotAsked{err}
	}
	held, err := create(ctx, r, l)
	if err != nil {
		return err
	}
	if !held.Is(l) {
		return &Held{*held}
	}
	// A partition that was cut off just now learns it only after Corosync's token timeout. The lock was created through
	// Corosync, so Corosync knows by now.
	if err := quorate(ctx, r); err != nil {
		_, left := release(ctx, r, l)
		return errors.Join(err, left)
	}
	return nil
}

// freeing names the step in errors.
const freeing = "free the cluster's backup lock"

// release frees the lock of exactly this cluster, job and holder.
func release(ctx context.Context, r *pacemaker.Commands, l cib.Lock) (bool, error) {
	if err := errors.Join(cib.CheckIDs(l.Cluster, l.Job), cib.CheckHolder(l.Holder)); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	if err := counted(ctx, r); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	held, err := readLock(ctx, r, l.Cluster)
	if err != nil || !held.Is(l) {
		return false, err
	}
	// The condition is in the path, so nobody else's lock is removed, even if it changed hands just now.
	path := cib.LockPath(l)
	if a := r.Run(ctx, "cibadmin", "--delete", "--xpath", path); a.Err != nil {
		return false, a.Failure(freeing)
	}
	// cibadmin exits 0 even if nothing matched.
	held, err = readLock(ctx, r, l.Cluster)
	if err == nil && held.Is(l) {
		err = errors.New(freeing + ": it is still there; remove it with: cibadmin --delete --xpath '" + path + "'")
	}
	if err != nil {
		return false, err
	}
	// As when it was taken: a partition that was cut off just before would have freed it only for itself.
	if err := counted(ctx, r); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	return true, nil
}
