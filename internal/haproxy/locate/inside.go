// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"os"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/safefile"
)

// inside holds the file at a path below a root directory, as a process with that root sees it, and only that (O_PATH):
// nothing can take its place, and no pipe waits for its writer. The caller closes it.
func inside(root *os.File, path string) (*os.File, error) {
	w, err := safefile.Inside(root, path)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	fd, err := unix.FcntlInt(w.Here().Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}
