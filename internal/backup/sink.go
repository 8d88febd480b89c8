// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"
)

// flow is how a tool's output moves to the destination. It is read while it is written.
type flow struct {
	mutex   sync.Mutex
	stored  time.Time // when the destination last took something
	full    time.Time // since when the tool waits for the destination; zero when it does not
	closing time.Time // since when the tool has ended and the destination has not
}

func (f *flow) moved() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.stored = time.Now()
}

func (f *flow) waits(on bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.full = (time.Time{}); on {
		f.full = time.Now()
	}
}

func (f *flow) close() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.closing = time.Now()
}

func (f *flow) reset() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.stored, f.full, f.closing = time.Time{}, time.Time{}, time.Time{}
}

// stalled is for how long somebody has waited for a destination that took nothing.
func (f *flow) stalled(now time.Time) (long time.Duration, closing bool) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	since := f.full
	if !f.closing.IsZero() {
		since, closing = f.closing, true
	}
	if since.IsZero() {
		return 0, closing
	}
	if f.stored.After(since) {
		since = f.stored
	}
	return now.Sub(since), closing
}

// piece is how much is given to the destination at once, so that a slow one is seen to move.
const piece = 256 << 10

// pieces writes to a destination, and notes each piece that it took.
type pieces struct {
	to   io.Writer
	flow *flow
}

func (w pieces) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = w.to.Write(p[n:min(n+piece, len(p))])
		n += k
		w.flow.moved()
	}
	return n, err
}

// abandonAfter is how long a destination may take to come back after the backup was stopped and the tool killed.
const abandonAfter = 3 * time.Second

// abandonable runs what may hang for ever in the kernel, as a write to a dead NFS server does. When ctx ends and it does
// not come back it is left behind, with its goroutine, its buffer and its open files, until this process ends or the
// destination answers: nothing can take a thread out of such a write, and what is to be undone must not wait for it.
func abandonable[T any](ctx context.Context, where string, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			done <- o
		}()
		o.value, o.err = do()
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(abandonAfter):
		var none T
		return none, fmt.Errorf("the backup was stopped, and %s neither takes what is written nor fails, so the write was left behind: %w", where, context.Cause(ctx))
	}
}
