// SPDX-License-Identifier: GPL-3.0-or-later

// Package user lets tests that root runs do things as somebody else.
package user

import (
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/thread"
)

// As runs a function on a thread of another user's, whose credentials the kernel notes for every socket made there. The test
// ends with its error, and is skipped without root.
func As(t testing.TB, uid int, do func() error) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root can become somebody else")
	}
	var err error
	thread.Apart(func() {
		// The saved user is kept: the C library's call would be for all threads.
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

// Reading runs a function on a thread to which the kernel gives another user's rights to files; without root on one of ours.
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
