// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// LockedError says that another backup runs on this node.
type LockedError struct{ Job string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("job %s runs on this node; wait for its end, or cancel it", e.Job)
}

// Lock takes the node for one job, at once or not at all (*LockedError), and notes the job for those who come later. It
// goes with the process that holds it, whatever ends that.
func (s Store) Lock(job string) (release func(), err error) {
	if err := makeFolder(s.Run); err != nil {
		return nil, fmt.Errorf("lock this node: %w", err)
	}
	path := filepath.Join(s.Run, reserved)
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

// holder is who wrote its name last. Who has just taken the lock may not have written it yet.
func holder(f *os.File) string {
	raw, _ := io.ReadAll(io.LimitReader(f, 100))
	if job := strings.TrimSpace(string(raw)); CheckID(job) == nil {
		return job
	}
	return "(unknown)"
}
