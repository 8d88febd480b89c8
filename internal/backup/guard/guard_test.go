// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/tests/node"
)

// watching returns a guard's inputs for a server that does nothing.
func watching(t *testing.T, s *node.Server, change func(*Config)) Config {
	t.Helper()
	destination := t.TempDir()
	open := func(ctx context.Context) (*mariadb.Client, error) { return mariadb.Open(ctx, s.Login()) }
	c := Config{
		Destination: destination, Set: destination, Datadir: s.Data, Counters: &tool.Counters{}, Open: open,
		View:     pacemaker.View,
		Desynced: func() bool { return false },
	}
	if change != nil {
		change(&c)
	}
	return c
}

// breached waits for the breach of a context, up to the given time.
func breached(t *testing.T, ctx context.Context, limit time.Duration) *Breach {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(limit):
		t.Fatal("no rule was broken within", limit)
	}
	var b *Breach
	if !errors.As(context.Cause(ctx), &b) {
		t.Fatal(context.Cause(ctx))
	}
	if len(b.Samples) == 0 || len(b.Samples) > keptSamples {
		t.Errorf("%d samples", len(b.Samples))
	}
	return b
}

func TestTheGuardSeesASoundServer(t *testing.T) {
	watched := watching(t, node.Shared(t), nil)
	ctx, stop := context.WithCancelCause(t.Context())
	g := newGuard(watched, stop)
	g.start(ctx, watched.Destination)
	time.Sleep(2500 * time.Millisecond)
	if err := ctx.Err(); err != nil {
		t.Fatal(context.Cause(ctx))
	}
	s := g.remember()
	if w := s.Server; w.ClusterStatus != galera.ClusterPrimary || w.State != galera.StateSynced || !w.Ready ||
		w.ClusterSize != 1 || w.Silent > 2 || w.LSN == 0 || w.Error != "" {
		t.Errorf("server %+v", w)
	}
	if s.Tool.FreeDestination < 1<<20 || s.Tool.FreeDatadir < 1<<20 || s.Cluster.Present != pacemaker.Present() ||
		s.Cluster.Silent > 2 {
		t.Errorf("%+v", s)
	}
	if g.limits.redo != 8<<20 || g.limits.datadir == 0 || g.limits.destination == 0 {
		t.Errorf("limits %+v", g.limits)
	}
	if err := g.end(); err != nil || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

func TestClientsThatArriveAreABreach(t *testing.T) {
	s := node.Shared(t)
	if _, err := s.SQL("CREATE USER IF NOT EXISTS nova@localhost; GRANT USAGE ON *.* TO nova@localhost"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.SQL("KILL HARD USER nova@localhost; DROP USER nova@localhost; DO SLEEP(0.5)")
	})
	ctx, end := Watch(t.Context(), watching(t, s, nil))
	client := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "-unova", "-e", "SELECT SLEEP(20)")
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Process.Kill(); _ = client.Wait() })
	b := breached(t, ctx, 6*time.Second)
	if b.Rule != "clients" || !strings.Contains(b.Message, "1 of nova from localhost") {
		t.Error(b)
	}
	if err := end(); err != error(b) {
		t.Errorf("end says %v", err)
	}
}

// A desync by somebody else is noticed although crm_mon and the destination hang, and is left alone.
func TestAnOperatorsDesyncIsABreach(t *testing.T) {
	s := node.Shared(t)
	watched := watching(t, s, nil)
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	hang := func(context.Context) (pacemaker.ClusterView, error) { <-released; return pacemaker.ClusterView{}, nil }
	ctx, stop := context.WithCancelCause(t.Context())
	g := newGuard(watched, stop)
	g.view = hang
	g.start(ctx, watched.Destination)
	if _, err := s.SQL("SET GLOBAL wsrep_desync=ON"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("SET GLOBAL wsrep_desync=OFF") })
	if b := breached(t, ctx, 5*time.Second); b.Rule != "foreign_desync" {
		t.Error(b)
	}
	begun := time.Now()
	_ = g.end()
	if took := time.Since(begun); took > endPatience+time.Second {
		t.Errorf("the end took %s", took)
	}
	if on, err := s.SQL("SELECT @@wsrep_desync"); err != nil || on != "1" {
		t.Errorf("wsrep_desync is %q, %v", on, err)
	}
}

func TestAServerThatHangsIsABreach(t *testing.T) {
	s := node.Shared(t)
	ctx, end := Watch(t.Context(), watching(t, s, nil))
	_ = syscall.Kill(s.PID(), syscall.SIGSTOP)
	defer func() { _ = syscall.Kill(s.PID(), syscall.SIGCONT) }()
	begun := time.Now()
	if b := breached(t, ctx, 10*time.Second); b.Rule != "server_silent" || b.Since.Before(begun.Add(-2*time.Second)) {
		t.Error(b)
	}
	if took := time.Since(begun); took < 3*time.Second {
		t.Errorf("after %s only", took)
	}
	begun = time.Now()
	if end() == nil || time.Since(begun) > endPatience+time.Second {
		t.Errorf("the end took %s", time.Since(begun))
	}
}

// A lost connection is not a lost server.
func TestTheGuardConnectsAgain(t *testing.T) {
	s := node.Shared(t)
	ctx, end := Watch(t.Context(), watching(t, s, nil))
	time.Sleep(500 * time.Millisecond)
	ids, err := s.SQL("SELECT id FROM information_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID()")
	if err != nil || ids == "" {
		t.Fatalf("%q, %v", ids, err)
	}
	for id := range strings.FieldsSeq(ids) {
		_, _ = s.SQL("KILL " + id)
	}
	time.Sleep(6500 * time.Millisecond)
	if ctx.Err() != nil {
		t.Error(context.Cause(ctx))
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestALeaseThatIsNotRenewedIsABreach(t *testing.T) {
	s := node.Shared(t)
	for name, stop := range map[string]bool{"stop": true, "continue": false} {
		t.Run(name, func(t *testing.T) {
			ctx, end := Watch(t.Context(), watching(t, s, func(c *Config) {
				c.Lease = func() (string, error) { return "once", nil }
				if stop {
					c.LeaseTimeout = 2 * time.Second
				}
			}))
			if stop {
				if b := breached(t, ctx, 5*time.Second); b.Rule != "lease_lost" || b.Here {
					t.Error(b)
				}
				return
			}
			time.Sleep(3500 * time.Millisecond)
			if err := end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A node without a cluster has no queue: the answers are real, and the threshold is below them.
func TestAQueueThatGrowsDesyncsOnce(t *testing.T) {
	s := node.Shared(t)
	desynced := &atomic.Bool{}
	over := false
	watched := watching(t, s, func(c *Config) {
		c.Desynced = desynced.Load
		c.Desync = func(context.Context) error {
			if over {
				return errors.New("the backup ends")
			}
			desynced.Store(true)
			_, err := s.SQL("SET GLOBAL wsrep_desync=ON")
			return err
		}
	})
	ctx, stop := context.WithCancelCause(t.Context())
	g := newGuard(watched, stop)
	g.counters.Stages.Enter(tool.BlockDDL)
	pressed := &pressure{threshold: -1}
	queue := &asked{open: g.open}
	defer queue.close()
	look := func() string {
		t.Helper()
		g.watchQueue(ctx, queue, pressed)
		on, err := s.SQL("SELECT @@wsrep_desync")
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	if look() != "0" {
		t.Error("the tool's own pause desynced the node")
	}
	g.counters.Stages.Enter(tool.Flush)
	if look() != "1" || !desynced.Load() {
		t.Error("the node is not desynced")
	}
	if look() != "1" || g.remember().Server.DesyncError != "" {
		t.Error("called again it is")
	}
	over = true
	desynced.Store(false)
	if _, err := s.SQL("SET GLOBAL wsrep_desync=OFF"); err != nil {
		t.Error(err)
	}
	pressed.retry = time.Time{}
	if look() != "0" || g.remember().Server.DesyncError == "" {
		t.Error("it was desynced after the end")
	}
}

func TestThePressureOnTheWriters(t *testing.T) {
	for name, tt := range map[string]struct {
		queue []int
		sent  []int64
		want  string
	}{
		"an empty queue":                 {[]int{0, 0, 0}, []int64{5, 5, 5}, "..."},
		"below":                          {[]int{6, 6, 6}, []int64{0, 0, 0}, "..."},
		"it grows":                       {[]int{0, 6, 7}, []int64{0, 0, 0}, "..!"},
		"flow control before the backup": {[]int{0, 0}, []int64{9, 9}, ".."},
		"flow control during the backup": {[]int{0, 0, 0}, []int64{9, 10, 10}, ".!."},
	} {
		p, got := &pressure{threshold: 7}, ""
		for i := range tt.queue {
			got += map[bool]string{false: ".", true: "!"}[p.reached(tt.queue[i], tt.sent[i])]
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestTheQueueThatIsAQuarterOfFlowControl(t *testing.T) {
	for name, tt := range map[string]struct {
		options map[string]string
		nodes   int
		want    int
	}{
		"three nodes":     {map[string]string{"gcs.fc_limit": "16", "gcs.fc_single_primary": "no"}, 3, 6},
		"TripleO":         {map[string]string{"gcs.fc_limit": "100"}, 3, 43},
		"one that writes": {map[string]string{"gcs.fc_limit": "16", "gcs.fc_master_slave": "yes"}, 3, 4},
		"unknown":         {nil, 3, 6},
		"tiny":            {map[string]string{"gcs.fc_limit": "1"}, 1, 2},
	} {
		if got := queueThreshold(galera.Wsrep{ProviderOptions: tt.options, ClusterSize: tt.nodes}); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
