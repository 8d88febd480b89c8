// SPDX-License-Identifier: GPL-3.0-or-later

// Package safefile reads small files, and checks folders, in places where a user with fewer rights may have put
// something else: a pipe, which blocks its reader; a device, on which an open has effects; a link to a file of root's;
// a file without an end. It judges the open file, never a name that may mean something else a moment later.
package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrKind reports that something other than a regular file has a name. Use errors.Is.
var ErrKind = errors.New("not a regular file")

// Open opens a regular file for reading and follows links: for files whose name root or the operator sets. Any other
// kind of file at that name is an error, and is not opened. The caller closes the file.
func Open(path string) (*os.File, error) { return open(path, 0) }

// OpenOwn is Open for a name in a folder that other users may write to: a link there is also refused.
func OpenOwn(path string) (*os.File, error) { return open(path, unix.O_NOFOLLOW) }

// Read reads a regular file of at most max bytes, and follows links; see Open.
func Read(path string, max int64) ([]byte, error) { return read(path, max, 0) }

// ReadOwn is Read for a name in a folder that other users may write to: a link there is also refused.
func ReadOwn(path string, max int64) ([]byte, error) { return read(path, max, unix.O_NOFOLLOW) }

// open gets a descriptor of a path without opening the file (open(2), O_PATH), checks it, and opens the same file.
func open(path string, follow int) (*os.File, error) {
	fail := func(err error) (*os.File, error) { return nil, &fs.PathError{Op: "open", Path: path, Err: err} }
	at, err := retried(func() (int, error) { return unix.Open(path, unix.O_PATH|unix.O_CLOEXEC|follow, 0) })
	if err != nil {
		return fail(err)
	}
	defer unix.Close(at)
	var found unix.Stat_t
	if err := unix.Fstat(at, &found); err != nil {
		return fail(err)
	}
	if kind := kindOf(found.Mode); kind != "" {
		return nil, fmt.Errorf("%s is %s, %w", path, kind, ErrKind)
	}
	held := "/proc/self/fd/" + strconv.Itoa(at)
	fd, err := retried(func() (int, error) { return unix.Open(held, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0) })
	if err != nil {
		return fail(err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

func retried(call func() (int, error)) (n int, err error) {
	for n, err = call(); err == unix.EINTR; n, err = call() {
	}
	return n, err
}

// kindOf names a file that is not regular; "" for a regular one.
func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return ""
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFIFO:
		return "a pipe"
	case unix.S_IFSOCK:
		return "a socket"
	}
	return "a device"
}

func read(path string, max int64, follow int) ([]byte, error) {
	f, err := open(path, follow)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(content)) > max {
		err = fmt.Errorf("%s is larger than %d bytes", path, max)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// OpenFolder opens a folder that is not a link, to change the folder itself by its descriptor.
func OpenFolder(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
}
