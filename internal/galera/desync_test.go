// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"errors"
	"testing"
	"time"
)

func TestStatusAndDesync(t *testing.T) {
	s := startServer(t)
	if !s.Galera {
		t.Skip("no Galera library to test with")
	}
	c := s.Root(t)
	w, err := c.Status(t.Context())
	if err != nil || !healthy(w) || w.Desync || w.BindAddress != "127.0.0.1" {
		t.Fatalf("%+v %v", w, err)
	}
	if err := c.SetDesync(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return w.Desync && w.DesyncCount == 1 && w.State == StateDonorDesync })
	if err := c.SetDesync(t.Context(), true); !errors.Is(err, ErrDesynced) {
		t.Errorf("ON a second time: %v", err)
	}
	if err := c.SetDesync(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return !w.Desync && w.DesyncCount == 0 && healthy(w) })
}

func until(t *testing.T, c *Client, met func(Wsrep) bool) {
	t.Helper()
	var w Wsrep
	var err error
	for range 100 {
		if w, err = c.Status(t.Context()); err == nil && met(w) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("it never came: %+v %v", w, err)
}
