// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"sync"
	"time"
)

// phases measures how long each step takes. It may be read while it is written.
type phases struct {
	mutex     sync.Mutex
	name      string
	since     time.Time
	durations map[string]time.Duration
}

func (p *phases) begin(name string) {
	p.end()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.name, p.since = name, time.Now()
}

func (p *phases) end() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.durations == nil {
		p.durations = map[string]time.Duration{}
	}
	if !p.since.IsZero() {
		p.durations[p.name] += time.Since(p.since)
	}
	p.since = time.Time{}
}

// all returns the durations of the phases that have ended, in seconds.
func (p *phases) all() map[string]float64 {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	m := map[string]float64{}
	for name, d := range p.durations {
		m[name] = rounded(d)
	}
	return m
}

// rounded returns seconds, rounded to the millisecond.
func rounded(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

func (p *phases) current() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.name
}
