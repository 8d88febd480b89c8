// SPDX-License-Identifier: GPL-3.0-or-later

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
)

// sink is a set that is being written, under its hidden name.
type sink struct {
	store       *store
	set         string // <cluster>/<set>
	hidden      string // <cluster>/.partial-<set>
	folder      *os.Root
	madeCluster bool
	published   bool // has its final name
}

func (s *store) Create(set string, announce func() error) (repository.Sink, error) {
	if err := checkSetName(set); err != nil {
		return nil, err
	}
	made, err := s.clusterFolder(path.Dir(set))
	if err != nil {
		return nil, err
	}
	w := &sink{store: s, set: set, hidden: filepath.Join(path.Dir(set), s.Working(set)), madeCluster: made}
	if err := w.claim(announce); err != nil {
		w.forgetCluster()
		return nil, err
	}
	return w, nil
}

func (s *store) clusterFolder(cluster string) (made bool, err error) {
	err = s.root.Mkdir(cluster, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("destination %s: %w", s.path, err)
	}
	made = err == nil
	info, err := s.root.Lstat(cluster)
	if err == nil {
		err = explained(safefile.Rule{Folder: true}.Check(s.Location(cluster), info))
	}
	return made, err
}

// claim takes the name, or says that it exists.
func (w *sink) claim(announce func() error) error {
	for _, name := range []string{w.set, w.hidden} {
		if _, err := w.store.root.Lstat(name); err == nil {
			return fs.ErrExist
		}
	}
	if err := announce(); err != nil {
		return err
	}
	if err := w.store.root.Mkdir(w.hidden, 0o700); err != nil {
		return err
	}
	folder, err := w.store.root.OpenRoot(w.hidden)
	w.folder = folder
	return err
}

// written is a file of the set that is being written.
type written struct{ *os.File }

// Size returns the file's length.
func (f written) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Create creates a file, 0600.
func (w *sink) Create(name string) (repository.Writer, error) {
	f, err := w.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	return written{f}, nil
}

// Commit syncs the manifest and the set's folder before the set gets its name, and then the folders that have the name.
func (w *sink) Commit(manifest []byte) error {
	if err := durable.ReplaceIn(w.folder, repository.ManifestName, manifest, 0o600); err != nil {
		return err
	}
	if err := w.store.root.Rename(w.hidden, w.set); err != nil {
		return err
	}
	w.published = true
	err := errors.Join(durable.SyncFolderIn(w.store.root, path.Dir(w.set)), durable.SyncFolderIn(w.store.root, "."))
	if err != nil {
		return err
	}
	return w.folder.Close()
}

func (w *sink) Reset() error {
	entries, err := fs.ReadDir(w.folder.FS(), ".")
	for _, e := range entries {
		err = errors.Join(err, w.folder.RemoveAll(e.Name()))
	}
	return err
}

func (w *sink) Abort() error {
	w.folder.Close()
	name := w.hidden
	if w.published {
		name = w.set
	}
	if err := w.store.root.RemoveAll(name); err != nil {
		return fmt.Errorf("remove %s manually: %w", w.store.Location(name), err)
	}
	w.forgetCluster()
	return nil
}

// forgetCluster removes the cluster's folder if this set created it. Another backup may have begun a set there; then it
// is not empty and stays.
func (w *sink) forgetCluster() {
	if w.madeCluster {
		_ = w.store.root.Remove(path.Dir(w.set))
	}
}
