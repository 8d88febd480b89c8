// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// LockedError reports that another backup runs on this node.
type LockedError struct{ Job string }

// Error names the job that runs.
func (e *LockedError) Error() string {
	return fmt.Sprintf("job %s runs on this node; wait for its end, or cancel it", e.Job)
}

// Lock takes the node for one job, at once or not at all (*LockedError), and records the job for later callers. It ends
// with the process that holds it, however that ends.
func (s Store) Lock(job string) (release func(), err error) {
	if err := MakeFolder(s.Run); err != nil {
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	path := filepath.Join(s.Run, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	if err := hold(f, job); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	return func() { f.Close() }, nil
}

func hold(f *os.File, job string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &LockedError{Job: holder(f)}
	}
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(job+"\n"), 0)
	return err
}

// holder returns the last job that wrote its name. A job that has just taken the lock may not have written it yet.
func holder(f *os.File) string {
	raw, _ := io.ReadAll(io.LimitReader(f, 100))
	if job := strings.TrimSpace(string(raw)); CheckID(job) == nil {
		return job
	}
	return "(unknown)"
}

// pollEvery is the interval of checks whether another process has undone a job.
const pollEvery = 50 * time.Millisecond

// Alone waits, at most until ctx ends, until no other process undoes this job: two at once, such as those of two
// playbooks after the restart of a host, would overwrite each other's lines in its journal. The job itself, while it
// runs, does not count.
func (j *Job) Alone(ctx context.Context) (release func(), err error) {
	folder, err := os.OpenFile(j.folder(), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("job %s: %w", j.ID, err)
	}
	for {
		err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { folder.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			folder.Close()
			return nil, fmt.Errorf("job %s: lock %s: %w", j.ID, folder.Name(), err)
		}
		select {
		case <-ctx.Done():
			folder.Close()
			return nil, fmt.Errorf("job %s: another process is undoing it, and did not come to an end: %w", j.ID,
				context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
}
