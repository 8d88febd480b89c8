// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/safefile"
)

// Set is one set of a repository, opened.
type Set struct {
	Name     string // <cluster>/<time>_<method>_<controller>
	Manifest *Manifest
	// Sum is the sha256 of the manifest as it lies there.
	Sum    string
	folder *os.Root
	at     string
}

// Path is where the set lies.
func (s *Set) Path() string { return s.at }

// Bytes are those of all its files.
func (s *Set) Bytes() (sum int64) {
	for _, f := range s.Manifest.Files {
		sum += f.Bytes
	}
	return sum
}

// Close lets go of the set.
func (s *Set) Close() error { return s.folder.Close() }

func (s *Set) path(name string) string { return filepath.Join(s.at, name) }

// BrokenManifest is a set whose manifest cannot be read: nothing of it can be proven.
type BrokenManifest struct {
	Set, Path string
	Err       error
}

func (e *BrokenManifest) Error() string {
	return fmt.Sprintf("%s: %v", filepath.Join(e.Path, ManifestName), e.Err)
}
func (e *BrokenManifest) Unwrap() error { return e.Err }

// Problem is the same for a list of problems.
func (e *BrokenManifest) Problem() Problem { return Damage(ManifestName, "%v", e.Err) }

// open opens the set of a name. fs.ErrNotExist is a folder that is no set; a *BrokenManifest one that was.
func (r *Repository) open(name string) (*Set, error) {
	folder, err := r.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: name, folder: folder, at: filepath.Join(r.path, name)}
	if err := s.readManifest(); err != nil {
		folder.Close()
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, &BrokenManifest{name, s.at, err}
	}
	return s, nil
}

func (s *Set) readManifest() error {
	content, err := safefile.ReadIn(s.folder, ManifestName, maxSmall)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	s.Sum = hex.EncodeToString(sum[:])
	if s.Manifest, err = ParseManifest(content); err != nil {
		return err
	}
	if s.Manifest.Set != s.Name {
		return fmt.Errorf("it is that of the set %q", excerpt.Of(s.Manifest.Set))
	}
	return nil
}

// maxSmall bounds a manifest or a record; one of 100,000 schemas needs less.
const maxSmall = 64 << 20
