// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb"
)

// judging returns a guard of three controllers that is told what the sources answer, and the context of its backup.
func judging(t *testing.T, c Config) (*guard, context.Context) {
	t.Helper()
	ctx, stop := context.WithCancelCause(t.Context())
	c.Counters, c.Needed = &tool.Counters{}, Needed{Without: 2, With: 1}
	if c.Desynced == nil {
		c.Desynced = func() bool { return false }
	}
	c.Open = func(context.Context) (*mariadb.Client, error) { return nil, errors.New("nobody is to be asked") }
	g := newGuard(c, stop)
	g.quit = func() {}
	now := time.Now()
	g.last = lastSeen{server: now, cluster: now, lease: now, sent: -1}
	g.now = well(0)
	t.Cleanup(func() { _ = g.end(); stop(nil) })
	return g, ctx
}

// see is an answer of both sources, and a judgement. It waits for what the judgement has begun.
func (g *guard) see(ctx context.Context, change func(*Sample)) {
	g.mutex.Lock()
	g.now.Server.At, g.now.Cluster.At = time.Now(), time.Now()
	change(&g.now)
	g.mutex.Unlock()
	g.judge(ctx)
	g.wait.Wait()
}

func breachOf(ctx context.Context) string {
	if b, broken := errors.AsType[*Breach](context.Cause(ctx)); broken {
		return b.Rule + ": " + b.Message
	}
	return ""
}

// Another standby dies, and the node is needed as a spare from then on: no desync begins, and commits wait less long.
func TestALostStandbyKeepsTheNodeInService(t *testing.T) {
	called := 0
	g, ctx := judging(t, Config{
		Allowed: Allowed{MaxCommitStall: time.Minute},
		Stay:    func(context.Context) error { called++; return nil },
		Desync:  func(context.Context) error { t.Error("it was desynced"); return nil },
	})
	g.see(ctx, func(*Sample) {})
	if g.isKept() || called != 0 {
		t.Fatal("nobody is gone")
	}
	for range 3 {
		g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 2 })
	}
	if s := g.remember(); !g.isKept() || called != 1 || !s.Server.Spare || breachOf(ctx) != "" {
		t.Errorf("kept: %t, called %d times, %q", g.isKept(), called, breachOf(ctx))
	}
	g.watchQueue(ctx, &asked{open: g.open}, &pressure{threshold: -1})
	g.mutex.Lock()
	if got := g.maxStall(); got != SpareStall {
		t.Errorf("max_commit_stall is %s", got)
	}
	g.mutex.Unlock()
	for range 3 {
		g.see(ctx, func(s *Sample) { s.Server.FlowControlSent = 2 })
	}
	if said := breachOf(ctx); !strings.Contains(said, "flow_control: ") ||
		!strings.Contains(said, "needed as a spare") {
		t.Errorf("under pressure: %q", said)
	}
}

// It stays so when the standby is back: it may not have all data yet.
func TestTheNodeStaysInServiceForGood(t *testing.T) {
	g, ctx := judging(t, Config{})
	g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 2 })
	g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 3 })
	if !g.isKept() || breachOf(ctx) != "" {
		t.Errorf("kept: %t, %q", g.isKept(), breachOf(ctx))
	}
	g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 1 })
	if said := breachOf(ctx); !strings.Contains(said, "last_spare: ") {
		t.Errorf("alone: %q", said)
	}
}

// What Pacemaker says counts after two answers, as it does for the rule.
func TestADemotedStandbyCountsAfterTwoAnswers(t *testing.T) {
	g, ctx := judging(t, Config{})
	for n, want := range []bool{false, true} {
		g.see(ctx, func(s *Sample) { s.Cluster.Others = []string{"controller-0"} })
		if g.isKept() != want || breachOf(ctx) != "" {
			t.Errorf("answer %d: %t, %q", n+1, g.isKept(), breachOf(ctx))
		}
	}
}

// Our desync is ended when the node is needed; if that is not possible at once, the backup is.
func TestADesyncEndsWhenTheNodeIsNeeded(t *testing.T) {
	for name, failed := range map[string]error{"a short queue": nil,
		"a long queue": errors.New("the receive queue (900 write-sets) did not drain within 2s")} {
		t.Run(name, func(t *testing.T) {
			ours := &atomic.Bool{}
			ours.Store(true)
			g, ctx := judging(t, Config{Desynced: ours.Load, Stay: func(context.Context) error {
				ours.Store(failed != nil)
				return failed
			}})
			for range 3 {
				g.see(ctx, func(s *Sample) {
					s.Server.ClusterSize, s.Server.Desync, s.Server.Ours = 2, ours.Load(), ours.Load()
				})
			}
			said := breachOf(ctx)
			if failed == nil && said != "" || failed != nil && (!strings.Contains(said, "last_spare: ") ||
				!strings.Contains(said, failed.Error())) {
				t.Errorf("got %q", said)
			}
		})
	}
}

// The tool may hold its last locks when the other standby dies.
func TestCommitsThatWaitAlreadyWaitLessLong(t *testing.T) {
	for name, limit := range map[string]time.Duration{"a large limit": time.Hour, "no limit": 0} {
		t.Run(name, func(t *testing.T) {
			g, ctx := judging(t, Config{Allowed: Allowed{MaxCommitStall: limit}})
			g.commitsWait(true)
			begun := time.Now()
			g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 2 })
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Second):
			}
			if said := breachOf(ctx); !strings.Contains(said, "commit_stall: ") ||
				!strings.Contains(said, SpareStall.String()+" while this node is needed as a spare") {
				t.Errorf("after %s: %q", time.Since(begun), said)
			}
		})
	}
}

// Where commits do not wait, a node that becomes a spare has nothing to end.
func TestASpareWithoutLocksIsNotStopped(t *testing.T) {
	g, ctx := judging(t, Config{})
	g.commitsWait(true)
	g.commitsWait(false)
	g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 2 })
	time.Sleep(SpareStall + 200*time.Millisecond)
	if said := breachOf(ctx); strings.Contains(said, "commit_stall") {
		t.Errorf("got %q", said)
	}
}

func TestTheLongestStallOfASpare(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 100 * time.Millisecond, time.Second: SpareStall, time.Hour: SpareStall, 0: SpareStall,
	} {
		g, _ := judging(t, Config{Stays: true, Allowed: Allowed{MaxCommitStall: given}})
		if got := g.maxStall(); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}

// A defect in ending the desync is a breach, and not the end of the process.
func TestADefectWhileTheDesyncEndsIsABreach(t *testing.T) {
	g, ctx := judging(t, Config{Stay: func(context.Context) error { panic("a defect") }})
	g.see(ctx, func(s *Sample) { s.Server.ClusterSize = 2 })
	if said := breachOf(ctx); !strings.Contains(said, "guard_failed: ") {
		t.Errorf("got %q", said)
	}
}
