// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"sync"
	"time"
)

const reportEvery = 5 * time.Second

// report calls Progress periodically until stop is called.
func (r *running) report() (stop func()) {
	if r.o.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(reportEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				r.o.Progress(r.progress())
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

func (r *running) progress() Progress {
	flow := r.counters.Flow(time.Now())
	return Progress{
		Phase: r.phases.current(), ReadBytes: flow.Read, StoredBytes: flow.Stored,
		ExpectedBytes: r.plan.Space.Raw, Elapsed: rounded(time.Since(r.began)),
	}
}
