// SPDX-License-Identifier: GPL-3.0-or-later

// Package thread runs what changes the thread that it is on: its namespaces, its user, its mounts.
package thread

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Apart runs a function on a thread that ends with it, and waits for that. It is never the first thread, which does not
// end, and of which /proc/self tells.
func Apart(run func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if unix.Gettid() == os.Getpid() {
			Apart(run) // which gets another while this one is held
			runtime.UnlockOSThread()
			return
		}
		run()
	}()
	<-done
}
