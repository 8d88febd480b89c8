// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links the kernel follows.
const maxLinks = 40

// Walk goes down a path by descriptors and follows links as a process with that root does: absolute ones begin at the
// root. The kernel would follow them from this host's, up to 5.6 without a choice. Nothing that is exchanged on the way
// leads outside.
type Walk struct {
	// at are the root and the folders below it up to where the walk is.
	at    []*os.File
	names []string
	links int
	// ours says that links count only in folders that nobody else can write to.
	ours bool
	// Foreign is the first file on the way that others than root can write to or own; empty when there is none.
	Foreign string
}

// Inside walks to a path below a root directory. The caller closes the walk; root stays open.
func Inside(root *os.File, path string) (*Walk, error) { return walk(root, path, false) }

func walk(root *os.File, path string, ours bool) (*Walk, error) {
	own, err := OpenAt(int(root.Fd()), ".", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	w := &Walk{at: []*os.File{own}, ours: ours}
	if err = w.look(own); err == nil {
		err = w.follow(path)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Close lets go of all that is open.
func (w *Walk) Close() {
	for _, f := range w.at {
		_ = f.Close()
	}
}

// Here is where the walk is, opened with O_PATH: it can be looked at and opened anew, not read.
func (w *Walk) Here() *os.File { return w.at[len(w.at)-1] }

// Path is where the walk is, without links, seen from the root.
func (w *Walk) Path() string { return "/" + strings.Join(w.names, "/") }

func (w *Walk) follow(path string) error {
	for ahead := strings.Split(path, "/"); len(ahead) > 0; {
		name := ahead[0]
		ahead = ahead[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			w.up(len(w.at) - 1)
			continue
		}
		link, err := w.step(name)
		if err != nil {
			return &fs.PathError{Op: "find", Path: path, Err: err}
		}
		if link == "" {
			continue
		}
		if w.links++; w.links > maxLinks {
			return &fs.PathError{Op: "find", Path: path, Err: syscall.ELOOP}
		}
		if filepath.IsAbs(link) {
			w.up(1)
		}
		ahead = append(strings.Split(link, "/"), ahead...)
	}
	return nil
}

// up goes back to a depth; 1 is the root, above which there is nothing.
func (w *Walk) up(depth int) {
	for len(w.at) > max(depth, 1) {
		_ = w.Here().Close()
		w.at, w.names = w.at[:len(w.at)-1], w.names[:len(w.names)-1]
	}
}

// step goes to an entry of where the walk is, or says where the link of that name leads.
func (w *Walk) step(name string) (link string, err error) {
	f, err := OpenAt(int(w.Here().Fd()), name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		defer f.Close()
		if w.ours {
			err = ownFolder(w.Here(), w.Path())
		}
		if err != nil {
			return "", fmt.Errorf("%s is a symbolic link, and %w", name, err)
		}
		return readLink(f)
	}
	w.at, w.names = append(w.at, f), append(w.names, name)
	if err != nil {
		return "", err
	}
	return "", w.look(f)
}

// readLink reads a link that is open itself.
func readLink(f *os.File) (string, error) {
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(f.Fd()), "", text)
	if err == nil && n == 0 {
		err = syscall.ENOENT
	}
	return string(text[:max(n, 0)]), err
}

// look notes whose a file on the way is.
func (w *Walk) look(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	if w.Foreign == "" && (!is || stat.Uid != 0 || stat.Mode&0o002 != 0 || stat.Mode&0o020 != 0 && stat.Gid != 0) {
		w.Foreign = w.Path()
	}
	return nil
}

// Reopen opens for reading what was only looked at, if it is of that kind: a pipe or a device could keep its reader for
// ever. isNot is the error's text.
func Reopen(f *os.File, path string, is func(fs.FileMode) bool, isNot string, flags int) (*os.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !is(info.Mode()) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New(isNot)}
	}
	itself := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	opened, err := OpenAt(unix.AT_FDCWD, itself, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|flags)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.Unwrap(err)}
	}
	return opened, nil
}

// OpenAt opens a path that begins at a folder that is open; folder may be AT_FDCWD.
func OpenAt(folder int, path string, flags int) (*os.File, error) {
	fd, err := retried(func() (int, error) { return unix.Openat(folder, path, flags|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// ReadIn reads a file of a folder that is held open. It must be a regular file, no link, and have at most max bytes.
func ReadIn(folder *os.Root, name string, max int64) ([]byte, error) {
	f, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(content)) > max {
		err = fmt.Errorf("it has more than %d bytes", max)
	}
	return content, err
}
