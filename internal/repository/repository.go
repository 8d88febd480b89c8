// SPDX-License-Identifier: GPL-3.0-or-later

// Package repository keeps backup sets in a directory: <root>/<cluster>/<UTC time>_<method>_<controller>/. A set is
// written under a hidden name and gets its own name when all of it, the manifest last, is on the disk. So a folder
// without a manifest is no set, whatever died on the way.
package repository

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Directory is a checked directory: all of it belongs to this user, and nobody else can put anything in its way.
type Directory struct {
	// Announce is called with the names that a set is going to have, below its cluster's folder, before anything of it is
	// made. Its error keeps the set from being made. May be nil.
	Announce func(cluster, hidden, final string) error

	path string
	root *os.Root
}

// Check looks at where sets shall go without changing anything. Every folder of the path must belong to root (or to
// this user), be no symbolic link, and be writable by its owner alone; above the last one the sticky bit will do. Folders
// at the end of the path may be missing.
func Check(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path || path == "/" {
		return fmt.Errorf("destination %q: give an absolute path without .. and without a slash at its end", path)
	}
	if err := CheckFolder(path); err != nil {
		return fmt.Errorf("destination %s: %w", path, err)
	}
	return nil
}

// CheckFolder is Check for an absolute path without .. of anything else.
func CheckFolder(path string) error {
	at := "/"
	for part := range strings.SplitSeq(path[1:], "/") {
		at = filepath.Join(at, part)
		err := checkFolder(at, at != path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Make opens the directory that Check accepts, and makes the missing folders of its path, 0700.
func Make(path string) (*Directory, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if err := Check(path); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return &Directory{path: path, root: root}, nil
}

// Close lets go of the directory.
func (d *Directory) Close() error { return d.root.Close() }

// checkFolder refuses a folder that somebody else could replace or fill. sticky allows what /tmp has.
func checkFolder(path string, sticky bool) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	return refuse(path, info, sticky)
}

func refuse(path string, info fs.FileInfo, sticky bool) error {
	mode := info.Mode()
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case mode.Type() == fs.ModeSymlink:
		return fmt.Errorf("%s is a symbolic link; give the path it leads to", path)
	case !mode.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case owner != 0 && owner != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to root (a mount that maps root to nobody?); chown root %s", path, owner, path)
	case mode.Perm()&0o022 != 0 && !(sticky && mode&fs.ModeSticky != 0):
		return fmt.Errorf("%s can be written by others than root (mode %04o); chmod go-w %s", path, mode.Perm(), path)
	}
	return nil
}

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// longestName leaves room for a set's time and method in a file name.
const longestName = 100

// CheckName refuses what cannot be part of a set's path. what names it in the error.
func CheckName(what, name string) error {
	if len(name) > longestName || !folderName.MatchString(name) {
		shown := strconv.Quote(name)
		if len(name) > longestName {
			shown = fmt.Sprintf("of %d bytes", len(name)) // all of it or nothing: it may be a password that went astray
		}
		return fmt.Errorf("%s %s cannot name a folder: use letters, digits, dot, dash and underscore, at most %d", what,
			shown, longestName)
	}
	return nil
}

// Free is the space left for new files at a path, in bytes, and the place that was asked: the path itself, or the
// nearest folder above it that is there.
func Free(path string) (bytes int64, at string, err error) {
	var s syscall.Statfs_t
	for at = path; ; at = filepath.Dir(at) {
		err = syscall.Statfs(at, &s)
		if err == nil {
			return int64(s.Bavail) * s.Bsize, at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return 0, at, fmt.Errorf("free space of %s: %w", at, err)
		}
	}
}

// FreeIn is the free space, in bytes, of the file system of a folder that is held open, also when its path is gone.
func FreeIn(folder *os.File) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(folder.Fd()), &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", folder.Name(), err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// Leftovers names folders of unfinished sets of a cluster: of backups that run now, or that were killed with all they
// could have cleaned up.
func (d *Directory) Leftovers(cluster string) []string {
	entries, _ := fs.ReadDir(d.root.FS(), cluster)
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), partial) })
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = filepath.Join(d.path, cluster, e.Name())
	}
	return names
}
