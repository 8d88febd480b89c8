// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"testing"

	"overcloud.backup/tests/messages"
	"overcloud.backup/tests/pacemakertest"
)

// FuzzParseCIB checks that accepted documents have canonical addresses and complete locks.
func FuzzParseCIB(f *testing.F) {
	pacemakertest.Seed(f, pacemakertest.CIBSeeds...)
	f.Add(pacemakertest.CIBWith(pacemakertest.Lock, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			if messages.Check(t, err); c != nil {
				t.Fatalf("%+v, %q", c, err)
			}
			return
		}
		for _, address := range c.Addresses {
			pacemakertest.CheckAddress(t, address)
		}
		for _, l := range c.Locks {
			if l.Cluster == "" || l.Holder == "" || l.Job == "" || !(l.Since > 0) || !(l.Expires > 0) {
				t.Fatalf("lock: %+v", l)
			}
		}
	})
}

func TestHostileCIBsAreRefusedInLittleTimeAndMemory(t *testing.T) {
	pacemakertest.RefusesHostile(t, "cib", func(b []byte) error { _, err := Parse(b); return err })
}

// Any text may replace a word: the message about it is short.
func TestErrorsOfACIBRepeatLittle(t *testing.T) {
	for _, name := range []string{"lab-locked-cib.xml", "bundle-cib.xml"} {
		messages.Everywhere(t, string(pacemakertest.Thinned(t, pacemakertest.Recorded(t, name))),
			func(b []byte) error { _, err := Parse(b); return err })
	}
}
