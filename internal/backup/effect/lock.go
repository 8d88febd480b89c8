// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
)

// lockUndo identifies the lock to free. Its holder counts, too: jobs with the same id may run on two controllers.
type lockUndo struct {
	Cluster string `json:"cluster"`
	Job     string `json:"job"`
	Holder  string `json:"holder"`
}

// LockRequest describes the lock that a job needs.
type LockRequest struct {
	// Cluster is the UUID of the Galera cluster.
	Cluster string
	Job     string
	// Expires is the time after which others may take over the lock, if its holder is gone.
	Expires time.Time
	// Running reports whether a job of this node still runs; nil means that no job is known to have ended.
	Running func(ctx context.Context, job string) (bool, error)
}

// Lock takes the cluster's lock, so that no other controller is backed up in the meantime. v is the cluster as this
// node's Pacemaker sees it. release frees the lock; it has its own timeout. broken says whose lock was broken, and why;
// it is empty if none was.
func Lock(ctx context.Context, want LockRequest, v pacemaker.ClusterView, notes *Notes) (release func() error,
	broken string, err error) {
	l := cib.Lock{
		Cluster: want.Cluster, Holder: v.Self.Name, Job: want.Job, Since: unixSeconds(time.Now()),
		Expires: unixSeconds(want.Expires),
	}
	undo := lockUndo{Cluster: l.Cluster, Job: l.Job, Holder: l.Holder}
	undone, err := notes.record(lockEffect, undo)
	if err != nil {
		return nil, "", err
	}
	release = func() error { return undoneUnless(undo.free(), undone) }
	broken, err = want.acquire(ctx, l, v)
	switch {
	case err == nil:
		return release, broken, nil
	case notTaken(err):
		return nil, broken, errors.Join(err, undone())
	}
	// Not every error says whether the lock was taken; freeing frees only ours.
	return nil, broken, errors.Join(err, release())
}

// notTaken reports that the lock was certainly not taken, so that there is nothing to free.
func notTaken(err error) bool {
	var notAsked *clusterlock.NotAsked
	var held *clusterlock.Held
	return errors.As(err, &notAsked) || errors.As(err, &held)
}

// cibTimeout is how long a change of the cluster's configuration may take.
const cibTimeout = 10 * time.Second

// acquire takes the lock, also one that a dead job left, if it is certain that the job is dead.
func (want LockRequest) acquire(ctx context.Context, l cib.Lock, v pacemaker.ClusterView) (broken string,
	err error) {
	err = change(ctx, func(ctx context.Context) error { return clusterlock.Acquire(ctx, l) })
	var held *clusterlock.Held
	if !errors.As(err, &held) {
		return "", err
	}
	evidence, why := want.stale(ctx, held.Lock, v)
	if why != nil {
		return "", fmt.Errorf("%w; held for %s by now; %w", err, time.Since(epoch(held.Lock.Since)).Round(time.Second),
			why)
	}
	broken = fmt.Sprintf("the lock of job %s on %s was broken: %s", held.Lock.Job, held.Lock.Holder, evidence)
	return broken, change(ctx, func(ctx context.Context) error {
		return errors.Join(clusterlock.Break(ctx, held.Lock), clusterlock.Acquire(ctx, l))
	})
}

// change changes the cluster's configuration.
func change(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, cibTimeout)
	defer cancel()
	return do(ctx)
}

// stale returns the evidence that a lock's holder can no longer free it, or why there is none. An expired time is not
// evidence by itself: clocks differ.
func (want LockRequest) stale(ctx context.Context, l cib.Lock, v pacemaker.ClusterView) (evidence string,
	why error) {
	if l.Holder == v.Self.Name {
		return want.ended(ctx, l)
	}
	if slices.Contains(v.Online, l.Holder) {
		return "", fmt.Errorf("wait for its end; if %s runs no such backup any more, galera_backup with state: "+
			"recovered there frees the lock", l.Holder)
	}
	if over := time.Since(epoch(l.Expires)); over < 0 {
		return "", fmt.Errorf("%s is not in the cluster now, but its job may go on for another %s", l.Holder,
			(-over).Round(time.Second))
	}
	return l.Holder + " is not in the cluster any more, and its job's time is over", nil
}

// ended handles a lock of this node, whose jobs it knows.
func (want LockRequest) ended(ctx context.Context, l cib.Lock) (evidence string, why error) {
	if want.Running == nil {
		return "", errors.New("whether that job still runs here is not known")
	}
	running, err := want.Running(ctx, l.Job)
	switch {
	case err != nil:
		return "", fmt.Errorf("whether that job still runs here could not be found out: %w", err)
	case running:
		return "", errors.New("it runs on this node: wait for its end, or cancel it")
	}
	return "no such job runs on this node any more", nil
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func epoch(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

// free frees the lock, if it belongs to that job and holder. It keeps trying for a while: a backup may end while the
// cluster elects a new DC, or because this controller is cut off. Right after that the others' copy of the
// configuration may still replace this node's: then the lock counts as free only when a second check agrees.
func (u lockUndo) free() error {
	ctx, cancel := context.WithTimeout(context.Background(), freeTimeout)
	defer cancel()
	lock := cib.Lock{Cluster: u.Cluster, Job: u.Job, Holder: u.Holder}
	pause, sure := pollEvery*5, true
	for {
		err := change(ctx, func(ctx context.Context) error { _, err := clusterlock.Release(ctx, lock); return err })
		switch {
		case err == nil && sure:
			return nil
		case err == nil:
			pause, sure = freeAgain, true
		default:
			pause, sure = pollEvery*5, false
		}
		select {
		case <-ctx.Done():
			if err == nil {
				continue // added if there is no time for a second check
			}
			return fmt.Errorf("%w; when Pacemaker answers again, galera_backup with state: recovered on this host"+
				" frees it", err)
		case <-time.After(pause):
		}
	}
}

// freeTimeout limits the attempts to free the lock; freeAgain is the delay before a lock that could not be freed at
// once is checked again.
var freeTimeout, freeAgain = 45 * time.Second, 3 * time.Second

func (u lockUndo) undo() (string, error) {
	if err := u.free(); err != nil {
		return "", fmt.Errorf("free the cluster's backup lock of job %s: %w", u.Job, err)
	}
	return "the cluster's backup lock of job " + u.Job + " is free", nil
}
