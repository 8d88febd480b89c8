// SPDX-License-Identifier: GPL-3.0-or-later

package clusterlock

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/process"
)

// quorate returns ErrNoQuorum, or why the quorum is not known, unless this partition has quorum. Corosync knows it at
// once, the CIB only after Pacemaker has written it there.
func quorate(ctx context.Context, r *pacemaker.Commands) error {
	const step = "read the cluster's state"
	s, problem := r.Status(ctx)
	if problem != nil {
		return fmt.Errorf("%s: %w", step, pacemaker.ProblemError(ctx, problem))
	}
	c, problem := r.Quorum(ctx)
	if problem != nil {
		return fmt.Errorf("%s: %w", step, pacemaker.ProblemError(ctx, problem))
	}
	if !s.Quorum || c != nil && !c.Quorate {
		return ErrNoQuorum
	}
	return nil
}

// counted is quorate with only Corosync's count, if there is one: freeing a lock does not wait for a crm_mon that
// hangs.
func counted(ctx context.Context, r *pacemaker.Commands) error {
	c, problem := r.Quorum(ctx)
	switch {
	case problem != nil:
		return fmt.Errorf("read the cluster's votes: %w", pacemaker.ProblemError(ctx, problem))
	case c == nil:
		return quorate(ctx, r)
	case !c.Quorate:
		return ErrNoQuorum
	}
	return nil
}

// How often, and after what delay, a lock that was refused and then is free is requested again.
const (
	createTries = 5
	createPause = 100 * time.Millisecond
)

// create creates the lock if there is none and returns the one that exists then: the cluster's answer is what counts.
func create(ctx context.Context, r *pacemaker.Commands, l cib.Lock) (*cib.Lock, error) {
	const step = "take the cluster's backup lock"
	xml, err := cib.LockXML(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step, err)
	}
	var a pacemaker.Answer
	for range createTries {
		a = r.Run(ctx, "cibadmin", "--create", "--scope", "crm_config", "--xml-text", xml)
		if a.Err != nil && !exists(a) {
			return nil, a.Failure(step)
		}
		held, err := readLock(ctx, r, l.Cluster)
		if err != nil || held != nil {
			return held, err
		}
		// The one that was in the way has been freed in the meantime.
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", step, ctx.Err())
		case <-time.After(createPause):
		}
	}
	if a.Err != nil {
		return nil, fmt.Errorf("%s: %w, but nobody has it; try again", step, a.Err)
	}
	return nil, fmt.Errorf("%s: it was created %d times and was gone each time; who else changes the cluster's"+
		" configuration?", step, createTries)
}

// exists reports that such an element already exists:
//
//	Call cib_create failed: File exists                        (2.1.5, exit status 108)
//	Call cib_create failed (-76): Name not unique on network   (1.1, exit status 76)
func exists(a pacemaker.Answer) bool {
	var exit *process.ExitError
	if !errors.As(a.Err, &exit) {
		return false
	}
	return exit.Code == 108 || exit.Code == 76 || strings.Contains(exit.Stderr, "File exists") ||
		strings.Contains(exit.Stderr, "Name not unique")
}

func readLock(ctx context.Context, r *pacemaker.Commands, cluster string) (*cib.Lock, error) {
	locks, err := locks(ctx, r)
	for _, l := range locks {
		if l.Cluster == cluster {
			return &l, err
		}
	}
	return nil, err
}

func locks(ctx context.Context, r *pacemaker.Commands) ([]cib.Lock, error) {
	const step = "read the cluster's backup lock"
	a := r.Run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.Err != nil {
		return nil, a.Failure(step)
	}
	locks, err := cib.ParseLocks(a.Out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step, err)
	}
	return locks, nil
}

// ErrNoQuorum refuses to change a lock if another partition may change it differently.
var ErrNoQuorum = errors.New("this partition of the cluster has no quorum, and without it a lock is neither taken nor" +
	" freed")
