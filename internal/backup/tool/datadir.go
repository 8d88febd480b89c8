// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"errors"
	"fmt"
	"os"

	"overcloud.backup/internal/process"
)

// CheckDatadir proves that the server at the other end of the unix socket owns the files that a physical backup reads.
// mariadb-backup does not: connected to one server and reading the files of another it prints "completed OK!". mariadbd
// works inside its datadir, so that its current directory, seen through its pid, must be the folder that it names.
func CheckDatadir(pid int, datadir string, at process.Place) error {
	if pid == 0 {
		return errors.New("the process behind the server's socket is unknown, so its files cannot be distinguished" +
			" from " +
			"another server's; run as root in the server's own pid namespace or above it")
	}
	cwd := fmt.Sprintf("/proc/%d/cwd", pid)
	theirs, err := os.Stat(cwd)
	if err != nil {
		return fmt.Errorf("find the server's datadir: %w", err)
	}
	ours, err := at.Stat(datadir)
	if err != nil {
		return fmt.Errorf("the datadir %s of the server (pid %d) is not visible here: %w", datadir, pid, err)
	}
	if !os.SameFile(theirs, ours) {
		where, _ := os.Readlink(cwd)
		return fmt.Errorf("%s here is not the datadir of the server that answers (pid %d works in %s): a backup "+
			"would hold another server's data", datadir, pid, where)
	}
	return nil
}
