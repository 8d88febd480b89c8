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

// maxLinks is the number of links that the kernel follows.
const maxLinks = 40

// Walk follows a path by descriptors and resolves links as a process with that root does: absolute ones begin at the
// root. The kernel would resolve them from this host's root, up to 5.6 without a choice. Replacing an entry during the
// walk cannot lead outside.
type Walk struct {
	// at has the root and the folders below it on the way to the current position.
	at    []*os.File
	names []string
	links int
	// ours accepts links only in folders that nobody else can write to.
	ours bool
	// Foreign is the first file on the way that users other than root can write to or own, or "".
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
	if err = w.noteOwner(own); err == nil {
		err = w.follow(path)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// Close closes all descriptors except root.
func (w *Walk) Close() {
	for _, f := range w.at {
		_ = f.Close()
	}
}

// Here returns the current position, opened with O_PATH: it can be inspected and opened again, not read.
func (w *Walk) Here() *os.File { return w.at[len(w.at)-1] }

// Path returns the current position, without links, relative to the root.
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

// step goes to an entry of the current position, or returns the target if it is a link.
func (w *Walk) step(name string) (link string, err error) {
	f, err := OpenAt(int(w.Here().Fd()), name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		defer f.Close()
		if w.ours {
			err = Rule{Folder: true, Groups: true}.held(w.Here(), w.Path())
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
	return "", w.noteOwner(f)
}

// readLink reads a link that is itself open.
func readLink(f *os.File) (string, error) {
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(f.Fd()), "", text)
	if err == nil && n == 0 {
		err = syscall.ENOENT
	}
	return string(text[:max(n, 0)]), err
}

// noteOwner notes the owner of a file on the way.
func (w *Walk) noteOwner(f *os.File) error {
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

// Reopen opens for reading a file that was only inspected, if it is of that kind: a pipe or a device could block its
// reader forever. isNot is the error's text.
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

// OpenAt opens a path relative to an open folder; folder may be AT_FDCWD.
func OpenAt(folder int, path string, flags int) (*os.File, error) {
	fd, err := retried(func() (int, error) { return unix.Openat(folder, path, flags|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

var errIrregular = errors.New("it is not a regular file")

// ReadIn reads a file of a folder that is held open. It must be a regular file, no link, and have at most max bytes.
func ReadIn(folder *os.Root, name string, max int64) ([]byte, error) {
	// os.Root follows links inside the folder, even with O_NOFOLLOW.
	there, err := folder.Lstat(name)
	if err == nil && !there.Mode().IsRegular() {
		err = errIrregular
	}
	if err != nil {
		return nil, err
	}
	f, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !os.SameFile(there, info) {
		return nil, errIrregular
	}
	content, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(content)) > max {
		err = fmt.Errorf("it has more than %d bytes", max)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}
