// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Check checks where sets will go without changing anything. Every folder of the path must belong to root (or to this
// user), not be a symbolic link, and be writable only by its owner; above the last one the sticky bit is enough.
// Folders at the end of the path may be missing.
func Check(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path || path == "/" {
		return fmt.Errorf("destination %q: give an absolute path without .. and without a slash at its end", path)
	}
	if err := CheckFolder(path); err != nil {
		return fmt.Errorf("destination %s: %w", path, err)
	}
	return nil
}

// CheckFolder is Check for the absolute path, without .., of anything else.
func CheckFolder(path string) error {
	at := "/"
	for part := range strings.SplitSeq(path[1:], "/") {
		at = filepath.Join(at, part)
		err := checkFolder(at, at != path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkFolder refuses a folder that another user could replace or fill. sticky allows what /tmp has.
func checkFolder(path string, sticky bool) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	return refuse(path, info, sticky)
}

func refuse(path string, info fs.FileInfo, sticky bool) error {
	mode := info.Mode()
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case mode.Type() == fs.ModeSymlink:
		return fmt.Errorf("%s is a symbolic link; use its target instead", path)
	case !mode.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case owner != 0 && owner != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to root (a mount that maps root to nobody?); chown root %s", path,
			owner, path)
	case mode.Perm()&0o022 != 0 && !(sticky && mode&fs.ModeSticky != 0):
		return fmt.Errorf("%s can be written by others than root (mode %04o); chmod go-w %s", path, mode.Perm(), path)
	}
	return nil
}

// Free returns the space left for new files at a path, in bytes, and the place that was checked: the path itself, or
// the nearest existing folder above it.
func Free(path string) (bytes int64, at string, err error) {
	var s syscall.Statfs_t
	for at = path; ; at = filepath.Dir(at) {
		err = syscall.Statfs(at, &s)
		if err == nil {
			return int64(s.Bavail) * s.Bsize, at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return 0, at, fmt.Errorf("free space of %s: %w", at, err)
		}
	}
}

// FreeIn returns the free space, in bytes, of the file system of a folder that is held open, even if its path is gone.
func FreeIn(folder *os.File) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(folder.Fd()), &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", folder.Name(), err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
