// SPDX-License-Identifier: GPL-3.0-or-later

// Package user runs parts of a test as another user; the tests run as root.
package user

import (
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/thread"
)

// As runs a function on a thread of another user, whose credentials the kernel records for every socket created there.
// The test ends with its error, and is skipped without root.
func As(t testing.TB, uid int, do func() error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root can become somebody else")
	}
	var err error
	thread.Apart(func() {
		// The saved user is kept: the C library's call would apply to all threads.
		if _, _, errno := syscall.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), ^uintptr(0)); errno != 0 {
			err = errno
			return
		}
		err = do()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Reading runs a function on a thread with another user's rights to files; without root on an ordinary thread.
func Reading(t testing.TB, uid int, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	thread.Apart(func() {
		if err := syscall.Setfsuid(uid); err != nil {
			t.Error(err)
			return
		}
		do()
	})
}
