// SPDX-License-Identifier: GPL-3.0-or-later

// Package durable writes files so that a reader never sees a part of one, and so that they survive a power loss. A file
// gets a temporary name in its own folder, is synced, and gets its name; then the folder is synced, because it contains
// the name. Nothing that another user has put at one of these names is written through.
package durable

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Create writes a new file of this mode, and waits until the disk has its content. It does not sync the folder: a
// caller that creates several files does that once, with SyncFolder.
func Create(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, newFile, mode)
	if err != nil {
		return err
	}
	return fill(f, content, (*os.File).Sync)
}

// Replace gives the file at a path this content and mode, whether it existed or not. If it returns without an error the
// disk has it. After an error the earlier or the new content is in place, and never a part of it.
func Replace(path string, content []byte, mode fs.FileMode) error {
	return in(path, func(folder *os.Root, name string) error { return ReplaceIn(folder, name, content, mode) })
}

// ReplaceIn is Replace for a file right in an open folder.
func ReplaceIn(folder *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := exchange(folder, name, content, mode, (*os.File).Sync); err != nil {
		return err
	}
	return SyncFolderIn(folder, ".")
}

// Exchange is Replace without waiting for the disk: a reader never sees half a file, and a power loss may revert the
// last contents, or empty the file. It is for frequent, short-lived contents, such as a lease.
func Exchange(path string, content []byte, mode fs.FileMode) error {
	return in(path, func(folder *os.Root, name string) error {
		return exchange(folder, name, content, mode, func(*os.File) error { return nil })
	})
}

// SyncFolder syncs the entries of a folder to disk: files that were created, renamed or removed in it.
func SyncFolder(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncFolderIn is SyncFolder for one below an open folder; "." is that folder.
func SyncFolderIn(folder *os.Root, name string) error {
	f, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// newFile creates a file or fails: an existing one, or a link, belongs to another process.
const newFile = os.O_WRONLY | os.O_CREATE | os.O_EXCL | syscall.O_NOFOLLOW

// in calls do with the folder of a path, open, and the last name of it.
func in(path string, do func(folder *os.Root, name string) error) error {
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(do(folder, filepath.Base(path)), folder.Close())
}

// exchange writes a file under a unique name, and renames it. Several writers do not disturb one another: the last one
// counts. A writer that is killed leaves its temporary file: see Sweep.
func exchange(folder *os.Root, name string, content []byte, mode fs.FileMode, sync func(*os.File) error) error {
	temporary := prefix(name) + rand.Text()[:8] + suffix
	f, err := folder.OpenFile(temporary, newFile, mode)
	if err != nil {
		return err
	}
	if err = fill(f, content, sync); err == nil {
		err = folder.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, folder.Remove(temporary))
	}
	return nil
}

// prefix and suffix enclose the random part of a temporary name.
const suffix = ".new"

func prefix(name string) string { return "." + name + "." }

// Sweep removes the temporary files that killed writers of a path have left. The caller holds whatever keeps other
// writers of the path away.
func Sweep(path string) error {
	return in(path, func(folder *os.Root, name string) error {
		files, err := fs.ReadDir(folder.FS(), ".")
		for _, f := range files {
			if strings.HasPrefix(f.Name(), prefix(name)) && strings.HasSuffix(f.Name(), suffix) {
				err = errors.Join(err, folder.Remove(f.Name()))
			}
		}
		return err
	})
}

// fill writes and closes a file, with sync in between.
func fill(f *os.File, content []byte, sync func(*os.File) error) error {
	_, err := f.Write(content)
	if err == nil {
		err = sync(f)
	}
	return errors.Join(err, f.Close())
}
