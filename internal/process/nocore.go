// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/confine"
)

// NoCore keeps this process, which holds passwords, and all that it starts, which may also hold rows, from leaving a
// core dump when it crashes.
//
// The limit is one byte, not none: a file of that size is not begun, and 1 is what makes the kernel pass nothing to a
// program in core_pattern either, such as abrt and apport, for which 0 is ignored (core(5), do_coredump of the kernel).
// In addition, root's own process cannot be dumped or traced by anybody without CAP_SYS_PTRACE.
func NoCore() error {
	err := confine.LimitCore()
	if os.Geteuid() != 0 {
		return err // a user other than root would lose access to its own /proc entries
	}
	return errors.Join(err, unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
}
