// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"time"
)

// commitsWait is called when the tool begins and ends to keep the node from committing. This timer, not the samples of
// every second, limits how long a client has to wait.
func (g *guard) commitsWait(begun bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	g.waiting = time.Time{}
	if begun {
		g.waiting = time.Now()
		g.limitStall()
	}
}

// limitStall starts the timer of commits that wait, if there is a limit. The mutex is held.
func (g *guard) limitStall() {
	since, limit := g.waiting, g.maxStall()
	if limit > 0 {
		g.timer = time.AfterFunc(limit-time.Since(since), func() { g.commitStall(since) })
	}
}

// maxStall is how long commits may wait now. The mutex is held.
func (g *guard) maxStall() time.Duration { return g.limits.CommitStall(g.stays) }

func (g *guard) commitStall(since time.Time) {
	defer g.caught()
	s := g.remember()
	why := "it has not come to their end"
	if s.Tool.Stalled > 0 {
		why = fmt.Sprintf("the destination %s has accepted no data for %.1f s", g.limits.path, s.Tool.Stalled)
	}
	g.mutex.Lock()
	limit := g.maxStall().String()
	if g.stays {
		limit += " while this node is needed as a spare"
	}
	g.mutex.Unlock()
	g.broken(&Breach{Rule: stallRule.Name, Since: since, Here: s.Tool.Stalled == 0, Message: fmt.Sprintf(
		"the backup tool has kept this node from committing for %.1f s in its last locks (%s): %s; max_commit_stall"+
			" is %s",
		time.Since(since).Seconds(), s.Tool.Stage, why, limit)})
}
