// SPDX-License-Identifier: GPL-3.0-or-later

package pacemakertest

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// CheckAddress fails the test if a text is not the canonical form of an address.
func CheckAddress(t testing.TB, text string) {
	t.Helper()
	if addr, err := netip.ParseAddr(text); err != nil || addr.Unmap().String() != text {
		t.Fatalf("%q is no canonical address", text)
	}
}

// RefusesHostile fails the test if a parser accepts a hostile document with that root, or needs long or much memory to
// refuse it, or repeats too much of it.
func RefusesHostile(t *testing.T, root string, parse func([]byte) error) {
	t.Helper()
	for name, doc := range Hostile(root) {
		t.Run(root+" "+name, func(t *testing.T) {
			b, begun := []byte(doc), time.Now()
			var err error
			allocated := AllocatedBy(func() { err = parse(b) })
			if took := time.Since(begun); took > 5*time.Second || allocated > 96<<20 {
				t.Errorf("%s and %d bytes", took, allocated)
			}
			if err == nil {
				t.Fatal("it was taken")
			}
			said := err.Error()
			if len(said) > 1000 || strings.ContainsAny(said, "\n\x00") || strings.Contains(said, "root:") {
				t.Errorf("it is told as %.1200q", said)
			}
		})
	}
}
