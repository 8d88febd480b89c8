// SPDX-License-Identifier: GPL-3.0-or-later

package main

// badWire lays a wire until the heal.
func badWire(w wire) func(*run) error {
	return func(r *run) error {
		take, err := w.lay(r.victim)
		if err != nil {
			return err
		}
		out := false
		r.rewire = func() error {
			if out {
				return nil
			}
			out = true
			return take()
		}
		r.later(r.rewire)
		return nil
	}
}

func goodWire(r *run) error { return r.rewire() }
