// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/node"
)

// A node that becomes needed as a spare is resynced while the backup continues, and not desynced again.
func TestANodeThatIsNeededIsResyncedForGood(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	if err := d.Now(t.Context()); err != nil || !d.On() || s.Desync(t) != "1" {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Stay(t.Context(), 2*time.Second); err != nil || d.On() || s.Desync(t) != "0" || *noted != 0 {
			t.Errorf("%v, on: %t, noted %d", err, d.On(), *noted)
		}
	}
	if err := d.Now(t.Context()); !errors.Is(err, errStays) || s.Desync(t) != "0" || *noted != 0 {
		t.Errorf("desynced again: %v, noted %d", err, *noted)
	}
	for n, want := range []string{"needed as a spare; Synced", "not changed"} {
		if said, err := d.End(); err != nil || !strings.Contains(said, want) || *noted != 0 {
			t.Errorf("end %d: %q, %v, noted %d", n, said, err, *noted)
		}
	}
}

// After a desync that ended while the backup went on, the node must be Synced and serve as after any other.
func TestANodeThatWasResyncedMustServeAgain(t *testing.T) {
	s := node.Shared(t)
	stayed := func() *Desync {
		d, _ := desyncOf(t, s)
		if err := errors.Join(d.Now(t.Context()), d.Stay(t.Context(), 2*time.Second)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	d, down := stayed(), errors.New("503 Service Unavailable")
	d.up = func(_ context.Context, w galera.Wsrep) (string, error) {
		if w.State != galera.StateSynced || w.Desync {
			t.Errorf("the node is %s", w.State)
		}
		return "", down
	}
	if said, err := d.End(); !errors.Is(err, down) || !strings.Contains(err.Error(), "wsrep_desync is OFF again: ") {
		t.Errorf("%q, %v", said, err)
	}
	d = stayed()
	id, err := d.client.Value(t.Context(), "SELECT CONNECTION_ID()")
	if err == nil {
		_, err = s.SQL("KILL " + id)
	}
	if err != nil {
		t.Fatal(err)
	}
	if said, err := d.End(); err != nil || !strings.Contains(said, "needed as a spare; Synced") {
		t.Errorf("over another connection: %q, %v", said, err)
	}
	d = stayed()
	d.server.Start = "1"
	if err := d.client.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err := d.End(); err != nil || !strings.Contains(said, "the server has ended since") {
		t.Errorf("its successor: %q, %v", said, err)
	}
	d = stayed()
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	off := time.AfterFunc(time.Second, func() { _, _ = s.SQL("SET GLOBAL wsrep_desync = OFF") })
	defer off.Stop()
	begun := time.Now()
	if said, err := d.End(); err != nil || time.Since(begun) < time.Second/2 || s.Desync(t) != "0" {
		t.Errorf("it did not wait until the node is Synced: %q, %v", said, err)
	}
}

func TestANodeThatIsNotDesyncedStaysSo(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	if err := d.Stay(t.Context(), time.Second); err != nil {
		t.Error(err)
	}
	if err := d.Now(t.Context()); !errors.Is(err, errStays) || s.Desync(t) != "0" || *noted != 0 {
		t.Errorf("%v, noted %d", err, *noted)
	}
	if said, err := d.End(); err != nil || said != "not changed" {
		t.Errorf("%q, %v", said, err)
	}
}

// A queue that does not drain in time leaves the desync to the end of the backup.
func TestAQueueThatDoesNotDrainInTimeLeavesTheDesync(t *testing.T) {
	s := node.Shared(t)
	d, noted := desyncOf(t, s)
	if err := d.Now(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Stay(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "did not drain within 0s") ||
		!d.On() || s.Desync(t) != "1" || *noted != 1 {
		t.Errorf("%v, noted %d", err, *noted)
	}
	if said, err := d.End(); err != nil || !strings.Contains(said, "then OFF; Synced") || s.Desync(t) != "0" ||
		*noted != 0 {
		t.Errorf("%q, %v, noted %d", said, err, *noted)
	}
}

// Somebody else's desync is not ended, whatever the node is needed for.
func TestSomebodyElsesDesyncStays(t *testing.T) {
	s := node.Shared(t)
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("SET GLOBAL wsrep_desync = OFF")
	d, _ := desyncOf(t, s)
	if err := d.Stay(t.Context(), time.Second); err != nil || s.Desync(t) != "1" {
		t.Error(err)
	}
}

// The guard may end the desync at the moment at which the backup ends, or desyncs.
func TestTheEndAndTheGuardResyncOnce(t *testing.T) {
	s := node.Shared(t)
	for range 10 {
		d, noted := desyncOf(t, s)
		var all sync.WaitGroup
		all.Go(func() { _ = d.Now(t.Context()) })
		all.Go(func() {
			if err := d.Stay(t.Context(), 2*time.Second); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := d.End(); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if s.Desync(t) != "0" || *noted != 0 || d.On() {
			t.Fatalf("wsrep_desync is %s, noted %d", s.Desync(t), *noted)
		}
	}
}
