// SPDX-License-Identifier: GPL-3.0-or-later

// Package local keeps the sets of a repository in a directory of this host, which may be a mount:
// <root>/<cluster>/<set>/. A set is written under a hidden name and gets its own name when all of it is on the disk.
// All of the directory belongs to this user, and nobody else can put anything in its way; every file in it is opened
// without following a link and without waiting anyway.
package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
)

// partial is the prefix of the name of an unfinished set.
const partial = ".partial-"

// store is a checked directory.
type store struct {
	path string
	root *os.Root
}

// Open opens an existing directory, under the rules of Check.
func Open(path string) (repository.Store, error) {
	return open(path, func(string) error { return nil })
}

// Make opens a directory under the rules of Check, and creates the missing folders of its path, 0700.
func Make(path string) (repository.Store, error) {
	return open(path, func(path string) error {
		if err := safefile.MakeFolder(path, safefile.Rule{Folder: true}); err != nil {
			return fmt.Errorf("destination: %w", explained(err))
		}
		return nil
	})
}

func open(path string, prepare func(path string) error) (repository.Store, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	if err := prepare(path); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	return &store{path: path, root: root}, nil
}

func (s *store) Close() error { return s.root.Close() }

func (s *store) Location(name string) string { return filepath.Join(s.path, name) }

func (s *store) Working(set string) string { return partial + path.Base(set) }

func (s *store) List(cluster string) (items []repository.Item, err error) {
	folder := cluster
	if cluster == "" {
		folder = "."
	} else if err := repository.CheckName("cluster name", cluster); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(s.root.FS(), folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		// A file system keeps folders of its own next to the clusters.
		if !e.IsDir() || cluster == "" && (strings.HasPrefix(e.Name(), ".") || e.Name() == "lost+found") {
			continue
		}
		items = append(items, repository.Item{Name: e.Name(), Unfinished: strings.HasPrefix(e.Name(), partial)})
	}
	return items, nil
}

func (s *store) Open(set string) (repository.Source, error) {
	if err := checkSetName(set); err != nil {
		return nil, err
	}
	folder, err := s.root.OpenRoot(set)
	if err != nil {
		return nil, err
	}
	return &source{folder}, nil
}

// checkSetName refuses the name of a set that leads elsewhere.
func checkSetName(set string) error {
	if strings.Count(set, "/") != 1 || !filepath.IsLocal(set) || path.Clean(set) != set {
		return fmt.Errorf("set %q: give <cluster>/<set>", excerpt.Of(set))
	}
	return nil
}

// source is the folder of a set, held open.
type source struct{ folder *os.Root }

func (s *source) Close() error { return s.folder.Close() }

func (s *source) Open(name string, offset int64) (io.ReadCloser, int64, error) {
	var f *os.File
	var info fs.FileInfo
	// A record that is being replaced has another file under its name from one moment to the next, and is no problem of
	// the set.
	err := errExchanged
	for tries := 0; tries < maxTries && errors.Is(err, errExchanged); tries++ {
		f, info, err = s.open(name)
	}
	if err != nil {
		return nil, 0, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// maxTries is how often a file may be replaced while it is opened. Who replaces it waits for the disk each time.
const maxTries = 10

var errExchanged = fmt.Errorf("%w any more", repository.ErrIrregular)

// open opens what has a name, if it is the file that was looked at.
func (s *source) open(name string) (*os.File, fs.FileInfo, error) {
	there, err := s.folder.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !there.Mode().IsRegular() {
		return nil, nil, repository.ErrIrregular
	}
	// It may have been exchanged since: it is opened without waiting, and checked again through what was opened.
	f, err := s.folder.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(there, info) {
		err = errExchanged
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

func (s *source) Replace(name string, content []byte) error {
	return durable.ReplaceIn(s.folder, name, content, 0o600)
}

// Discard is Store.Discard for a directory that may be gone: then there is nothing to remove.
func Discard(destination, cluster, hidden string) (removed bool, err error) {
	if err := unfinished(cluster, hidden); err != nil {
		return false, err
	}
	if _, err := os.Lstat(filepath.Join(destination, cluster, hidden)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	s, err := Open(destination)
	if err != nil {
		return false, err
	}
	defer s.Close()
	return s.Discard(cluster, hidden)
}

func (s *store) Discard(cluster, hidden string) (removed bool, err error) {
	if err := unfinished(cluster, hidden); err != nil {
		return false, err
	}
	name := filepath.Join(cluster, hidden)
	if _, err := s.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := s.root.RemoveAll(name); err != nil {
		return false, fmt.Errorf("remove %s manually: %w", s.Location(name), err)
	}
	_ = s.root.Remove(cluster) // only if nothing else is in it
	return true, nil
}

// unfinished refuses names that are not those of an unfinished set.
func unfinished(cluster, hidden string) error {
	name, is := strings.CutPrefix(hidden, partial)
	if !is || repository.CheckSetName(name) != nil {
		return fmt.Errorf("%q does not name an unfinished set", excerpt.Of(hidden))
	}
	return repository.CheckName("cluster name", cluster)
}
