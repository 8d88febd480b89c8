// SPDX-License-Identifier: GPL-3.0-or-later

package quantity

import "testing"

func TestQuantities(t *testing.T) {
	for want, got := range map[string]string{
		"0 bytes":    Bytes(0),
		"1023 bytes": Bytes(1023),
		"1.0 KiB":    Bytes(1024),
		"1.5 GiB":    Bytes(3 << 29),
		"2.0 TiB":    Bytes(2 << 40),
		"1.0 PiB":    Bytes(1 << 50),
		"0.25":       Number(0.25),
		"0.333":      Number(1.0 / 3),
		"12":         Number(12),
		"12345":      Number(12345.4),
		"1 session":  Count(1, "session"),
		"0 sessions": Count(0, "session"),
		"59 s":       Age(59),
		"1 min":      Age(119),
		"47 h":       Age(48*3600 - 1),
		"2 d":        Age(48 * 3600),
		"2 sessions": Count(2, "session"),
		"2 entries":  Count(2, "entry"),
		"1 entry":    Count(1, "entry"),
		"3 keys":     Count(3, "key"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
