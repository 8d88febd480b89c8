// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LockHeld says that somebody else holds the lock.
type LockHeld struct{ Lock Lock }

func (e *LockHeld) Error() string {
	l := e.Lock
	return fmt.Sprintf("the cluster's backup lock is held by %s, job %s, since %s, until %s at the latest", l.Holder,
		l.Job, clock(l.Since), clock(l.Expires))
}

func clock(epoch float64) string { return time.Unix(int64(epoch), 0).UTC().Format(time.RFC3339) }

// NotAsked says that the lock was not even asked for, so there is nothing to free.
type NotAsked struct{ error }

// Unwrap gives the reason.
func (e *NotAsked) Unwrap() error { return e.error }

// Acquire takes the lock of l.Cluster, atomically for the whole cluster. That l.Job on l.Holder has it already is no
// error, for two nodes may have jobs of one id. After an error that is neither *LockHeld nor *NotAsked it may have been
// taken all the same: Release it.
// A context without a deadline gets DefaultTimeout, here and below.
func Acquire(ctx context.Context, l Lock) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	return here().acquire(ctx, l)
}

// Release frees the lock if l.Job on l.Holder has it. That it is free, or another job's or node's, is no error. Without
// quorum it fails, whatever it sees: when the partitions meet again, the others' copy of the configuration may win,
// with the lock in it.
func Release(ctx context.Context, l Lock) (released bool, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	return here().release(ctx, l)
}

// Break frees a lock that its holder cannot free any more; the caller has the evidence, and times alone are none:
// clocks differ. It leaves a lock alone that another job or holder has taken meanwhile.
func Break(ctx context.Context, stale Lock) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	if err := checkHolder(stale.Holder); err != nil {
		return fmt.Errorf("break the cluster's backup lock: %w; %s", err, byHand(stale.Cluster))
	}
	_, err := here().release(ctx, stale)
	return err
}

// ReadLock is the lock of a cluster, nil when it is free. A lock that is not whole is an error that says how to remove
// it.
func ReadLock(ctx context.Context, cluster string) (*Lock, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	return here().readLock(ctx, cluster)
}

// Locks are the backup locks of all clusters that this node's name holds. A host without Pacemaker has none.
func Locks(ctx context.Context) (own []Lock, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	return here().ownLocks(ctx)
}

func (r *reader) ownLocks(ctx context.Context) (own []Lock, err error) {
	if !r.present() {
		return nil, nil
	}
	name, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.locks(ctx)
	for _, l := range all {
		if l.Holder == name {
			own = append(own, l)
		}
	}
	return own, err
}

// LiveLocks are the backup locks of all clusters and nodes that have not expired. A host without Pacemaker sees none.
func LiveLocks(ctx context.Context) (live []Lock, err error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	r := here()
	if !r.present() {
		return nil, nil
	}
	all, err := r.locks(ctx)
	for _, l := range all {
		if l.Expires > float64(time.Now().Unix()) {
			live = append(live, l)
		}
	}
	return live, err
}

// NoBackup refuses what no backup outlives, while one runs on any node.
func NoBackup(ctx context.Context) error {
	live, err := LiveLocks(ctx)
	for _, l := range live {
		return fmt.Errorf("a backup runs on %s (job %s, until %s at the latest): wait for its end, or cancel it",
			l.Holder, l.Job, clock(l.Expires))
	}
	return err
}

func (r *reader) acquire(ctx context.Context, l Lock) error {
	if err := l.check(); err != nil {
		return &NotAsked{fmt.Errorf("take the cluster's backup lock: %w", err)}
	}
	if err := r.quorate(ctx); err != nil {
		return &NotAsked{err}
	}
	held, err := r.create(ctx, l)
	if err != nil {
		return err
	}
	if !held.is(l) {
		return &LockHeld{*held}
	}
	// A partition that was cut off just now learns it only after Corosync's token timeout. The lock was made through
	// Corosync, so Corosync knows by now.
	if err := r.quorate(ctx); err != nil {
		_, left := r.release(ctx, l)
		return errors.Join(err, left)
	}
	return nil
}

// freeing names the step in errors.
const freeing = "free the cluster's backup lock"

// release frees the lock of exactly this cluster, job and holder.
func (r *reader) release(ctx context.Context, l Lock) (bool, error) {
	if err := errors.Join(checkIDs(l.Cluster, l.Job), checkHolder(l.Holder)); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	if err := r.counted(ctx); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	held, err := r.readLock(ctx, l.Cluster)
	if err != nil || !held.is(l) {
		return false, err
	}
	// The condition stands in the path, so nobody else's lock goes, even if it changed hands just now.
	path := lockPath(l)
	if a := r.run(ctx, "cibadmin", "--delete", "--xpath", path); a.err != nil {
		return false, a.failure(freeing)
	}
	// cibadmin exits 0 also when nothing matched.
	held, err = r.readLock(ctx, l.Cluster)
	if err == nil && held.is(l) {
		err = errors.New(freeing + ": it is still there; remove it with: cibadmin --delete --xpath '" + path + "'")
	}
	if err != nil {
		return false, err
	}
	// As when it was taken: a partition that was cut off just before would have freed it for itself only.
	if err := r.counted(ctx); err != nil {
		return false, fmt.Errorf("%s: %w", freeing, err)
	}
	return true, nil
}
