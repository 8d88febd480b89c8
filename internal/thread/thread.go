// SPDX-License-Identifier: GPL-3.0-or-later

// Package thread runs functions that change their thread: its namespaces, its user, its mounts.
package thread

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Apart runs a function on a thread that ends with it, and waits for its end. It never uses the first thread, which
// does not end, and which /proc/self shows.
func Apart(run func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if unix.Gettid() == os.Getpid() {
			Apart(run) // on another thread, while this one is locked
			runtime.UnlockOSThread()
			return
		}
		run()
	}()
	<-done
}
