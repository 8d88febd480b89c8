// SPDX-License-Identifier: GPL-3.0-or-later

package thread

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheFirstThreadIsLeftAlone(t *testing.T) {
	for range 100 {
		ran := false
		Apart(func() {
			ran = true
			if unix.Gettid() == os.Getpid() {
				t.Error("it is the first thread")
			}
		})
		if !ran {
			t.Fatal("it was not waited for")
		}
	}
}

// The changes end with the thread.
func TestAThreadThatWasChangedIsNotUsedAgain(t *testing.T) {
	for range 50 {
		Apart(func() { unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if set, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); set != 0 || err != nil {
		t.Skipf("we have it ourselves: %d, %v", set, err)
	}
	for range 50 {
		done := make(chan int)
		go func() {
			set, _ := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
			done <- set
		}()
		if <-done != 0 {
			t.Fatal("a goroutine is on a thread that was changed")
		}
	}
}
