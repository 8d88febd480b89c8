// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"fmt"

	"overcloud.backup/internal/excerpt"
)

// Compare fills in NewSessions of the later sample: the sessions that came since the earlier one. All sessions of a
// server or proxy that the earlier sample lacks are new. The error says that a counter went back, because HAProxy was
// restarted or its counters were cleared: then there is nothing to compare, and NewSessions stays 0.
func Compare(earlier, later []Proxy) error {
	before := map[string]int64{}
	for i := range earlier {
		earlier[i].counters(func(key string, stot int64, _ *int64) { before[key] = stot })
	}
	var back error
	for i := range later {
		later[i].counters(func(key string, stot int64, _ *int64) {
			if back == nil && stot < before[key] {
				back = fmt.Errorf("the sessions of %q went back from %d to %d between the samples", excerpt.Of(key),
					before[key],
					stot)
			}
		})
	}
	if back != nil {
		return back
	}
	for i := range later {
		later[i].counters(func(key string, stot int64, fresh *int64) { *fresh = stot - before[key] })
	}
	return nil
}

// counters visits every counter of sessions: its key, its value and where the difference goes.
func (p *Proxy) counters(visit func(key string, stot int64, fresh *int64)) {
	if s := p.Frontend; s != nil {
		visit(p.Name+"/FRONTEND", s.TotalSessions, &s.NewSessions)
	}
	if s := p.Backend; s != nil {
		visit(p.Name+"/BACKEND", s.TotalSessions, &s.NewSessions)
	}
	for i := range p.Servers {
		s := &p.Servers[i]
		visit(fmt.Sprintf("%s/%s#%d", p.Name, s.Name, s.ID), s.TotalSessions, &s.NewSessions)
	}
}
