// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"overcloud.backup/internal/unit"
)

// Await waits for the end of a job and returns its result. A caller that leaves in the meantime does not end the job.
func (k Kind) Await(ctx context.Context, caller Caller, job *Job) (*Answer, error) {
	var trouble failing
	for {
		if k.Lease {
			_ = job.Renew() // the job has ended, or itself reports that it misses the lease
		}
		s, err := job.Look(ctx)
		if trouble.tooLong(err, time.Now()) && ctx.Err() == nil {
			return nil, err
		}
		if err == nil && s.Ended {
			k.forget(ctx, job)
			return s.Outcome()
		}
		if s.Progress != nil {
			caller.Report(s.Progress)
		}
		select {
		case <-ctx.Done():
			return k.Alone(job)
		case <-time.After(k.Pause):
		}
	}
}

// forget makes systemd forget a unit that nobody asks about any more.
func (k Kind) forget(ctx context.Context, job *Job) {
	if k.Forget {
		_ = unit.Forget(ctx, job.Unit())
	}
}

// Info reports the state of a job, and changes nothing: who only looks is not its caller.
func Info(ctx context.Context, job *Job) (*Answer, error) {
	s, err := job.Look(ctx)
	if err != nil {
		return nil, err
	}
	return &Answer{Msg: s.Message(), Values: s}, nil
}

// Status reports the progress of a job. It renews the lease: the one who asks is the job's caller.
func (k Kind) Status(ctx context.Context, job *Job) (*Answer, error) {
	if k.Lease {
		_ = job.Renew() // fails if the job has ended, which Look reports
	}
	s, err := job.Look(ctx)
	if err != nil {
		return nil, err
	}
	if s.Ended {
		k.forget(ctx, job)
	}
	return &Answer{Msg: s.Message(), Values: s}, nil
}

// Cancel ends a job in order: it undoes what it did.
func (k Kind) Cancel(ctx context.Context, caller Caller, job *Job) (*Answer, error) {
	before, err := job.Look(ctx)
	if err != nil || before.Ended {
		return &Answer{Msg: before.Message(), Values: before}, err
	}
	if caller.CheckMode {
		return &Answer{Changed: true, Msg: "job " + job.ID + " would be cancelled", Values: before}, nil
	}
	if err := unit.Stop(ctx, job.Unit()); err != nil {
		return nil, err
	}
	_ = unit.Forget(ctx, job.Unit())
	s, err := job.Look(ctx)
	return &Answer{Changed: true, Msg: s.Message(), Values: s}, err
}

// Current returns the job that runs here, otherwise nil.
func (s Store) Current(ctx context.Context) (*Job, error) {
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, job := range all {
		u, err := unit.Show(ctx, job.Unit())
		if err != nil {
			return nil, err
		}
		if u.Running() {
			return job, nil
		}
	}
	return nil, nil
}

// Running reports whether a job of this host runs. One that this host never had does not.
func Running(ctx context.Context, id string) (bool, error) {
	if err := CheckID(id); err != nil {
		return false, err
	}
	u, err := unit.Show(ctx, Unit(id))
	return u.Running(), err
}

// DropDeadSecrets drops the secrets of jobs that no longer run.
func (s Store) DropDeadSecrets(ctx context.Context) error {
	all, err := s.List()
	for _, job := range all {
		u, failed := unit.Show(ctx, job.Unit())
		if failed == nil && !u.Running() {
			failed = job.DropSecrets()
		}
		if failed != nil && !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// failing is a time in which checks fail. For a while they may: systemd is being restarted, or a host is too busy to
// answer.
type failing struct{ since time.Time }

// tooLong reports that checks, including this one if err is not nil, have failed for too long.
func (s *failing) tooLong(err error, now time.Time) bool {
	switch {
	case err == nil:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = now
	}
	return err != nil && now.Sub(s.since) > maxFailing
}

const maxFailing = 30 * time.Second

// Late is the reason why the context of a job ends that took longer than max_duration.
func Late(seconds float64) error { return fmt.Errorf("max_duration of %g s has passed", seconds) }
