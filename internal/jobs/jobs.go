// SPDX-License-Identifier: GPL-3.0-or-later

// Package jobs runs the jobs of a controller as units of systemd: it starts and awaits them, reports their progress and
// ends them, whatever their kind. It keeps their files: what must survive a reboot in /var/lib, secrets and the lease
// in /run. All of it belongs only to root.
package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Create creates the files of a new job: its arguments, a first lease and state, and a copy of the program that runs
// it, so that a newer one cannot take its place. fs.ErrExist means that this job already exists.
func (s Store) Create(id string, arguments []byte, binary string) (*Job, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	j := &Job{ID: id, store: s}
	if err := errors.Join(MakeFolder(s.State), MakeFolder(s.Run)); err != nil {
		return nil, fmt.Errorf("job %s: %w", id, err)
	}
	if err := os.Mkdir(j.folder(), 0o700); err != nil {
		return nil, fmt.Errorf("job %s: %w", id, err)
	}
	if err := j.fill(arguments, binary); err != nil {
		return nil, errors.Join(fmt.Errorf("job %s: %w", id, err), j.remove())
	}
	return j, nil
}

// Open finds a job. fs.ErrNotExist means that there is none of this name.
func (s Store) Open(id string) (*Job, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	j := &Job{ID: id, store: s}
	for _, folder := range []string{s.State, j.folder()} {
		if err := checkPath(folder); err != nil {
			return nil, fmt.Errorf("job %s: %w", id, err)
		}
	}
	if err := checkPath(j.run()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("job %s: %w", id, err)
	}
	return j, nil
}

// List finds all jobs, in the order of their names, which is that of time. A host without any has none.
func (s Store) List() (jobs []*Job, err error) {
	if err := checkPath(s.State); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	entries, err := os.ReadDir(s.State)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	for _, e := range entries {
		if CheckID(e.Name()) != nil {
			continue
		}
		j, openErr := s.Open(e.Name())
		if openErr != nil {
			err = errors.Join(err, openErr)
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, err
}

// Prune removes all but the newest finished jobs. One that has something to undo, or whose journal is damaged, stays.
func (s Store) Prune(keep int) error {
	jobs, err := s.List()
	var over []*Job
	for _, j := range jobs {
		if j.over() {
			over = append(over, j)
		}
	}
	slices.SortStableFunc(over, func(a, b *Job) int { return b.ended().Compare(a.ended()) })
	for _, j := range over[min(max(keep, 0), len(over)):] {
		err = errors.Join(err, j.remove())
	}
	return err
}
