// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"testing"
	"time"
)

func TestAStallIsCountedFromTheLastByte(t *testing.T) {
	now := time.Now()
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	for name, tt := range map[string]struct {
		stored, full, closing int // seconds ago
		want                  int
	}{
		"the buffer has room":          {90, 0, 0, 0},
		"full, and nothing since":      {90, 70, 0, 70},
		"full, but it moves":           {2, 70, 0, 2},
		"full from the beginning":      {0, 70, 0, 70},
		"the tool has ended":           {90, 0, 80, 80},
		"it has ended, the rest moves": {1, 0, 80, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flow{}
			for _, set := range []struct {
				at *time.Time
				s  int
			}{{&f.stored, tt.stored}, {&f.full, tt.full}, {&f.closing, tt.closing}} {
				if set.s > 0 {
					*set.at = ago(set.s)
				}
			}
			got, closing := f.stalled(now)
			if got != time.Duration(tt.want)*time.Second || closing != (tt.closing > 0) {
				t.Errorf("%s, %t", got, closing)
			}
		})
	}
}
