// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"errors"
	"testing"
	"time"
)

func TestALookMayFailForAWhile(t *testing.T) {
	var s failing
	begun, bad := time.Now(), errors.New("no bus")
	for _, c := range []struct {
		after time.Duration
		err   error
		lasts bool
	}{{0, bad, false}, {20, bad, false}, {25, nil, false}, {31, bad, false}, {61, bad, false}, {62, bad, true},
		{63, nil,
			false}} {
		if got := s.tooLong(c.err, begun.Add(c.after*time.Second)); got != c.lasts {
			t.Errorf("after %d s, %v: %v", c.after, c.err, got)
		}
	}
}
