// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/process"
	"overcloud.backup/tests/node"
)

// Another rule reports that the server ended.
func TestTheRoomInAContainersDatadirIsKnownToItsEnd(t *testing.T) {
	p := node.Contained(t, "true")
	f := &folder{at: p, path: "/mnt"}
	defer f.close()
	if n, err := f.free(); err != nil || n == 0 || n > 8<<20 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	_ = syscall.Kill(p.PID(), syscall.SIGKILL)
	for n := 0; process.Started(p.PID()) != ""; n++ {
		if n > 200 {
			t.Fatal("it lives on")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n, err := f.free(); err != nil || n == 0 || n > 8<<20 {
		t.Errorf("after its end: %d bytes, %v", n, err)
	}
	late := &folder{at: p, path: "/mnt/gone"}
	defer late.close()
	g := &guard{}
	g.space(late.free, &g.limits.datadir, datadirFloor, &g.now.Tool.FreeDatadir)()
	if g.now.Tool.FreeDatadir != -1 || g.limits.datadir != 0 {
		t.Errorf("of one that was never found: %d, floor %d", g.now.Tool.FreeDatadir, g.limits.datadir)
	}
}
