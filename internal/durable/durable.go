// SPDX-License-Identifier: GPL-3.0-or-later

// Package durable writes files that are whole and on the disk, name included, or not there at all: a temporary name,
// fsync, rename, fsync of the folder. The folder must be one where nobody else can write.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Create makes a file that is not there yet. It follows no link. Its name is on the disk after SyncFolder.
func Create(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	return finish(f, content)
}

func finish(f *os.File, content []byte) error {
	_, err := f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// Replace has the file on the disk, under its name, when it returns without an error. Readers see the earlier content or
// the new one. It is for its owner alone. Two callers at once have to use Swap.
func Replace(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := Create(temporary, content, 0o600)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// Swap is Replace for several callers at once. After a power loss the earlier file may be there. prefix begins the name
// of the temporary file.
func Swap(path, prefix string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), prefix)
	if err != nil {
		return err
	}
	if err = finish(f, content); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// ReplaceIn is Replace below an open folder. The file may be read by whoever can enter that.
func ReplaceIn(root *os.Root, name string, content []byte) error {
	temporary := name + ".tmp"
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err = finish(f, content); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return SyncIn(root, filepath.Dir(name))
}

// SyncFolder has the names of a folder on the disk.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// SyncIn is SyncFolder below an open folder.
func SyncIn(root *os.Root, name string) error {
	folder, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
