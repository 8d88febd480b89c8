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
		rule := Rule{Folder: true, Sticky: true, Groups: true}
		if err := rule.held(f, "/"+filepath.Join(w.names[:i]...)); err != nil {
			return err
		}
	}
	return nil
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
