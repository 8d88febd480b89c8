// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"overcloud.backup/internal/pacemaker"
)

// lockMargin is for how much longer than the backup, its drain included, the cluster's lock is asked for.
const lockMargin = 10 * time.Minute

// lockUndo is what frees the lock. Its holder counts, too: jobs of one id may run on two controllers.
type lockUndo struct {
	Cluster string `json:"cluster"`
	Job     string `json:"job"`
	Holder  string `json:"holder"`
}

// lock takes the cluster's lock, so that no other controller is backed up meanwhile. release frees it; it has time of its
// own. A host without Pacemaker has no such lock, which is a warning.
func (j *Job) lock(ctx context.Context) (release func() error, err error) {
	none := func() error { return nil }
	if j.o.Job == "" {
		return none, nil
	}
	v, err := j.view(ctx)
	if err != nil {
		return nil, elsewhere(err)
	}
	if !v.Present {
		j.warn("no lock keeps another controller from being backed up at the same time: %s", v.Reason)
		return none, nil
	}
	l := pacemaker.Lock{Cluster: j.plan.Cluster.UUID, Holder: v.Self.Name, Job: j.o.Job, Since: seconds(time.Now()), Expires: seconds(j.expiry(ctx))}
	undo := lockUndo{Cluster: l.Cluster, Job: l.Job, Holder: l.Holder}
	undone, err := j.will(lockEffect, undo)
	if err != nil {
		return nil, err
	}
	release = func() error { return settle(undo.free(), undone) }
	err = j.acquire(ctx, l, v)
	switch {
	case err == nil:
		return release, nil
	case untaken(err):
		return nil, errors.Join(err, undone())
	}
	// Whether it was taken is not known after every error; freeing frees only ours.
	return nil, errors.Join(err, release())
}

// untaken says that the lock was not taken for sure, so that there is nothing to free.
func untaken(err error) bool {
	var notAsked *pacemaker.NotAsked
	var held *pacemaker.LockHeld
	return errors.As(err, &notAsked) || errors.As(err, &held)
}

func (j *Job) expiry(ctx context.Context) time.Time {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(24 * time.Hour)
	}
	return end.Add(j.o.DrainTimeout + lockMargin)
}

// acquire takes the lock, also one that a dead job left, if that it is dead is certain.
func (j *Job) acquire(ctx context.Context, l pacemaker.Lock, v pacemaker.ClusterView) error {
	err := bounded(ctx, func(ctx context.Context) error { return pacemaker.Acquire(ctx, l) })
	var held *pacemaker.LockHeld
	if !errors.As(err, &held) {
		return err
	}
	evidence, why := j.stale(ctx, held.Lock, v)
	if why != nil {
		return fmt.Errorf("%w; held for %s by now; %w", err, time.Since(epoch(held.Lock.Since)).Round(time.Second), why)
	}
	j.warn("the lock of job %s on %s was broken: %s", held.Lock.Job, held.Lock.Holder, evidence)
	return bounded(ctx, func(ctx context.Context) error {
		return errors.Join(pacemaker.Break(ctx, held.Lock), pacemaker.Acquire(ctx, l))
	})
}

func bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	return do(ctx)
}

// stale gives the evidence that a lock's holder cannot free it any more, or why there is none. A time alone is no
// evidence: clocks differ.
func (j *Job) stale(ctx context.Context, l pacemaker.Lock, v pacemaker.ClusterView) (evidence string, why error) {
	if l.Holder == v.Self.Name {
		return j.ended(ctx, l)
	}
	if slices.Contains(v.Online, l.Holder) {
		return "", fmt.Errorf("wait for its end; if %s runs no such backup any more, galera_backup with state: recovered there frees the lock", l.Holder)
	}
	if over := time.Since(epoch(l.Expires)); over < 0 {
		return "", fmt.Errorf("%s is not in the cluster now, but its job may go on for another %s", l.Holder, (-over).Round(time.Second))
	}
	return l.Holder + " is not in the cluster any more, and its job's time is over", nil
}

// ended is for a lock of this node, whose jobs it knows.
func (j *Job) ended(ctx context.Context, l pacemaker.Lock) (evidence string, why error) {
	if j.o.Running == nil {
		return "", errors.New("whether that job still runs here is not known")
	}
	running, err := j.o.Running(ctx, l.Job)
	switch {
	case err != nil:
		return "", fmt.Errorf("whether that job still runs here could not be found out: %w", err)
	case running:
		return "", errors.New("it runs on this node: wait for its end, or cancel it")
	}
	return "no such job runs on this node any more", nil
}

func epoch(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

// free frees the lock, if it is that job's of that holder. It tries for a while: a backup may end while the cluster elects a
// new DC, or because this controller is cut off. Right after that the others' copy of the configuration may still replace
// this node's: then it counts only when it is free a second time.
func (u lockUndo) free() error {
	ctx, cancel := context.WithTimeout(context.Background(), freeTimeout)
	defer cancel()
	lock := pacemaker.Lock{Cluster: u.Cluster, Job: u.Job, Holder: u.Holder}
	pause, sure := pollEvery*5, true
	for {
		err := bounded(ctx, func(ctx context.Context) error { _, err := pacemaker.Release(ctx, lock); return err })
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

// freeTimeout is for how long the lock is tried to be freed, freeAgain after what time a lock that could not be freed at
// once is looked at again.
var freeTimeout, freeAgain = 45 * time.Second, 3 * time.Second

func (u lockUndo) undo() (string, error) {
	if err := u.free(); err != nil {
		return "", fmt.Errorf("free the cluster's backup lock of job %s: %w", u.Job, err)
	}
	return "the cluster's backup lock of job " + u.Job + " is free", nil
}
