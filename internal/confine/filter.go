// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbidden are the calls by which a confined program could get at more than it was given: root's keys, files by their
// handles, and namespaces in which it had all capabilities.
var forbidden = []uint32{
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT,
	unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_PTRACE, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN,
	unix.SYS_USERFAULTFD,
	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_PIDFD_GETFD, unix.SYS_FSOPEN, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
	unix.SYS_MOUNT_SETATTR,
}

// receiving are the calls by which it could be sent a descriptor: with one of a folder, root would open what is in it.
// A program with the network needs them to look names up, and is not root.
var receiving = []uint32{
	unix.SYS_RECVMSG, unix.SYS_RECVMMSG, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
}

// architectures are those that the collection is built for. On them the flags of clone are its first argument.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Offsets of what a filter loads (struct seccomp_data), and the mark of the calls of x32.
const (
	numberOfCall  = 0
	machineOfCall = 4
	firstArgument = 16
	markOfX32     = 1 << 30
)

// Instructions of a filter. A jump skips the next instruction if the comparison is false.
func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}
func give(result uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: result}
}
func when(test uint16, value uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_K | test, Jf: 1, K: value}
}

// filter takes calls from the thread's children. The C library does without clone3, whose flags cannot be inspected.
func filter(network bool) error {
	machine, known := architectures[runtime.GOARCH]
	if !known {
		return fmt.Errorf("no calls can be taken from a program on %s", runtime.GOARCH)
	}
	const deny = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	other := when(unix.BPF_JEQ, machine)
	other.Jt, other.Jf = 1, 0
	p := []unix.SockFilter{
		load(machineOfCall), other, give(deny),
		load(numberOfCall), when(unix.BPF_JGE, markOfX32), give(deny),
		when(unix.BPF_JEQ, unix.SYS_CLONE3), give(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)),
	}
	calls := forbidden
	if !network {
		calls = slices.Concat(forbidden, receiving)
	}
	for _, call := range calls {
		p = append(p, when(unix.BPF_JEQ, call), give(deny))
	}
	clone := when(unix.BPF_JEQ, unix.SYS_CLONE)
	clone.Jf = 3
	p = append(p, clone, load(firstArgument), when(unix.BPF_JSET, unix.CLONE_NEWUSER), give(deny),
		give(unix.SECCOMP_RET_ALLOW))
	program := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0,
		0); err != nil {
		return fmt.Errorf("take calls from it: %w", err)
	}
	return nil
}
