// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"time"
)

// A destination that hangs, as a dead NFS server's does, answers nothing that is asked of it, and nothing can take a
// thread out of that. So whatever touches it is done by somebody who can be left behind.
//
// openTimeout is how long it may take to look at a destination and to begin a set.
const openTimeout = 30 * time.Second

// removeTimeout is how long the removal of a set may take: it must not keep the rest from being undone.
var removeTimeout = 10 * time.Second

// within waits for what cannot be interrupted, and gives up waiting after limit; it then may go on for ever.
func within[T any](limit time.Duration, what string, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := do()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(limit):
		var none T
		return none, &hangError{what, limit}
	}
}

// hangError is of a file system that does not answer.
type hangError struct {
	what  string
	limit time.Duration
}

func (e *hangError) Error() string {
	return fmt.Sprintf("%s: no answer within %s: the file system hangs", e.what, e.limit)
}

// nothing makes a function without a result one for within and abandonable.
func nothing(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}

// bounded does something to the set that may hang; it also comes back when ctx ends.
func (r *running) bounded(ctx context.Context, limit time.Duration, do func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &hangError{r.set.Folder(), limit})
	defer cancel()
	_, err := abandonable(ctx, r.set.Folder(), nothing(do))
	return err
}

// The guard sees a server that hangs, but before it watches nobody does, and the cluster's lock may be held already.
//
// readyTimeout is for all that is asked then: to catch up alone may take 30 s (repl.causal_read_timeout), the schema of
// thousands of tables as long. prepareTimeout holds queryLimit besides, four times, and lookLimit, eight times.
var (
	readyTimeout   = 3 * time.Minute
	prepareTimeout = 8 * time.Minute
)

// answering gives up on a server that does not answer within limit all that it is asked.
func answering(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	silent := fmt.Errorf("the database server has not answered all that it was asked within %s", limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, silent)
	defer cancel()
	err := ask(ctx)
	if err != nil && context.Cause(ctx) == silent {
		return elsewhere(fmt.Errorf("%w: %w", silent, err))
	}
	return err
}
