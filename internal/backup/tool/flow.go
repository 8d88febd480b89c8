// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"io"
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
