// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
)

// Breach is the rule of the guard for which a backup was stopped.
type Breach struct {
	Rule    string    `json:"rule"`
	Since   time.Time `json:"since"`
	Message string    `json:"message"`
	// Samples are the last ones, oldest first.
	Samples []Sample `json:"samples"`
	// Here says that the breach is about this controller, so that another one may do better.
	Here bool `json:"-"`
}

// Error has the rule, the time since which it is broken, and the measured value.
func (b *Breach) Error() string {
	return fmt.Sprintf("the guard stopped the backup (%s, since %s): %s", b.Rule, b.Since.UTC().Format(time.RFC3339),
		b.Message)
}

const (
	sampleEvery = time.Second
	// clusterEvery is longer: crm_mon costs 30 to 60 ms of a processor, and the Galera membership is read each second.
	clusterEvery = 2 * time.Second
	// endPatience is how long end waits for a call that hangs.
	endPatience = 2 * time.Second
	// keptSamples is the number of samples in a breach; the rules look back no further.
	keptSamples = 10
)

// guard watches a running backup from outside of it: the judging part never waits for anything that it observes.
type guard struct {
	limits   limits
	counters *tool.Counters
	stop     context.CancelCauseFunc // of the backup
	quit     context.CancelFunc      // of the guard
	wait     sync.WaitGroup

	open     func(context.Context) (*mariadb.Client, error)
	view     func(context.Context) (pacemaker.ClusterView, error)
	desync   func(context.Context) error // nil: never
	desynced func() bool
	stay     func(context.Context) error
	lease    func() (string, error)
	datadir  *folder
	arrivals logins.Arrivals // of the server's part of the samples

	mutex   sync.Mutex
	now     Sample // the latest answers of the sources
	history []Sample
	breach  *Breach
	last    lastSeen
	stays   bool        // the node is needed as a spare
	timer   *time.Timer // of waiting commits
	waiting time.Time   // since when they wait; zero if they do not
}

// lastSeen is the time from which the ages of a sample are counted, by the monotonic clock.
type lastSeen struct {
	server, cluster, lease time.Time
	content                string // of the lease
	read, redo             int64
	sent                   int64 // flow control; -1 before the first answer
	desync                 error // of the last try
	stay                   error // why our desync cannot be ended
}

// caught turns a panic into a breach. In a goroutine it would end the process, and nothing would be undone; and a
// backup must not continue without its guard.
func (g *guard) caught() {
	if p := recover(); p != nil {
		g.broken(&Breach{Rule: failedRule.Name, Since: time.Now(),
			Message: fmt.Sprintf("the guard itself failed: %v", p)})
	}
}

// remember takes a sample and adds it to the history.
func (g *guard) remember() Sample {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	s := g.sample()
	g.history = append(g.history, s)
	g.history = g.history[max(0, len(g.history)-keptSamples):]
	return s
}

// broken stops the backup, for the first breach only.
func (g *guard) broken(b *Breach) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.breach != nil {
		return
	}
	b.Samples = slices.Clone(g.history)
	g.breach = b
	g.stop(b)
}

// sample adds ages to the latest answers of the sources. The mutex is held.
func (g *guard) sample() Sample {
	s := g.now
	s.At = time.Now()
	s.Server.Silent = s.At.Sub(g.last.server).Seconds()
	if s.Cluster.Silent = s.At.Sub(g.last.cluster).Seconds(); g.last.cluster.IsZero() {
		s.Cluster.Silent = 0
	}
	if g.last.desync != nil {
		s.Server.DesyncError = g.last.desync.Error()
	}
	s.Server.Spare = g.stays
	if g.last.stay != nil {
		s.Server.SpareError = g.last.stay.Error()
	}
	s.LeaseAge = s.At.Sub(g.last.lease).Seconds()
	s.Tool.Stage, _, s.Tool.RedoLSN = g.counters.Stages.Now()
	flow := g.counters.Flow(s.At)
	s.Tool.ReadBytes, s.Tool.StoredBytes = flow.Read, flow.Stored
	s.Tool.Stalled, s.Tool.Closing = flow.Stalled.Seconds(), flow.Closing
	g.redo(&s)
	return s
}

// redo returns how far the tool has read the redo log. Tools from 10.8 on do not print it: they read it continuously,
// so their position is the end of the log at the time of their last output. After the locks nothing more is read.
func (g *guard) redo(s *Sample) {
	switch {
	case s.Tool.Stage == tool.Unlocked:
		s.Tool.RedoLSN = 0
	case s.Tool.RedoLSN == 0 && s.Tool.ReadBytes > 0:
		if s.Tool.ReadBytes != g.last.read {
			g.last.read, g.last.redo = s.Tool.ReadBytes, s.Server.LSN
		}
		s.Tool.RedoLSN = g.last.redo
	}
}
