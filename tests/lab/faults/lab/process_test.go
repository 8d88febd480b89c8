// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAToolThatIsSlowedWritesNoMoreThanItsRate(t *testing.T) {
	for _, c := range []struct {
		written  int64
		in, rest time.Duration
	}{{0, 0, 200 * time.Millisecond}, {3 << 20, time.Second, 200 * time.Millisecond},
		{6 << 20, time.Second, time.Second}, {90 << 20, time.Second, 2 * time.Second}} {
		if got := rest(c.written, c.in); got != c.rest {
			t.Errorf("%d bytes in %s: %s", c.written, c.in, got)
		}
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	me := []Process{{PID: os.Getpid()}}
	before := written(me)
	if _, err := out.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if more := written(me) - before; more < 1<<20 {
		t.Errorf("%d bytes", more)
	}
}
