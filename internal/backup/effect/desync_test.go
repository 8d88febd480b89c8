// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/node"
)

// desyncOf returns the desync of a server; noted counts the open entries in the journal.
func desyncOf(t *testing.T, s *node.Server) (d *Desync, noted *int) {
	t.Helper()
	noted = new(int)
	return &Desync{
		open: func(ctx context.Context) (*mariadb.Client, error) {
			return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
		},
		drain: time.Minute, up: func(context.Context, galera.Wsrep) (string, error) { return "Synced", nil },
		will: func(desyncUndo) (func() error, error) { *noted++; return func() error { *noted--; return nil }, nil },
	}, noted
}

// begun desyncs, and returns a connection of its own, which the desync's end closes.
func begun(t *testing.T, d *Desync) *mariadb.Client {
	t.Helper()
	c, err := d.open(t.Context())
	if err == nil {
		err = d.Begin(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestADesyncBeginsOnceAndEndsOnce(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	c := begun(t, d)
	if err := d.Begin(t.Context(), c); err != nil || *noted != 1 || !d.On() || s.Desync(t) != "1" {
		t.Errorf("%v, noted %d", err, *noted)
	}
	for n, want := range []string{"then OFF; Synced", "not changed"} {
		if said, err := d.End(); err != nil || !strings.Contains(said, want) || *noted != 0 || d.On() ||
			s.Desync(t) != "0" {
			t.Errorf("end %d: %q, %v, noted %d", n, said, err, *noted)
		}
	}
	c, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := d.Begin(t.Context(), c); err == nil || *noted != 0 || s.Desync(t) != "0" {
		t.Errorf("after the end: %v", err)
	}
}

func TestSomebodyElsesDesyncIsNeitherNotedNorUndone(t *testing.T) {
	s := node.Shared(t)
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	d, noted := desyncOf(t, s)
	c, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := d.Begin(t.Context(), c); !errors.Is(err, galera.ErrDesynced) || *noted != 0 {
		t.Errorf("%v, noted %d", err, *noted)
	}
	if said, err := d.End(); err != nil || said != "not changed" || s.Desync(t) != "1" {
		t.Errorf("%q, %v", said, err)
	}
	if _, err := s.SQL("SET GLOBAL wsrep_desync = OFF"); err != nil {
		t.Fatal(err)
	}
}

// The guard may desync at the same moment at which the backup ends.
func TestADesyncThatComesWithTheEndIsUndone(t *testing.T) {
	s := node.Shared(t)
	for range 10 {
		d, noted := desyncOf(t, s)
		c, err := d.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { _ = d.Begin(t.Context(), c) })
		both.Go(func() {
			if _, err := d.End(); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		_ = c.Close()
		if d.On() || *noted != 0 || s.Desync(t) != "0" {
			t.Fatalf("on %t, noted %d, wsrep_desync %s", d.On(), *noted, s.Desync(t))
		}
	}
}

// A connection that was killed is replaced.
func TestADesyncIsUndoneOverAnotherConnection(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	c := begun(t, d)
	id, err := c.Value(t.Context(), "SELECT CONNECTION_ID()")
	if err == nil {
		_, err = s.SQL("KILL " + id)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, err := d.End(); err != nil || !strings.Contains(said, "then OFF") || *noted != 0 || s.Desync(t) != "0" {
		t.Errorf("%q, %v, noted %d", said, err, *noted)
	}
}

// The file of a socket may be removed while its server runs on, desynced.
func TestAServerThatOnlyDoesNotListenIsStillDesynced(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	if err := begun(t, d).Close(); err != nil {
		t.Fatal(err)
	}
	away := s.Socket + "-away"
	if err := os.Rename(s.Socket, away); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if said, err := (desyncUndo{"OFF", d.server}).undo(ctx,
		UndoOptions{Login: mariadb.Login{Socket: s.Socket}}); err == nil ||
		!strings.Contains(err.Error(), "run SET GLOBAL wsrep_desync=OFF on this node") {
		t.Errorf("undone after a kill: %q, %v", said, err)
	}
	back := time.AfterFunc(time.Second, func() { _ = os.Rename(away, s.Socket) })
	defer back.Stop()
	if said, err := d.End(); err != nil || !strings.Contains(said, "then OFF") || *noted != 0 || s.Desync(t) != "0" {
		t.Errorf("%q, %v, noted %d", said, err, *noted)
	}
}

// A server that answers in place of the desynced one may be its successor, or another host's behind a virtual IP.
// Neither is touched, and another host's answer does not prove that ours is in order.
func TestOnlyTheServerThatWasDesyncedIsResynced(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	if err := begun(t, d).Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("SET GLOBAL wsrep_desync = OFF") })
	desynced := d.server
	d.server.Start = "1"
	if said, err := d.End(); err != nil || !strings.Contains(said, "the server ended, and with it the desync") ||
		*noted != 0 || s.Desync(t) != "1" {
		t.Errorf("its successor: %q, %v, noted %d", said, err, *noted)
	}
	other := &Desync{open: onAnotherHost(t), server: desynced, ours: true,
		undone: func() error { t.Error("it was noted"); return nil }}
	if said, err := other.End(); !errors.Is(err, ErrOtherHost) || s.Desync(t) != "1" {
		t.Errorf("another host's: %q, %v", said, err)
	}
}

// onAnotherHost opens a server that reports another host name.
func onAnotherHost(t *testing.T) func(context.Context) (*mariadb.Client, error) {
	t.Helper()
	real, err := exec.LookPath("mariadbd")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := "#!/bin/sh\nexec unshare --uts sh -c 'hostname elsewhere && exec " + real + " \"$@\"' sh \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "mariadbd"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s, err := node.Start()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(s.Remove)
	return func(ctx context.Context) (*mariadb.Client, error) {
		return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	}
}

// Nobody waits for the queue of a server that is gone, or of one that hangs longer than requested.
func TestAServerThatEndsOrHangsEndsTheWait(t *testing.T) {
	node.Need(t)
	s, err := node.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	d, noted := desyncOf(t, s)
	c := begun(t, d)
	_ = syscall.Kill(s.PID(), syscall.SIGSTOP)
	if w, took, err := waits(t, c, 2*time.Second); err == nil || took > 4*time.Second {
		t.Errorf("a server that hangs: %+v, %v after %s", w, err, took)
	}
	_ = syscall.Kill(s.PID(), syscall.SIGCONT)
	if c, err = d.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	kill := exec.Command("sh", "-c", "sleep 1; kill -9 $0", strconv.Itoa(s.PID()))
	if err := kill.Start(); err != nil {
		t.Fatal(err)
	}
	defer kill.Wait()
	if w, took, err := waits(t, c, time.Minute); err == nil || took > 5*time.Second {
		t.Errorf("a server that ends: %+v, %v after %s", w, err, took)
	}
	begun := time.Now()
	if said, err := d.End(); err != nil || !strings.Contains(said, "the server ended") || *noted != 0 ||
		time.Since(begun) > 5*time.Second {
		t.Errorf("%q, %v after %s, noted %d", said, err, time.Since(begun), *noted)
	}
}

// waits waits for a queue that never becomes empty.
func waits(t *testing.T, c *mariadb.Client, limit time.Duration) (galera.Wsrep, time.Duration, error) {
	t.Helper()
	begun := time.Now()
	w, err := until(t.Context(), c, limit, func(galera.Wsrep) bool { return false })
	return w, time.Since(begun), err
}

func TestSomebodyElsesDesyncIsRefused(t *testing.T) {
	s := node.Shared(t)
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = s.SQL("SET GLOBAL wsrep_desync = OFF") }()
	d := &Desync{drain: time.Second}
	if err := d.Begin(t.Context(), c); !errors.Is(err, galera.ErrDesynced) {
		t.Errorf("begin: %v", err)
	}
	if said, err := d.End(); said != "not changed" || err != nil {
		t.Errorf("end: %q, %v", said, err)
	}
	if on, err := s.SQL("SELECT @@wsrep_desync"); on != "1" || err != nil {
		t.Errorf("afterwards: %s, %v", on, err)
	}
}

// The undo needs no second login if the first connection still works, and otherwise tries more than once.
func TestTheUndoOutlivesAFullServer(t *testing.T) {
	s := node.Shared(t)
	full := errors.New("too many connections")
	for name, breaks := range map[string]bool{"the first connection": false, "another one": true} {
		t.Run(name, func(t *testing.T) {
			c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			tries := 0
			d := &Desync{drain: time.Second, up: func(context.Context, galera.Wsrep) (string, error) {
				return "UP",
					nil
			}}
			d.open = func(ctx context.Context) (*mariadb.Client, error) {
				if tries++; tries < 3 || !breaks {
					return nil, full
				}
				return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
			}
			if err := d.Begin(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if breaks {
				c.Close()
			}
			if said, err := d.End(); err != nil || !strings.Contains(said, "then OFF; UP") {
				t.Errorf("%q, %v", said, err)
			}
			if on, err := s.SQL("SELECT @@wsrep_desync"); on != "0" || err != nil {
				t.Errorf("afterwards: %s, %v", on, err)
			}
		})
	}
}

func TestAServerOfAnotherHostIsRefused(t *testing.T) {
	if err := CheckHost(galera.Server{Hostname: "a"}, "b"); err == nil || !strings.Contains(err.Error(), `"a"`) ||
		!strings.Contains(err.Error(), `"b"`) {
		t.Errorf("hosts: %v", err)
	}
}
