// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// OpenOurs opens a regular file for reading, and follows links only in folders that only root and this process's user
// can write to: for names in folders of which some may belong to other users. The caller closes the file.
func OpenOurs(path string) (*os.File, error) {
	w, err := walkOurs(path)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	info, err := w.Here().Stat()
	if err != nil {
		return nil, err
	}
	stat, _ := info.Sys().(*syscall.Stat_t)
	if kind := kindOf(stat.Mode); kind != "" {
		return nil, fmt.Errorf("%s is %s, %w", path, kind, ErrKind)
	}
	return Reopen(w.Here(), path, fs.FileMode.IsRegular, ErrKind.Error(), 0)
}

// OurFolder creates a folder and its missing parents, only for this process's user. The error reports why it is not
// safe to write to: it, or a folder on the way to it, belongs to another user, or others can write to it. On the way, a
// sticky folder such as /tmp is accepted.
func OurFolder(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// Existing folders are checked first: another user's link would have a folder created in another place.
	for at := path; ; at = filepath.Dir(at) {
		err := checkWay(at)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || at == "/" {
			return err
		}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return checkWay(path)
}

// checkWay checks a folder and all its parents.
func checkWay(path string) error {
	w, err := walkOurs(path)
	if err != nil {
		return err
	}
	defer w.Close()
	for i, f := range w.at {
		if err := heldBy(f, "/"+filepath.Join(w.names[:i]...), true); err != nil {
			return err
		}
	}
	info, err := w.Here().Stat()
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	return err
}

func walkOurs(path string) (*Walk, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	root, err := OpenAt(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return walk(root, path, true)
}

// ownFolder reports why a link in a folder may belong to another user.
func ownFolder(f *os.File, path string) error { return heldBy(f, path, false) }

// heldBy returns an error if a folder belongs to a user other than root and this process's user, or if others can write
// to it. The groups of root and of this process do not count as others. sticky accepts a sticky folder.
func heldBy(f *os.File, path string, sticky bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	switch {
	case !is:
		return fmt.Errorf("the owner of %s cannot be determined", path)
	case stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to uid %d, not to root or uid %d", path, stat.Uid, os.Geteuid())
	case sticky && stat.Mode&unix.S_ISVTX != 0:
		return nil
	case stat.Mode&0o002 != 0, stat.Mode&0o020 != 0 && stat.Gid != 0 && int(stat.Gid) != os.Getegid():
		return fmt.Errorf("%s can be written by others (mode %04o)", path, stat.Mode&0o7777)
	}
	return nil
}
