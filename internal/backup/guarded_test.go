// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/clustercheck"
)

// guarding returns a job that has begun and does nothing while the guard watches it.
func guarding(t *testing.T, s *server, change func(*Options)) *running {
	t.Helper()
	r, err := s.job(t, change).begin(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.set.Abort(); _ = r.set.Close() })
	r.desync = effect.NewDesync(r.open, r.o.DrainTimeout, clustercheck.Wait(""), r.notes)
	return r
}

// Before the guard watches, a server that hangs must not keep the job, and with it the cluster's lock, for hours.
func TestAServerThatHangsBeforeTheGuardWatchesEndsTheBackup(t *testing.T) {
	s := shared(t)
	c := s.Client(t)
	r := guarding(t, s, nil)
	_ = syscall.Kill(s.PID(), syscall.SIGSTOP)
	defer func() { _ = syscall.Kill(s.PID(), syscall.SIGCONT) }()
	begun := time.Now()
	err := answering(t.Context(), time.Second, func(ctx context.Context) error { return r.ready(ctx, c) })
	if took := time.Since(begun); err == nil || took > 5*time.Second ||
		!strings.Contains(err.Error(), "asked within 1s") || !TryAnother(err) {
		t.Errorf("after %s: %v", took, err)
	}
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("cancelled"))
	if err := answering(ended, time.Second,
		func(ctx context.Context) error { return context.Cause(ctx) }); err == nil || err.Error() != "cancelled" {
		t.Errorf("a cancelled job: %v", err)
	}
}

func TestTheRunReportsTheBreach(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	j.tool.Path = fake(t, `sleep 1; mariadb --no-defaults --socket=`+s.Socket+
		` -e "SET GLOBAL wsrep_desync=OFF"; sleep 600`)
	file := filepath.Join(t.TempDir(), "x")
	j.o.StopOnLostCaller, j.o.LeaseTimeout, j.o.Lease = true, 2*time.Second, func() (string, error) { return file, nil }
	_, err := j.Run(t.Context())
	var b *guard.Breach
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
