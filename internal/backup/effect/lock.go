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

// lockUndo is what frees the lock. Its holder counts, too: jobs of one id may run on two controllers.
type lockUndo struct {
	Cluster string `json:"cluster"`
	Job     string `json:"job"`
	Holder  string `json:"holder"`
}

// LockRequest is the lock that a job wants.
type LockRequest struct {
	// Cluster is the UUID of the Galera cluster.
	Cluster string
	Job     string
	// Expires is the time from which others may take the lock over, if its holder is gone.
	Expires time.Time
	// Running says whether a job of this node still runs; nil knows of none that has ended.
	Running func(ctx context.Context, job string) (bool, error)
}

// Lock takes the cluster's lock, so that no other controller is backed up meanwhile. v is the cluster as this node's
// Pacemaker sees it. release frees the lock; it has time of its own. broken says whose lock was broken for it, and why;
// it is empty when none was.
func Lock(ctx context.Context, want LockRequest, v pacemaker.ClusterView, notes *Notes) (release func() error,
	broken string, err error) {
	l := cib.Lock{
		Cluster: want.Cluster, Holder: v.Self.Name, Job: want.Job, Since: stamp(time.Now()), Expires: stamp(want.Expires),
	}
	undo := lockUndo{Cluster: l.Cluster, Job: l.Job, Holder: l.Holder}
	undone, err := notes.will(lockEffect, undo)
	if err != nil {
		return nil, "", err
	}
	release = func() error { return undoneUnless(undo.free(), undone) }
	broken, err = want.acquire(ctx, l, v)
	switch {
	case err == nil:
		return release, broken, nil
	case untaken(err):
		return nil, broken, errors.Join(err, undone())
	}
	// Whether it was taken is not known after every error; freeing frees only ours.
	return nil, broken, errors.Join(err, release())
}

// untaken says that the lock was not taken for sure, so that there is nothing to free.
func untaken(err error) bool {
	var notAsked *clusterlock.NotAsked
	var held *clusterlock.Held
	return errors.As(err, &notAsked) || errors.As(err, &held)
}

// cibTimeout is how long a change of the cluster's configuration may take.
const cibTimeout = 10 * time.Second

// acquire takes the lock, also one that a dead job left, if that it is dead is certain.
func (want LockRequest) acquire(ctx context.Context, l cib.Lock, v pacemaker.ClusterView) (broken string,
	err error) {
	err = change(ctx, func(ctx context.Context) error { return clusterlock.Acquire(ctx, l) })
	var held *clusterlock.Held
	if !errors.As(err, &held) {
		return "", err
	}
	evidence, why := want.stale(ctx, held.Lock, v)
	if why != nil {
		return "", fmt.Errorf("%w; held for %s by now; %w", err, time.Since(epoch(held.Lock.Since)).Round(time.Second), why)
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

// stale gives the evidence that a lock's holder cannot free it any more, or why there is none. A time alone is no
// evidence: clocks differ.
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

// ended is for a lock of this node, whose jobs it knows.
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

func stamp(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func epoch(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

// free frees the lock, if it is that job's of that holder. It tries for a while: a backup may end while the cluster
// elects a new DC, or because this controller is cut off. Right after that the others' copy of the configuration may
// still replace this node's: then it counts only when it is free a second time.
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
				continue // to the answer that there is no time for a second look
			}
			return fmt.Errorf("%w; when Pacemaker answers again, galera_backup with state: recovered on this host frees it", err)
		case <-time.After(pause):
		}
	}
}

// freeTimeout is for how long the lock is tried to be freed, freeAgain after what time a lock that could not be freed
// at once is looked at again.
var freeTimeout, freeAgain = 45 * time.Second, 3 * time.Second

func (u lockUndo) undo() (string, error) {
	if err := u.free(); err != nil {
		return "", fmt.Errorf("free the cluster's backup lock of job %s: %w", u.Job, err)
	}
	return "the cluster's backup lock of job " + u.Job + " is free", nil
}
