// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"overcloud.backup/internal/safefile"
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
	err := safefile.CheckFolder(path, safefile.Rule{Folder: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explained(err)
}

// explained adds the reasons that are usual for a destination.
func explained(err error) error {
	var fault *safefile.FaultError
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Fault {
	case safefile.Link:
		fault.Remedy = "use its target instead"
	case safefile.Owner:
		fault.Why += " (a mount that maps root to nobody?)"
	}
	return err
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
