// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"

	"overcloud.backup/internal/condition"
)

// spareTimeout is how long ending our desync may take, its wait for the receive queue included.
const spareTimeout = 2 * serverSilence

var errSpare = errors.New("it is needed as a spare, and therefore not desynced")

// needs are the findings from which on the node is needed as a spare: one standby less than before is left, and with
// this node there are still enough. They have the tolerance of last_spare.
var needs = []Rule{
	{times: 1, from: ofServer, see: func(s Sample, l limits) string {
		return l.needed(condition.FewMembers(s.Server.ClusterSize-1, l.Without),
			condition.FewMembers(s.Server.ClusterSize-1, l.With))
	}},
	{times: 2, from: ofCluster, see: func(s Sample, l limits) string {
		if !s.Cluster.Present {
			return ""
		}
		return l.needed(condition.FewPromoted(s.Cluster.Others, l.Without),
			condition.FewPromoted(s.Cluster.Others, l.With))
	}},
}

// needed returns without, why too few can serve without this node, unless they are too few with it as well.
func (l limits) needed(without, with string) string {
	if with != "" {
		return ""
	}
	return without
}

// isSpare reports that the others alone are too few since a history's last samples.
func isSpare(history []Sample, l limits) bool {
	for _, r := range needs {
		if r.judge(history, l) != nil {
			return true
		}
	}
	return false
}

// isKept reports whether the node must stay in service.
func (g *guard) isKept() bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.stays
}

// keepInService turns the backup into one of a node that is needed as a spare, for good: no desync begins, and commits
// wait less long, also those that wait already. The mutex is held.
func (g *guard) keepInService() {
	g.stays = true
	g.last.desync = errSpare
	ended := g.timer != nil && !g.timer.Stop()
	if !g.waiting.IsZero() && !ended {
		g.limitStall()
	}
}

// endDesync ends our desync, if there is one.
func (g *guard) endDesync(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, spareTimeout)
	defer cancel()
	err := g.stay(ctx)
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.last.stay = err
}
