// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"overcloud.backup/internal/safefile"
)

// maxSmall limits what is read of a job's files: a result is some kilobytes.
const maxSmall = 16 << 20

// MakeFolder creates a folder, and those above it, if they are missing. It refuses one that others can read.
func MakeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return checkPath(path)
}

// checkPath refuses a folder that others than root (or this user) can read, fill or replace.
func checkPath(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fmt.Errorf("%q is not a plain absolute path", path)
	}
	at := "/"
	for part := range strings.SplitSeq(path[1:], "/") {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		if err := refuse(at, info, at == path); err != nil {
			return err
		}
	}
	return nil
}

// refuse describes the fault of one folder of a path; own is the last one, which nobody else may even read.
func refuse(path string, info fs.FileInfo, own bool) error {
	mode := info.Mode()
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case mode.Type() == fs.ModeSymlink:
		return fmt.Errorf("%s is a symbolic link", path)
	case !mode.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case owner != 0 && owner != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to root; chown root %s", path, owner, path)
	case own && mode.Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to others than root (mode %04o); chmod 700 %s", path, mode.Perm(), path)
	case mode.Perm()&0o022 != 0 && mode&fs.ModeSticky == 0:
		return fmt.Errorf("%s can be written by others than root (mode %04o); chmod go-w %s", path, mode.Perm(), path)
	}
	return nil
}

// ReadSmall reads a file of at most 16 MiB that is not a link.
func ReadSmall(path string) ([]byte, error) { return safefile.ReadOwn(path, maxSmall) }

// linkOrCopy gives a file a second name, or copies it to another file system. It must be a regular file.
func linkOrCopy(from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	in, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", from)
	}
	if os.Link(from, to) == nil {
		return nil
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
