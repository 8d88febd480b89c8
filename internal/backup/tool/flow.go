// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"io"
	"sync"
	"time"
)

// flow reports how a tool's output moves to the destination. It may be read while it is written.
type flow struct {
	mutex   sync.Mutex
	stored  time.Time // when the destination last accepted data
	full    time.Time // since when the tool waits for the destination; zero if it does not
	closing time.Time // since when the destination has not ended although the tool has
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

// stalled returns how long the tool has waited for a destination that accepted nothing.
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

// piece is how much is passed to the destination at once, so that a slow one is seen to move.
const piece = 256 << 10

// pieces writes to a destination, and records each piece that it accepted.
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
