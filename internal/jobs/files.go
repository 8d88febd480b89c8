// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"overcloud.backup/internal/safefile"
)

// maxSmall limits what is read of a job's files: a result is some kilobytes.
const maxSmall = 16 << 20

// private is what a job's folder must be: nobody else may even read it.
var private = safefile.Rule{Folder: true, Private: true}

// MakeFolder creates a folder, and those above it, if they are missing. It refuses one that others can read.
func MakeFolder(path string) error { return safefile.MakeFolder(path, private) }

// checkPath refuses a folder that others than root (or this user) can read, fill or replace.
func checkPath(path string) error { return safefile.CheckFolder(path, private) }

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
