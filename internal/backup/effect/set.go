// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"errors"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

// openTimeout is how long it may take to begin a set at a destination that may hang.
const openTimeout = 30 * time.Second

// Set is an unfinished set at its destination. It is recorded before it is created, and is gone after Abort.
type Set struct {
	*repository.Draft
	dir    *repository.Repository
	undone func() error
}

// SetRequest names a set.
type SetRequest struct {
	Destination, Cluster, Method, Controller string
	Begun                                    time.Time
}

// BeginSet creates a new set. If the destination hangs, the set that may still be created stays in the journal.
func BeginSet(want SetRequest, notes *Notes) (*Set, error) {
	return abandon.After(openTimeout, "begin a set in "+want.Destination, func() (*Set,
		error) {
		return want.begin(notes)
	})
}

func (want SetRequest) begin(notes *Notes) (*Set, error) {
	dir, err := stores.Make(want.Destination)
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir}
	dir.Announce = func(cluster, hidden, final string) (err error) {
		s.undone, err = notes.record(SetEffect, setUndo{
			Destination: want.Destination, Cluster: cluster, Hidden: hidden, Final: final,
			Mount: mountOf(want.Destination),
		})
		return err
	}
	s.Draft, err = dir.Create(want.Cluster, want.Method, want.Controller, want.Begun)
	if err != nil {
		err = errors.Join(err, dir.Close())
		if s.undone != nil {
			err = errors.Join(err, s.undone())
		}
		return nil, err
	}
	return s, nil
}

// Abort removes the set.
func (s *Set) Abort() error {
	_, err := abandon.After(removeTimeout, "remove "+s.Folder(), abandon.Action(s.Draft.Abort))
	return undoneUnless(err, s.undone)
}

// Committed records that the set is complete, so that nothing has to be undone.
func (s *Set) Committed() error { return s.undone() }

// Close releases the destination. The set stays as it is.
func (s *Set) Close() error { return s.dir.Close() }

// Leftovers returns the unfinished sets of the same cluster next to this one.
func (s *Set) Leftovers(cluster string) (paths []string) {
	for _, path := range s.dir.Leftovers(cluster) {
		if path != s.Folder() {
			paths = append(paths, path)
		}
	}
	return paths
}
