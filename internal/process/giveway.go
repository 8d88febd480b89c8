// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Constants of linux/ioprio.h: the target, and the last of the ordinary class. The idle class would wait forever next
// to a busy database.
const (
	ioprioProcess    = 1
	ioprioBestEffort = 2<<13 | 7
	lowestPriority   = 19
)

// GiveWay lowers the priority of this process and of what it starts, for processors and disks, below that of all others
// from now on.
func GiveWay() error {
	// Both belong to a thread, and to what is started from it. A thread that appears in the meantime is found the
	// second time.
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err == nil {
				err = giveWay(id)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("lower its priority: %w", err)
			}
		}
	}
	return nil
}

func giveWay(thread int) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, thread, lowestPriority); err != nil {
		return err
	}
	if _, _, err := unix.Syscall(unix.SYS_IOPRIO_SET, ioprioProcess, uintptr(thread), ioprioBestEffort); err != 0 {
		return err
	}
	return nil
}
