// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"overcloud.backup/internal/excerpt"
)

// Set is a set of a repository that is being read.
type Set struct {
	Name     string // <cluster>/<time>_<method>_<controller>
	Manifest *Manifest
	// Sum is the sha256 of the stored manifest.
	Sum    string
	source Source
	at     string
}

// Path returns where the set is.
func (s *Set) Path() string { return s.at }

// Bytes returns the size of all its files.
func (s *Set) Bytes() (sum int64) {
	for _, f := range s.Manifest.Files {
		sum += f.Bytes
	}
	return sum
}

// Close releases the set.
func (s *Set) Close() error { return s.source.Close() }

func (s *Set) path(name string) string { return s.at + "/" + name }

// BrokenManifest is a set whose manifest cannot be read: nothing of it can be proven.
type BrokenManifest struct {
	Set, Path string
	Err       error
}

// Error names the manifest and what is wrong with it.
func (e *BrokenManifest) Error() string {
	return fmt.Sprintf("%s: %v", e.Path+"/"+ManifestName, e.Err)
}

// Unwrap returns what is wrong with it.
func (e *BrokenManifest) Unwrap() error { return e.Err }

// Problem returns it as a problem of the set.
func (e *BrokenManifest) Problem() Problem { return Damage(ManifestName, "%v", e.Err) }

// open opens a set by its name. fs.ErrNotExist means that it is not a set, a *BrokenManifest that it was one.
func (r *Repository) open(name string) (*Set, error) {
	source, err := r.store.Open(name)
	if err != nil {
		return nil, err
	}
	s := &Set{Name: name, source: source, at: r.store.Location(name)}
	content, err := s.readSmall(ManifestName)
	if err == nil || errors.Is(err, ErrIrregular) || ofMedium(err) || errors.Is(err, errTooLong) {
		if err == nil {
			err = s.parse(content)
		}
		if err != nil {
			err = &BrokenManifest{name, s.at, err}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("read %s: %w", s.path(ManifestName), err)
	}
	if err != nil {
		source.Close()
		return nil, err
	}
	return s, nil
}

// parse reads the manifest.
func (s *Set) parse(content []byte) (err error) {
	sum := sha256.Sum256(content)
	s.Sum = hex.EncodeToString(sum[:])
	if s.Manifest, err = ParseManifest(content); err != nil {
		return err
	}
	if s.Manifest.Set != s.Name {
		return fmt.Errorf("it belongs to the set %q", excerpt.Of(s.Manifest.Set))
	}
	return nil
}

// maxSmall limits the size of a manifest or a record; one of 100,000 schemas needs less.
const maxSmall = 64 << 20

// errTooLong reports a manifest or a record that is larger.
var errTooLong = fmt.Errorf("it has more than %d bytes", maxSmall)

// readSmall reads a file of the set up to that limit.
func (s *Set) readSmall(name string) ([]byte, error) {
	f, _, err := s.source.Open(name, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(content) > maxSmall {
		err = errTooLong
	}
	return content, err
}
