// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeOnExec keeps open descriptors of our parent from the program: through that of a folder it would see this host.
func closeOnExec() error {
	names, err := os.ReadDir("/proc/self/fd")
	for _, name := range names {
		if fd, err := strconv.Atoi(name.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// limit takes from the thread's children what they do not need: a dump of their memory would contain passwords and
// rows.
func limit(owner Owner) error {
	if err := LimitCore(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	// Kernels before 4.3 have no ambient capabilities.
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil &&
		err != unix.EINVAL {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var held [2]unix.CapUserData
	if err := unix.Capget(&header, &held[0]); err != nil {
		return err
	}
	held[0].Inheritable, held[1].Inheritable = 0, 0
	if err := unix.Capset(&header, &held[0]); err != nil {
		return err
	}
	for capability := uintptr(0); capability < 64; capability++ {
		if capability == unix.CAP_DAC_OVERRIDE && owner == (Owner{}) {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if err == unix.EINVAL {
			break // that was the kernel's last one
		}
		if err != nil {
			return fmt.Errorf("take capability %d from it: %w", capability, err)
		}
	}
	return nil
}

// LimitCore keeps this process and its children from leaving a core dump. The limit is one byte: see process.NoCore.
func LimitCore() error {
	err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1})
	if err != nil {
		// The limit is 0, and only root may raise it.
		err = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}
	return err
}
