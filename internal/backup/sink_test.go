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

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/zframe"
)

// stuck is a destination that accepts nothing until it is released.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return len(p), nil }

// committing inserts rows until stop is called, which returns the longest time of a commit. 20 a second keep the redo
// log, which is part of the stream, small.
func committing(t *testing.T, s *server) (stop func() time.Duration) {
	t.Helper()
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
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

// toolThatStalls is a real backup with so much data prepended that the buffer is full when the given number of its
// bytes is left.
func toolThatStalls(t *testing.T, s *server, o *Options, rest int64) (path string) {
	t.Helper()
	const pipe = 64 << 10
	_, bytes, _ := captured(t, s)
	frames := max((bytes-rest)/zframe.Size+1, int64(tool.Blocks(0)))
	o.Buffer = frames * zframe.Size
	return fake(t, fmt.Sprintf(`head -c %d /dev/zero; exec mariadb-backup "$@"`, o.Buffer+pipe-(bytes-rest)))
}

// If the destination hangs while the tool holds its last locks, commits on the node stop for max_commit_stall, and not
// until the destination answers again.
func TestADestinationThatHangsDoesNotBlockCommits(t *testing.T) {
	s := shared(t)
	r := guarding(t, s, func(o *Options) { o.MaxCommitStall, o.AllowClients = time.Second, true })
	r.tool.Path = toolThatStalls(t, s, &r.o, 60_000)
	sink := make(stuck)
	defer close(sink)
	stop := committing(t, s)
	ctx, end := guard.Watch(t.Context(), r.guard())
	begun := time.Now()
	_, err := abandon.WhenDone(ctx, "/srv/backup", func() (zframe.Stats, error) { return copyReal(ctx, t, r, sink) })
	took := time.Since(begun)
	time.Sleep(time.Until(begun.Add(8 * time.Second)))
	worst := stop()
	var b *guard.Breach
	if !errors.As(err, &b) || b.Rule != "commit_stall" || !strings.Contains(b.Message, "has accepted no data for") ||
		!strings.Contains(err.Error(), "/srv/backup") {
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
	c, err := mariadb.Open(ctx, r.o.Login)
	if err != nil {
		return zframe.Stats{}, err
	}
	defer c.Close()
	child, err := tool.Confine(c, r.tool, r.server.Socket)
	if err != nil {
		return zframe.Stats{}, err
	}
	if _, err := tool.ShowData(ctx, c, r.tool.Place, r.server.Datadir, child.Confined); err != nil {
		return zframe.Stats{}, err
	}
	src := r.source(child, tool.PhysicalArgs(r.server.Datadir))
	src.Check = io.Discard
	r.counters.Restart()
	return src.Copy(ctx, sink, src.NewLog(&r.counters), &r.counters)
}
