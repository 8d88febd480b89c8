// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// openAs opens a path with another user's rights, and with none of the thread's groups; afterwards the thread has its
// own rights again.
func openAs(reader Owner, path string) (f *os.File, err error) {
	if reader != (Owner{}) {
		back, err := become(reader)
		if err != nil {
			return nil, err
		}
		defer back()
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// become gives the thread another user's rights to files.
func become(user Owner) (back func(), err error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return nil, err
	}
	if err := unix.Setgroups([]int{user.GID}); err != nil {
		return nil, err
	}
	gid, uid := unix.Getegid(), unix.Geteuid()
	// Neither call reports whether it succeeded; root's always does.
	_ = unix.Setfsgid(user.GID)
	_ = unix.Setfsuid(user.UID)
	return func() {
		_ = unix.Setfsuid(uid)
		_ = unix.Setfsgid(gid)
		_ = unix.Setgroups(groups)
	}, nil
}
