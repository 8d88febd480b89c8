// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Folder is a folder among the sets that is not a set.
type Folder struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Damaged is a set whose manifest cannot be used, with the problems.
type Damaged struct {
	Set      string    `json:"set"`
	Path     string    `json:"path"`
	Problems []Problem `json:"problems"`
}

// Listing is the content of a repository.
type Listing struct {
	// Sets are sorted, the newest first.
	Sets    []Entry   `json:"sets"`
	NoSets  []Folder  `json:"no_sets"`
	Damaged []Damaged `json:"damaged"`
	// Unreadable are folders of which nothing could be learned. List returns an error, too, if there are any.
	Unreadable []Folder `json:"unreadable"`
}

// Entry describes a set for a list.
type Entry struct {
	Set string `json:"set"`
	// Name is the last part of Set: sorting by it puts the sets of all clusters in order of time.
	Name       string  `json:"name"`
	Path       string  `json:"path"`
	Cluster    Cluster `json:"cluster"`
	Controller string  `json:"controller"`
	Method     string  `json:"method"`
	Server     string  `json:"server_version"`
	Started    float64 `json:"started_at"`
	Ended      float64 `json:"ended_at"`
	Bytes      int64   `json:"bytes"`
	RawBytes   int64   `json:"raw_bytes"`
	// Compression is that of the file with the data; ManifestSHA256 distinguishes sets of one name.
	Compression    string   `json:"compression"`
	ManifestSHA256 string   `json:"manifest_sha256"`
	Position       Position `json:"position"`
	// Verified is the deepest level that the set passed, at VerifiedAt; Problems say why a level failed.
	Verified   Level     `json:"verified"`
	VerifiedAt float64   `json:"verified_at"`
	Problems   []Problem `json:"problems"`
	// Verifications are the last outcome of each level, without the problems.
	Verifications []Verification `json:"verifications"`
	Warnings      []string       `json:"warnings"`
}

// Verification is the last outcome of a level: whether the set passed it, when, and on which host.
type Verification struct {
	Level Level   `json:"level"`
	OK    bool    `json:"ok"`
	At    float64 `json:"at"`
	Host  string  `json:"host"`
}

// NoListing returns the listing of a place that has nothing.
func NoListing() Listing {
	return Listing{Sets: []Entry{}, NoSets: []Folder{}, Damaged: []Damaged{}, Unreadable: []Folder{}}
}

// List lists the sets of all clusters, or of one. With an error the listing has what could be read: a set is missing
// there, or named as unreadable, so that no set in it is known to be the newest.
func (r *Repository) List(cluster string) (Listing, error) {
	l := NoListing()
	items, err := r.items(&l, cluster)
	errs := []error{err}
	for _, i := range items {
		if err := r.add(&l, i); err != nil {
			l.Unreadable = append(l.Unreadable, Folder{r.store.Location(i.set), err.Error()})
			errs = append(errs, err)
		}
	}
	slices.SortFunc(l.Sets, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(path.Base(b.Set), path.Base(a.Set)), cmp.Compare(a.Set, b.Set))
	})
	return l, excerpt.Join(errs...)
}

// items returns the sets of a cluster, or of all clusters. A cluster's folder that cannot be read is listed as such.
func (r *Repository) items(l *Listing, cluster string) (items []located, err error) {
	clusters := []Item{{Name: cluster}}
	if cluster == "" {
		if clusters, err = r.itemsIn(""); err != nil {
			return nil, err
		}
	} else if err := CheckName("cluster name", cluster); err != nil {
		return nil, err
	}
	var errs []error
	for _, c := range clusters {
		inside, err := r.itemsIn(c.Name)
		if err != nil {
			l.Unreadable = append(l.Unreadable, Folder{r.store.Location(c.Name), err.Error()})
			errs = append(errs, err)
		}
		for _, i := range inside {
			items = append(items, located{i, path.Join(c.Name, i.Name)})
		}
	}
	return items, excerpt.Join(errs...)
}

// located is a set in a list, with its complete name.
type located struct {
	Item
	set string
}

func (r *Repository) itemsIn(cluster string) ([]Item, error) {
	items, err := r.store.List(cluster)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("list %s: %w", r.store.Location(cluster), err)
	}
	return items, nil
}

// add adds one set to the listing.
func (r *Repository) add(l *Listing, i located) error {
	at := r.store.Location(i.set)
	if i.Unfinished {
		why := "unfinished: its backup still runs, or was killed"
		l.NoSets = append(l.NoSets, Folder{at, why})
		return nil
	}
	s, err := r.open(i.set)
	var broken *BrokenManifest
	switch {
	case errors.As(err, &broken):
		l.Damaged = append(l.Damaged, Damaged{i.set, at, []Problem{broken.Problem()}})
		return nil
	case errors.Is(err, fs.ErrNotExist):
		l.NoSets = append(l.NoSets, Folder{at, "it has no " + ManifestName})
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", at, err)
	}
	defer s.Close()
	l.Sets = append(l.Sets, s.Entry())
	return nil
}

// Entry describes the set as List does.
func (s *Set) Entry() Entry {
	m := s.Manifest
	e := Entry{
		Set: s.Name, Name: path.Base(s.Name), Path: s.Path(), Cluster: m.Cluster, Controller: m.Controller,
		Method: m.Method, Server: m.Server.Version,
		Started: m.StartedAt, Ended: m.EndedAt, Position: m.Position, Problems: []Problem{}, Warnings: []string{},
		Compression: m.Data().Compression, ManifestSHA256: s.Sum, Verifications: []Verification{},
	}
	for _, f := range m.Files {
		e.Bytes, e.RawBytes = e.Bytes+f.Bytes, e.RawBytes+f.RawBytes
	}
	record, err := s.Record()
	if err != nil {
		e.Warnings = append(e.Warnings, err.Error())
		return e
	}
	e.Verified, e.VerifiedAt, e.Problems = record.passed()
	e.Verifications = record.verifications()
	return e
}

// Newest is a name for the newest set.
const Newest = "newest"

// Set opens a set by its name, the last part of its name, its path, or Newest. cluster may be empty.
func (r *Repository) Set(cluster, name string) (*Set, error) {
	if name == Newest {
		return r.newest(cluster)
	}
	if filepath.IsAbs(name) {
		name = filepath.Clean(name)
	}
	name = strings.TrimPrefix(name, r.store.Location("")+"/")
	if !strings.Contains(name, "/") && cluster != "" {
		name = path.Join(cluster, name)
	}
	if strings.Count(name, "/") != 1 || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("set %q: give <cluster>/<set>, a path in %s, or %s", name, r.store.Location(""), Newest)
	}
	s, err := r.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w %s in %s: %w", ErrNoSet, name, r.store.Location(""), err)
	}
	return s, err
}

// ErrNoSet means that a repository has no set, or not the requested one.
var ErrNoSet = errors.New("there is no set")

func (r *Repository) newest(cluster string) (*Set, error) {
	l, err := r.List(cluster)
	if err != nil {
		return nil, err
	}
	newest := l.Newest()
	if newest == nil {
		return nil, fmt.Errorf("in %s %w", r.store.Location(cluster), ErrNoSet)
	}
	return r.open(newest.Set)
}

// Newest returns the newest set, nil if there is none. It may be a damaged one, of which little is known: otherwise an
// older set would be mistaken for the newest.
func (l Listing) Newest() *Entry {
	var newest *Entry
	if len(l.Sets) > 0 {
		newest = &l.Sets[0]
	}
	for _, d := range l.Damaged {
		if name := path.Base(d.Set); newest == nil || name > newest.Name {
			newest = &Entry{Set: d.Set, Name: name, Path: d.Path, Problems: d.Problems, Warnings: []string{},
				Verifications: []Verification{}}
		}
	}
	return newest
}
