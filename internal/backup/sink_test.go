// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/zframe"
)

// stuck is a destination that takes nothing until it is released.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return len(p), nil }

// committing inserts rows until stop is called, which gives the longest that one took. 20 a second keep the redo log,
// which is part of the stream, small.
func committing(t *testing.T, s *server) (stop func() time.Duration) {
	t.Helper()
	c, err := galera.Open(t.Context(), galera.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(t.Context(), "CREATE OR REPLACE TABLE nova.stall (i INT AUTO_INCREMENT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	var worst atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			begun := time.Now()
			if err := c.Exec(t.Context(), "INSERT INTO nova.stall () VALUES ()"); err != nil {
				t.Error(err)
				return
			}
			worst.Store(max(worst.Load(), int64(time.Since(begun))))
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return func() time.Duration {
		cancel()
		<-ended
		_ = c.Exec(t.Context(), "DROP TABLE nova.stall")
		_ = c.Close()
		return time.Duration(worst.Load())
	}
}

// toolThatStalls is a real backup with so much in front of it that the buffer is full when so many bytes of it are left.
func toolThatStalls(t *testing.T, s *server, o *Options, rest int64) (path string) {
	t.Helper()
	const pipe = 64 << 10
	_, bytes, _ := captured(t, s)
	frames := max((bytes-rest)/zframe.Size+1, int64(workers()+1))
	o.Buffer = frames * zframe.Size
	return fake(t, fmt.Sprintf(`head -c %d /dev/zero; exec mariadb-backup "$@"`, o.Buffer+pipe-(bytes-rest)))
}

// A destination that hangs while the tool holds its last locks stops the commits of the node for max_commit_stall, and
// not until it answers again.
func TestADestinationThatHangsDoesNotBlockCommits(t *testing.T) {
	s := shared(t)
	r := guarding(t, s, func(o *Options) { o.MaxCommitStall, o.AllowClients = time.Second, true })
	r.tool.path = toolThatStalls(t, s, &r.o, 60_000)
	sink := make(stuck)
	defer close(sink)
	stop := committing(t, s)
	ctx, end := r.watch(t.Context())
	begun := time.Now()
	_, err := abandonable(ctx, "/srv/backup", func() (zframe.Stats, error) { return copyReal(ctx, t, r, sink) })
	took := time.Since(begun)
	time.Sleep(time.Until(begun.Add(8 * time.Second)))
	worst := stop()
	var b *Breach
	if !errors.As(err, &b) || b.Rule != "commit_stall" || !strings.Contains(b.Message, "has taken nothing for") || !strings.Contains(err.Error(), "/srv/backup") {
		t.Errorf("got %v", err)
	}
	if e := end(); e != error(b) {
		t.Errorf("end says %v", e)
	}
	if worst < 900*time.Millisecond || worst > 3*time.Second {
		t.Errorf("the longest commit took %s", worst)
	}
	if took > 8*time.Second {
		t.Errorf("it came back after %s", took)
	}
	t.Logf("the longest commit took %s; the backup came back after %s", worst, took)
}

// copyReal runs the tool of a job into a sink.
func copyReal(ctx context.Context, t *testing.T, r *running, sink io.Writer) (zframe.Stats, error) {
	c, err := galera.Open(ctx, r.o.Login)
	if err != nil {
		return zframe.Stats{}, err
	}
	defer c.Close()
	child, err := r.confined(c)
	if err != nil {
		return zframe.Stats{}, err
	}
	if err := r.showData(ctx, c, child.Confined); err != nil {
		return zframe.Stats{}, err
	}
	src := source{tool: r.tool, args: physicalArgs(r.server.Datadir), child: child, check: io.Discard}
	r.counters.restart()
	to := &counting{to: pieces{to: sink, flow: &r.counters.flow}, n: &r.counters.stored}
	return copyFrom(ctx, src, to, newLog(r.o.Scrub, r.counters.stages.line), r.o, &r.counters)
}

func TestADestinationThatHangsIsLeftBehind(t *testing.T) {
	late := errors.New("stopped")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, late)
	defer cancel()
	hang := make(chan struct{})
	defer close(hang)
	begun := time.Now()
	_, err := abandonable(ctx, "/mnt/nfs", func() (int, error) { <-hang; return 1, nil })
	if !errors.Is(err, late) || !strings.Contains(err.Error(), "/mnt/nfs neither takes what is written nor fails") {
		t.Error(err)
	}
	if took := time.Since(begun); took < abandonAfter || took > abandonAfter+time.Second {
		t.Errorf("after %s", took)
	}
}

func TestWhatDoesNotHangIsWaitedFor(t *testing.T) {
	n, err := abandonable(t.Context(), "/", func() (int, error) { return 7, nil })
	if n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	own := errors.New("its own")
	if _, err := abandonable(ctx, "/", func() (int, error) { time.Sleep(50 * time.Millisecond); return 0, own }); !errors.Is(err, own) {
		t.Error(err)
	}
	if _, err := abandonable(t.Context(), "/", func() (int, error) { panic("inside") }); err == nil || !strings.Contains(err.Error(), "panic: inside") {
		t.Error(err)
	}
}

func TestAStallIsCountedFromTheLastByte(t *testing.T) {
	now := time.Now()
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	for name, tt := range map[string]struct {
		stored, full, closing int // seconds ago
		want                  int
	}{
		"the buffer has room":          {90, 0, 0, 0},
		"full, and nothing since":      {90, 70, 0, 70},
		"full, but it moves":           {2, 70, 0, 2},
		"full from the beginning":      {0, 70, 0, 70},
		"the tool has ended":           {90, 0, 80, 80},
		"it has ended, the rest moves": {1, 0, 80, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flow{}
			for _, set := range []struct {
				at *time.Time
				s  int
			}{{&f.stored, tt.stored}, {&f.full, tt.full}, {&f.closing, tt.closing}} {
				if set.s > 0 {
					*set.at = ago(set.s)
				}
			}
			got, closing := f.stalled(now)
			if got != time.Duration(tt.want)*time.Second || closing != (tt.closing > 0) {
				t.Errorf("%s, %t", got, closing)
			}
		})
	}
}
