// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"fmt"
	"time"
)

// stallRule and failedRule are broken without samples.
var (
	stallRule = Rule{
		Name: "commit_stall", Here: true,
		Seen: "the tool kept the node from committing for longer than `max_commit_stall` (1 s)",
		Remedy: "Back up at a quieter time; raise `controller_backup_buffer`; before MariaDB 10.8 raise" +
			" `controller_backup_max_commit_stall`. If the destination stalled, no other controller is tried",
	}
	failedRule = Rule{
		Name: "guard_failed", Seen: "a bug in the guard itself", Remedy: "Report it with the whole text",
	}
)

// commitsWait is told when the tool begins and ends to keep the node from committing. This timer, and not the samples
// of every second, bounds what a client has to wait.
func (g *guard) commitsWait(begun bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	if begun && g.stall > 0 {
		since := time.Now()
		g.timer = time.AfterFunc(g.stall, func() { g.commitStall(since) })
	}
}

func (g *guard) commitStall(since time.Time) {
	defer g.caught()
	s := g.remember()
	why := "it has not come to their end"
	if s.Tool.Stalled > 0 {
		why = fmt.Sprintf("the destination %s has taken nothing for %.1f s", g.limits.path, s.Tool.Stalled)
	}
	g.broken(&Breach{Rule: stallRule.Name, Since: since, Here: s.Tool.Stalled == 0, Message: fmt.Sprintf(
		"the backup tool has kept this node from committing for %.1f s in its last locks (%s): %s; max_commit_stall is %s",
		time.Since(since).Seconds(), s.Tool.Stage, why, g.stall)})
}
