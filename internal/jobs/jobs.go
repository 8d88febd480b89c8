// SPDX-License-Identifier: GPL-3.0-or-later

// Package jobs keeps the files of backup jobs on a controller: what must survive a reboot in /var/lib, secrets and the
// lease in /run. All of it belongs to root alone.
package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"

	"overcloud.backup/internal/journal"
)

// Store is where the files of jobs are: State on the disk, Run in memory.
type Store struct{ State, Run string }

// Default is the store of a controller.
func Default() Store {
	return Store{State: "/var/lib/overcloud.backup/jobs", Run: "/run/overcloud.backup"}
}

// NewID makes a job's name, as 20261123T081500Z-4f2a9c.
func NewID(now time.Time, random uint32) string {
	return fmt.Sprintf("%s-%06x", now.UTC().Format("20060102T150405Z"), random&0xffffff)
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// reserved are the names in Run that are no job's: the lock, and the folder of another kind of job.
var reserved = []string{lockName, "verifications"}

const lockName = "lock"

// CheckID refuses what cannot name a job.
func CheckID(id string) error {
	if !idForm.MatchString(id) || slices.Contains(reserved, id) {
		return fmt.Errorf("job %q: use letters, digits, dot, dash and underscore, at most 64, and none of %q", id, reserved)
	}
	return nil
}

// Create makes the files of a new job: its arguments, a first lease and state, and a copy of the program that runs it,
// so that a newer one cannot take its place. fs.ErrExist says that there is this job already.
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

func (j *Job) fill(arguments []byte, binary string) error {
	// This job is new, so what is there is left over.
	if err := errors.Join(os.RemoveAll(j.run()), os.Mkdir(j.run(), 0o700)); err != nil {
		return err
	}
	if err := writeFile(j.Arguments(), arguments, 0o600); err != nil {
		return err
	}
	if err := writeFile(j.lease(), []byte(j.ID), 0o600); err != nil {
		return err
	}
	if err := linkOrCopy(binary, j.Binary()); err != nil {
		return err
	}
	state, _ := json.Marshal(map[string]any{"started": 1, "finished": 0, "ansible_job_id": j.ID})
	if err := writeFile(j.StateFile(), append(state, '\n'), 0o600); err != nil {
		return err
	}
	return errors.Join(syncFolder(j.folder()), syncFolder(j.store.State))
}

// remove leaves nothing of a job.
func (j *Job) remove() error {
	return errors.Join(os.RemoveAll(j.run()), os.RemoveAll(j.folder()))
}

// Open finds a job. fs.ErrNotExist says that there is none of this name.
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

// over says that nobody needs a job's files any more.
func (j *Job) over() bool {
	state, err := j.State()
	if err != nil || !state.Finished {
		return false
	}
	left, err := journal.Read(j.Journal())
	return len(left) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist))
}

func (j *Job) ended() time.Time {
	info, err := os.Lstat(j.StateFile())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
