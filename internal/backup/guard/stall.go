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
	if begun && g.limits.MaxCommitStall > 0 {
		since := time.Now()
		g.timer = time.AfterFunc(g.limits.MaxCommitStall, func() { g.commitStall(since) })
	}
}

func (g *guard) commitStall(since time.Time) {
	defer g.caught()
	s := g.remember()
	why := "it has not come to their end"
	if s.Tool.Stalled > 0 {
		why = fmt.Sprintf("the destination %s has accepted no data for %.1f s", g.limits.path, s.Tool.Stalled)
	}
	g.broken(&Breach{Rule: stallRule.Name, Since: since, Here: s.Tool.Stalled == 0, Message: fmt.Sprintf(
		"the backup tool has kept this node from committing for %.1f s in its last locks (%s): %s; max_commit_stall"+
			" is %s",
		time.Since(since).Seconds(), s.Tool.Stage, why, g.limits.MaxCommitStall)})
}
