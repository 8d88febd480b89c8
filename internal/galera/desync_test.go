// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"errors"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestStatusAndDesync(t *testing.T) {
	s := mariadbtest.Start(t)
	if !s.Galera {
		t.Skip("no Galera library to test with")
	}
	c := s.Root(t)
	w, err := Status(t.Context(), c)
	if err != nil || !healthy(w) || w.Desync || w.BindAddress != "127.0.0.1" {
		t.Fatalf("%+v %v", w, err)
	}
	if err := SetDesync(t.Context(), c, true); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return w.Desync && w.DesyncCount == 1 && w.State == StateDonorDesync })
	if err := SetDesync(t.Context(), c, true); !errors.Is(err, ErrDesynced) {
		t.Errorf("ON a second time: %v", err)
	}
	if err := SetDesync(t.Context(), c, false); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return !w.Desync && w.DesyncCount == 0 && healthy(w) })
}

func until(t *testing.T, c *mariadb.Client, met func(Wsrep) bool) {
	t.Helper()
	var w Wsrep
	var err error
	for range 100 {
		if w, err = Status(t.Context(), c); err == nil && met(w) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("it never came: %+v %v", w, err)
}
