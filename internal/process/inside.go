// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
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

// walk goes down a path by descriptors and follows links as a process of the place does: absolute ones begin at its
// root. The kernel would follow them from this host's, up to 5.6 without a choice. Nothing that is exchanged on the way
// leads outside.
type walk struct {
	// at are the root and the folders below it up to where the walk is.
	at    []*os.File
	names []string
	links int
	// foreign is the first file on the way that others than root can write to or own; empty when there is none.
	foreign string
}

// find walks to a path of the place. The caller closes what it gives, which is opened with O_PATH: only looked at.
func (p Place) find(path string) (w *walk, err error) {
	root, err := p.openRoot()
	if err != nil {
		return nil, err
	}
	w = &walk{at: []*os.File{root}}
	if err = w.look(root); err == nil {
		err = w.follow(path)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (p Place) openRoot() (*os.File, error) {
	if p.Host() {
		return openAt(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY)
	}
	return openAt(int(p.held.root.Fd()), ".", unix.O_PATH|unix.O_DIRECTORY)
}

func (w *walk) close() {
	for _, f := range w.at {
		_ = f.Close()
	}
}

// here is where the walk is.
func (w *walk) here() *os.File { return w.at[len(w.at)-1] }

// path is where the walk is, without links, seen from the place.
func (w *walk) path() string { return "/" + strings.Join(w.names, "/") }

func (w *walk) follow(path string) error {
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
func (w *walk) up(depth int) {
	for len(w.at) > max(depth, 1) {
		_ = w.here().Close()
		w.at, w.names = w.at[:len(w.at)-1], w.names[:len(w.names)-1]
	}
}

// step goes to an entry of where the walk is, or says where the link of that name leads.
func (w *walk) step(name string) (link string, err error) {
	f, err := openAt(int(w.here().Fd()), name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		defer f.Close()
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
func (w *walk) look(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, is := info.Sys().(*syscall.Stat_t)
	if w.foreign == "" && (!is || stat.Uid != 0 || stat.Mode&0o002 != 0 || stat.Mode&0o020 != 0 && stat.Gid != 0) {
		w.foreign = w.path()
	}
	return nil
}

// Resolve is a path of the place as this host sees it, with its links followed inside.
func (p Place) Resolve(path string) (string, error) {
	if p.Host() {
		return path, nil
	}
	w, err := p.find(path)
	if err != nil {
		return "", err
	}
	defer w.close()
	return p.Path(w.path()), nil
}

// Stat looks at a path of the place, with its links followed inside.
func (p Place) Stat(path string) (fs.FileInfo, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.here().Stat()
}

// Open opens a regular file of the place for reading, with its links followed inside. Nothing else is opened: a FIFO or
// a device could keep its reader for ever.
func (p Place) Open(path string) (*os.File, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return reopen(w.here(), path, fs.FileMode.IsRegular, "is not a regular file", 0)
}

// Folder opens a folder of the place, with its links followed inside.
func (p Place) Folder(path string) (*os.File, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return reopen(w.here(), path, fs.FileMode.IsDir, "is not a directory", unix.O_DIRECTORY)
}

// reopen opens for reading what was only looked at.
func reopen(f *os.File, path string, is func(fs.FileMode) bool, isNot string, flags int) (*os.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !is(info.Mode()) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New(isNot)}
	}
	itself := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	opened, err := openAt(unix.AT_FDCWD, itself, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|flags)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.Unwrap(err)}
	}
	return opened, nil
}
