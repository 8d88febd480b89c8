// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/excerpt"
)

const (
	partial = ".partial-"
	// ManifestName is the file that makes a folder a set.
	ManifestName = "manifest.json"
	timeFormat   = "20060102T150405Z"
)

// Draft is a set that is being written. It must end with Commit or Abort.
type Draft struct {
	dir         *Directory
	cluster     string
	name        string
	folder      *os.Root
	madeCluster bool
	published   bool // has its final name
}

// Create begins a set. Its name has the time in UTC, to the second, moved on while there is a set of that name.
func (d *Directory) Create(cluster, method, controller string, now time.Time) (*Draft, error) {
	for what, name := range map[string]string{"cluster name": cluster, "method": method, "controller name": controller} {
		if err := CheckName(what, name); err != nil {
			return nil, err
		}
	}
	made, err := d.clusterFolder(cluster)
	if err != nil {
		return nil, err
	}
	s := &Draft{dir: d, cluster: cluster, madeCluster: made}
	for range 100 {
		s.name = now.UTC().Format(timeFormat) + "_" + method + "_" + controller
		err = s.claim()
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		now = now.Add(time.Second)
	}
	if err != nil {
		s.forgetCluster()
		return nil, fmt.Errorf("make a set in %s: %w", d.path, err)
	}
	return s, nil
}

func (d *Directory) clusterFolder(cluster string) (made bool, err error) {
	err = d.root.Mkdir(cluster, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("destination %s: %w", d.path, err)
	}
	made = err == nil
	info, err := d.root.Lstat(cluster)
	if err == nil {
		err = refuse(filepath.Join(d.path, cluster), info, false)
	}
	return made, err
}

// claim takes the name, or says that it exists.
func (s *Draft) claim() error {
	if _, err := s.dir.root.Lstat(s.final()); err == nil {
		return fs.ErrExist
	}
	if _, err := s.dir.root.Lstat(s.hidden()); err == nil {
		return fs.ErrExist
	}
	if s.dir.Announce != nil {
		if err := s.dir.Announce(s.cluster, partial+s.name, s.name); err != nil {
			return err
		}
	}
	if err := s.dir.root.Mkdir(s.hidden(), 0o700); err != nil {
		return err
	}
	folder, err := s.dir.root.OpenRoot(s.hidden())
	s.folder = folder
	return err
}

func (s *Draft) final() string  { return filepath.Join(s.cluster, s.name) }
func (s *Draft) hidden() string { return filepath.Join(s.cluster, partial+s.name) }

// Name is <cluster>/<time>_<method>_<controller>. It stands in the manifest too, so that a manifest that was put
// into another set shows.
func (s *Draft) Name() string { return s.final() }

// Path is where the set will be, after Commit.
func (s *Draft) Path() string { return filepath.Join(s.dir.path, s.final()) }

// Folder is where the set's files are until then.
func (s *Draft) Folder() string { return filepath.Join(s.dir.path, s.hidden()) }

// New opens a new file of the set for writing, 0600. The caller syncs and closes it.
func (s *Draft) New(name string) (*os.File, error) {
	return s.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
}

// Add writes a small file, uncompressed.
func (s *Draft) Add(name, content string, data []byte) (File, error) {
	sum := sha256.Sum256(data)
	f := File{Name: name, Content: content, Compression: "none", Bytes: int64(len(data)), RawBytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
	return f, s.write(name, data)
}

func (s *Draft) write(name string, data []byte) error {
	file, err := s.New(name)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// Commit writes the manifest and gives the set its name; only then it exists. An error leaves it for Abort.
func (s *Draft) Commit(m *Manifest) error {
	m.Format, m.Set = Format, s.Name()
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if len(data) >= maxManifest {
		return fmt.Errorf("manifest: it would have %d bytes, and is read up to %d only", len(data), maxManifest)
	}
	if err := s.publish(append(bytes.TrimSpace(data), '\n')); err != nil {
		return fmt.Errorf("finish the set %s: %w", s.Path(), err)
	}
	return s.folder.Close()
}

// publish is: temporary name, fsync, rename, fsync of the folder; then the same for the folder itself.
func (s *Draft) publish(manifest []byte) error {
	if err := s.write(ManifestName+".tmp", manifest); err != nil {
		return err
	}
	if err := s.folder.Rename(ManifestName+".tmp", ManifestName); err != nil {
		return err
	}
	if err := syncFolder(s.folder, "."); err != nil {
		return err
	}
	if err := s.dir.root.Rename(s.hidden(), s.final()); err != nil {
		return err
	}
	s.published = true
	return errors.Join(syncFolder(s.dir.root, s.cluster), syncFolder(s.dir.root, "."))
}

func syncFolder(r *os.Root, name string) error {
	f, err := r.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Restart removes all files of the set, so that it can be written anew.
func (s *Draft) Restart() error {
	entries, err := fs.ReadDir(s.folder.FS(), ".")
	for _, e := range entries {
		err = errors.Join(err, s.folder.RemoveAll(e.Name()))
	}
	if err != nil {
		return fmt.Errorf("empty %s: %w", s.Folder(), err)
	}
	return nil
}

// Abort removes all of the set. The error names what is left.
func (s *Draft) Abort() error {
	s.folder.Close()
	name := s.hidden()
	if s.published {
		name = s.final()
	}
	if err := s.dir.root.RemoveAll(name); err != nil {
		return fmt.Errorf("remove %s by hand: %w", filepath.Join(s.dir.path, name), err)
	}
	s.forgetCluster()
	return nil
}

// forgetCluster removes the cluster's folder if this set made it. Another backup may have begun a set there; then it
// is not empty and stays.
func (s *Draft) forgetCluster() {
	if s.madeCluster {
		_ = s.dir.root.Remove(s.cluster)
	}
}

// Discard removes an unfinished set, which somebody else began, by the name that Announce gave. A set that has got its own
// name is never touched. It says whether there was anything.
func Discard(destination, cluster, hidden string) (removed bool, err error) {
	if !strings.HasPrefix(hidden, partial) || CheckName("set", strings.TrimPrefix(hidden, partial)) != nil {
		return false, fmt.Errorf("%q does not name an unfinished set", excerpt.Of(hidden))
	}
	if err := CheckName("cluster name", cluster); err != nil {
		return false, err
	}
	if _, err := os.Lstat(filepath.Join(destination, cluster, hidden)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := Check(destination); err != nil {
		return false, err
	}
	root, err := os.OpenRoot(destination)
	if err != nil {
		return false, fmt.Errorf("destination: %w", err)
	}
	defer root.Close()
	if err := root.RemoveAll(filepath.Join(cluster, hidden)); err != nil {
		return false, fmt.Errorf("remove %s by hand: %w", filepath.Join(destination, cluster, hidden), err)
	}
	_ = root.Remove(cluster) // only if nothing else is in it
	return true, nil
}
