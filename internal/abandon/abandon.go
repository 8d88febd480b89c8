// SPDX-License-Identifier: GPL-3.0-or-later

// Package abandon runs calls that may hang in the kernel forever, such as any access to a dead NFS server's file
// system. Nothing can take a thread out of such a call, so the caller stops waiting and leaves it behind, with its
// goroutine, its buffers and its open files, until this process ends or the file system answers.
package abandon

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Patience is how long a call may take to return after its context has ended.
const Patience = 3 * time.Second

// HangError reports a file system that does not answer.
type HangError struct {
	What  string
	Limit time.Duration
}

// Error names the call that hangs and its time limit.
func (e *HangError) Error() string {
	return fmt.Sprintf("%s: no answer within %s: the file system hangs", e.What, e.Limit)
}

type outcome[T any] struct {
	value T
	err   error
}

// start runs do in a goroutine of its own. A panic becomes an error: in a goroutine it would end the process, and
// nothing would be undone.
func start[T any](do func() (T, error)) <-chan outcome[T] {
	done := make(chan outcome[T], 1)
	go func() {
		var o outcome[T]
		defer func() {
			if p := recover(); p != nil {
				o.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			done <- o
		}()
		o.value, o.err = do()
	}()
	return done
}

// After runs do and stops waiting for it after limit, with a *HangError that names what was to be done.
func After[T any](limit time.Duration, what string, do func() (T, error)) (T, error) {
	select {
	case o := <-start(do):
		return o.value, o.err
	case <-time.After(limit):
		var none T
		return none, &HangError{what, limit}
	}
}

// WhenDone runs do and waits for it. If ctx ends and do does not return within Patience, it is left behind. where names
// the file system for people.
func WhenDone[T any](ctx context.Context, where string, do func() (T, error)) (T, error) {
	done := start(do)
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(Patience):
		var none T
		return none, fmt.Errorf("the backup was stopped, and %s neither accepts what is written nor fails, so the "+
			"write was left behind: %w",
			where, context.Cause(ctx))
	}
}

// Either is WhenDone with a limit: it also ends after limit, with a *HangError as the cause.
func Either(ctx context.Context, limit time.Duration, where string, do func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &HangError{where, limit})
	defer cancel()
	_, err := WhenDone(ctx, where, Action(do))
	return err
}

// Action makes a function without a result one for After and WhenDone.
func Action(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}
