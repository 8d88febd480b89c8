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

// OpenOurs opens a regular file for reading, and follows links only out of folders that nobody but root and this
// process's user can write to: for names in folders of which some may be somebody else's. The caller closes the file.
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

// OurFolder makes a folder with those above it that are missing, for this process's user alone, and says why it is no
// place to write to: it, or one on the way to it, belongs to somebody else, or others can write to it. On the way, a
// sticky one like /tmp will do.
func OurFolder(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// What is there already is looked at first: a link of somebody's would have a folder made elsewhere.
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

// checkWay judges a folder and all above it.
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

// ownFolder says why a link in a folder may be somebody else's.
func ownFolder(f *os.File, path string) error { return heldBy(f, path, false) }

// heldBy is an error where a folder belongs to somebody else than root and this process's user, or others can write to
// it. A group that is root's, or this process's, is no other. sticky says that a sticky folder will do.
func heldBy(f *os.File, path string, sticky bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	switch {
	case !is:
		return fmt.Errorf("whose %s is cannot be seen", path)
	case stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to uid %d, not to root or uid %d", path, stat.Uid, os.Geteuid())
	case sticky && stat.Mode&unix.S_ISVTX != 0:
		return nil
	case stat.Mode&0o002 != 0, stat.Mode&0o020 != 0 && stat.Gid != 0 && int(stat.Gid) != os.Getegid():
		return fmt.Errorf("%s can be written by others (mode %04o)", path, stat.Mode&0o7777)
	}
	return nil
}
