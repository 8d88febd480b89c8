// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/process"
)

// quorate is ErrNoQuorum, or why that is not known, unless this partition has quorum. Corosync knows it at once, the
// CIB only after Pacemaker has written it there.
func (r *reader) quorate(ctx context.Context) error {
	const step = "read the cluster's state"
	s, problem := r.status(ctx)
	if problem != nil {
		return fmt.Errorf("%s: %w", step, problemError(ctx, problem))
	}
	c, problem := r.quorum(ctx)
	if problem != nil {
		return fmt.Errorf("%s: %w", step, problemError(ctx, problem))
	}
	if !s.Quorum || c != nil && !c.Quorate {
		return ErrNoQuorum
	}
	return nil
}

// counted is quorate by Corosync's count alone where there is one: what frees a lock does not wait for a crm_mon that
// hangs.
func (r *reader) counted(ctx context.Context) error {
	c, problem := r.quorum(ctx)
	switch {
	case problem != nil:
		return fmt.Errorf("read the cluster's votes: %w", problemError(ctx, problem))
	case c == nil:
		return r.quorate(ctx)
	case !c.Quorate:
		return ErrNoQuorum
	}
	return nil
}

// How often a lock that was refused and then is free is asked for again, and after what time.
const (
	createTries = 5
	createPause = 100 * time.Millisecond
)

// create makes the lock if there is none and gives the one that is there then: it is the cluster's answer that counts.
func (r *reader) create(ctx context.Context, l Lock) (*Lock, error) {
	const step = "take the cluster's backup lock"
	xml, err := lockXML(l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step, err)
	}
	var a answer
	for range createTries {
		a = r.run(ctx, "cibadmin", "--create", "--scope", "crm_config", "--xml-text", xml)
		if a.err != nil && !a.exists() {
			return nil, a.failure(step)
		}
		held, err := r.readLock(ctx, l.Cluster)
		if err != nil || held != nil {
			return held, err
		}
		// The one that was in the way has been freed meanwhile.
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", step, ctx.Err())
		case <-time.After(createPause):
		}
	}
	if a.err != nil {
		return nil, fmt.Errorf("%s: %w, but nobody has it; try again", step, a.err)
	}
	return nil, fmt.Errorf("%s: it was made %d times and was gone each time; who else changes the cluster's"+
		" configuration?", step, createTries)
}

// exists says that there is such an element already:
//
//	Call cib_create failed: File exists                        (2.1.5, exit status 108)
//	Call cib_create failed (-76): Name not unique on network   (1.1, exit status 76)
func (a answer) exists() bool {
	var exit *process.ExitError
	if !errors.As(a.err, &exit) {
		return false
	}
	return exit.Code == 108 || exit.Code == 76 || strings.Contains(exit.Stderr, "File exists") ||
		strings.Contains(exit.Stderr, "Name not unique")
}

func (r *reader) readLock(ctx context.Context, cluster string) (*Lock, error) {
	locks, err := r.locks(ctx)
	for _, l := range locks {
		if l.Cluster == cluster {
			return &l, err
		}
	}
	return nil, err
}

func (r *reader) locks(ctx context.Context) ([]Lock, error) {
	const step = "read the cluster's backup lock"
	a := r.run(ctx, "cibadmin", "--query", "--scope", "configuration")
	if a.err != nil {
		return nil, a.failure(step)
	}
	locks, err := parseLocks(a.out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step, err)
	}
	return locks, nil
}

// ErrNoQuorum refuses to change a lock where another partition may do otherwise.
var ErrNoQuorum = errors.New("this partition of the cluster has no quorum, and without it a lock is neither taken nor" +
	" freed")
