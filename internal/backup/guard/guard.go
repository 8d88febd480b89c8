// SPDX-License-Identifier: GPL-3.0-or-later

// Package guard watches a running backup from outside, and stops it if a rule is broken: clients come, the node leaves
// its cluster, writers are held up, room runs out. The judging part never waits for anything that the guard observes.
package guard

import (
	"context"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/stores"
)

// Config says what a guard watches, and what it allows.
type Config struct {
	Allowed
	Needed
	// Stays says that the node is needed as a spare, and stays in service from the beginning. Stay is called once if it
	// becomes needed meanwhile: it ends our desync, and lets none begin; its error is why that is not possible.
	Stays bool
	Stay  func(context.Context) error
	// Lease returns a text that changes whenever the caller renews it; nil disables the check.
	Lease func() (string, error)
	// Destination is the folder whose space is watched, Set the folder of the set, for messages.
	Destination, Set string
	// Datadir is the server's datadir, seen from Place, where the server runs.
	Datadir string
	Place   process.Place
	// Counters are those of the tool.
	Counters *tool.Counters
	// Open connects to the server, View asks Pacemaker.
	Open func(context.Context) (*mariadb.Client, error)
	View func(context.Context) (pacemaker.ClusterView, error)
	// Desynced reports whether wsrep_desync is ON because of us. Desync sets it to ON; nil never does.
	Desynced func() bool
	Desync   func(context.Context) error
}

// Watch starts a guard. The context that it returns ends with a *Breach if a rule is broken; the function ends the
// guard and returns the breach, if there is one. The server is reached once before Watch returns.
func Watch(ctx context.Context, c Config) (context.Context, func() error) {
	ctx, stop := context.WithCancelCause(ctx)
	g := newGuard(c, stop)
	g.start(ctx, c.Destination)
	return ctx, func() error {
		defer stop(nil)
		return g.end()
	}
}

func newGuard(c Config, stop context.CancelCauseFunc) *guard {
	if c.Lease == nil {
		c.LeaseTimeout = 0 // nobody renews it
	}
	return &guard{
		limits: limits{Allowed: c.Allowed, Needed: c.Needed, path: c.Set}, stays: c.Stays, stay: c.Stay,
		stop: stop, counters: c.Counters, open: c.Open, view: c.View, desynced: c.Desynced, lease: c.Lease,
		datadir: &folder{at: c.Place, path: c.Datadir}, desync: c.Desync,
	}
}

func (g *guard) start(ctx context.Context, destination string) {
	now := time.Now()
	g.last = lastSeen{server: now, cluster: now, lease: now, sent: -1}
	if g.stays {
		g.last.desync = errSpare
	}
	g.now.Tool.FreeDestination, g.now.Tool.FreeDatadir = -1, -1
	g.now.Cluster.Others, g.now.Cluster.Unfit = []string{}, []string{}
	g.now.Server.Sessions, g.now.Server.Visits = []galera.Session{}, []logins.Visits{}
	ctx, g.quit = context.WithCancel(ctx)
	server := &asked{open: g.open}
	g.askServer(ctx, server)
	g.counters.Stages.Watch(g.commitsWait)
	g.loop(ctx, sampleEvery, func() { g.askServer(ctx, server) }, server.close)
	g.loop(ctx, clusterEvery, func() { g.askCluster(ctx) }, nil)
	room := func() (int64, error) { n, _, err := stores.Free(destination); return n, err }
	g.loop(ctx, sampleEvery, g.space(room, &g.limits.destination, destinationFloor, &g.now.Tool.FreeDestination), nil)
	g.loop(ctx, sampleEvery, g.space(g.datadir.free, &g.limits.datadir, datadirFloor, &g.now.Tool.FreeDatadir),
		g.datadir.close)
	g.loop(ctx, sampleEvery, func() { g.judge(ctx) }, nil)
	if g.desync != nil {
		queue := &asked{open: g.open}
		pressed := &pressure{}
		g.loop(ctx, queueEvery, func() { g.watchQueue(ctx, queue, pressed) }, queue.close)
	}
}

// loop calls a function now and at every tick until the guard ends. A call that hangs misses ticks, and delays no other
// loop.
func (g *guard) loop(ctx context.Context, every time.Duration, do, last func()) {
	g.wait.Go(func() {
		defer g.caught()
		if last != nil {
			defer last()
		}
		tick := time.NewTicker(every)
		defer tick.Stop()
		for ctx.Err() == nil {
			do()
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
}

// end stops the guard. Calls that hang, such as statfs of a dead NFS server, are left behind.
func (g *guard) end() error {
	g.quit()
	g.counters.Stages.Watch(nil)
	g.commitsWait(false)
	ended := make(chan struct{})
	go func() { g.wait.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(endPatience):
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.breach == nil {
		return nil
	}
	return g.breach
}

// judge takes a sample of what is known and judges it.
func (g *guard) judge(ctx context.Context) {
	g.renewed()
	g.remember()
	g.mutex.Lock()
	b := judge(g.history, g.limits)
	turns := b == nil && !g.stays && isSpare(g.history, g.limits)
	if turns {
		g.keepInService()
	}
	g.mutex.Unlock()
	if b != nil {
		g.broken(b)
	}
	if turns && g.stay != nil {
		g.wait.Go(func() {
			defer g.caught()
			g.endDesync(ctx)
		})
	}
}
