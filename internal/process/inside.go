// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/safefile"
)

// find walks to a path of the place. The caller closes the walk.
func (p Place) find(path string) (*safefile.Walk, error) {
	if !p.Host() {
		return safefile.Inside(p.held.root, path)
	}
	root, err := safefile.OpenAt(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return safefile.Inside(root, path)
}

// Resolve returns a path of the place as this host sees it, with its links followed inside.
func (p Place) Resolve(path string) (string, error) {
	if p.Host() {
		return path, nil
	}
	w, err := p.find(path)
	if err != nil {
		return "", err
	}
	defer w.Close()
	return p.Path(w.Path()), nil
}

// Stat stats a path of the place, with its links followed inside.
func (p Place) Stat(path string) (fs.FileInfo, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return w.Here().Stat()
}

// Open opens a regular file of the place for reading, with its links followed inside. Nothing else is opened: a FIFO or
// a device could block its reader forever.
func (p Place) Open(path string) (*os.File, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return safefile.Reopen(w.Here(), path, fs.FileMode.IsRegular, "is not a regular file", 0)
}

// Folder opens a folder of the place, with its links followed inside.
func (p Place) Folder(path string) (*os.File, error) {
	w, err := p.find(path)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	return safefile.Reopen(w.Here(), path, fs.FileMode.IsDir, "is not a directory", unix.O_DIRECTORY)
}
