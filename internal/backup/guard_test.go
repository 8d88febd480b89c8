// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
)

// guarding is a job that has begun and does nothing but be watched.
func guarding(t *testing.T, s *server, change func(*Options)) *running {
	t.Helper()
	r, dir, abort, err := s.job(t, change).open(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = abort(); _ = dir.Close() })
	r.undone = func() error { return nil }
	r.desync = r.newDesync()
	return r
}

// breached waits for the breach of a context, at most so long.
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
	r := guarding(t, shared(t), nil)
	ctx, stop := context.WithCancelCause(t.Context())
	g := r.newGuard(stop)
	g.start(ctx, r.o.Destination)
	time.Sleep(2500 * time.Millisecond)
	if err := ctx.Err(); err != nil {
		t.Fatal(context.Cause(ctx))
	}
	s := g.remember()
	if w := s.Server; w.ClusterStatus != galera.ClusterPrimary || w.State != galera.StateSynced || !w.Ready || w.ClusterSize != 1 || w.Silent > 2 || w.LSN == 0 || w.Error != "" {
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
	s := shared(t)
	if _, err := s.SQL("CREATE USER IF NOT EXISTS nova@localhost; GRANT USAGE ON *.* TO nova@localhost"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.SQL("KILL HARD USER nova@localhost; DROP USER nova@localhost; DO SLEEP(0.5)")
	})
	ctx, end := guarding(t, s, nil).watch(t.Context())
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

// What somebody else desyncs is seen although crm_mon and the destination hang, and stays as it is.
func TestAnOperatorsDesyncIsABreach(t *testing.T) {
	s := shared(t)
	r := guarding(t, s, nil)
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	hang := func(context.Context) (pacemaker.ClusterView, error) { <-released; return pacemaker.ClusterView{}, nil }
	ctx, stop := context.WithCancelCause(t.Context())
	g := r.newGuard(stop)
	g.view = hang
	g.start(ctx, r.o.Destination)
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

// Before the guard watches, a server that hangs must not keep the job, and with it the cluster's lock, for hours.
func TestAServerThatHangsBeforeTheGuardWatchesEndsTheBackup(t *testing.T) {
	s := shared(t)
	c := s.client(t)
	r := guarding(t, s, nil)
	_ = syscall.Kill(s.PID(), syscall.SIGSTOP)
	defer func() { _ = syscall.Kill(s.PID(), syscall.SIGCONT) }()
	begun := time.Now()
	err := answering(t.Context(), time.Second, func(ctx context.Context) error { return r.ready(ctx, c) })
	if took := time.Since(begun); err == nil || took > 5*time.Second || !strings.Contains(err.Error(), "asked within 1s") || !Elsewhere(err) {
		t.Errorf("after %s: %v", took, err)
	}
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("cancelled"))
	if err := answering(ended, time.Second, func(ctx context.Context) error { return context.Cause(ctx) }); err == nil || err.Error() != "cancelled" {
		t.Errorf("a cancelled job: %v", err)
	}
}

func TestAServerThatHangsIsABreach(t *testing.T) {
	s := shared(t)
	ctx, end := guarding(t, s, nil).watch(t.Context())
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

// A lost connection is no lost server.
func TestTheGuardConnectsAgain(t *testing.T) {
	s := shared(t)
	ctx, end := guarding(t, s, nil).watch(t.Context())
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
	s := shared(t)
	for name, stop := range map[string]bool{"stop": true, "continue": false} {
		t.Run(name, func(t *testing.T) {
			ctx, end := guarding(t, s, func(o *Options) {
				o.StopOnLostCaller, o.LeaseTimeout, o.Lease = stop, 2*time.Second, func() (string, error) { return "once", nil }
			}).watch(t.Context())
			if stop {
				if b := breached(t, ctx, 5*time.Second); b.Rule != "lease_lost" || Elsewhere(b) {
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

func TestTheWholeRunTellsTheBreach(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	j.tool.path = fake(t, `sleep 1; mariadb --no-defaults --socket=`+s.Socket+` -e "SET GLOBAL wsrep_desync=OFF"; sleep 600`)
	file := filepath.Join(t.TempDir(), "x")
	j.o.StopOnLostCaller, j.o.LeaseTimeout, j.o.Lease = true, 2*time.Second, func() (string, error) { return file, nil }
	_, err := j.Run(t.Context())
	var b *Breach
	if !errors.As(err, &b) || b.Rule != "lease_lost" {
		t.Errorf("got %v", err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
	if on, err := s.SQL("SELECT @@wsrep_desync"); err != nil || on != "0" {
		t.Errorf("wsrep_desync is %q, %v", on, err)
	}
}

// A node that is alone has no queue: the answers are real, and the threshold is below what they say.
func TestAQueueThatGrowsDesyncsOnce(t *testing.T) {
	s := shared(t)
	r := guarding(t, s, func(o *Options) { o.Desync = DesyncAuto })
	ctx, stop := context.WithCancelCause(t.Context())
	g := r.newGuard(stop)
	g.counters.stages.enter(BlockDDL)
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
	g.counters.stages.enter(Flush)
	if look() != "1" || !r.desynced() {
		t.Error("the node is not desynced")
	}
	if look() != "1" || g.remember().Server.DesyncError != "" {
		t.Error("called again it is")
	}
	if _, err := r.desync.end(); err != nil {
		t.Error(err)
	}
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
		"an empty queue":           {[]int{0, 0, 0}, []int64{5, 5, 5}, "..."},
		"below":                    {[]int{6, 6, 6}, []int64{0, 0, 0}, "..."},
		"it grows":                 {[]int{0, 6, 7}, []int64{0, 0, 0}, "..!"},
		"flow control before us":   {[]int{0, 0}, []int64{9, 9}, ".."},
		"flow control while we do": {[]int{0, 0, 0}, []int64{9, 10, 10}, ".!."},
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
