// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// badWire inserts a bad link until the heal.
func badWire(w lab.Wire) func(*harness.Run) error {
	return func(r *harness.Run) error {
		take, err := w.Lay(r.Victim)
		if err != nil {
			return err
		}
		out := false
		r.Rewire = func() error {
			if out {
				return nil
			}
			out = true
			return take()
		}
		r.Later(r.Rewire)
		return nil
	}
}

func goodWire(r *harness.Run) error { return r.Rewire() }
