// SPDX-License-Identifier: GPL-3.0-or-later

// Package backups runs backups as jobs: units of systemd that are started, awaited, checked, cancelled, and undone if
// they died.
package backups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/unit"
)

const (
	// keepJobs is the number of ended jobs whose results are kept on the controller.
	keepJobs = 20
	// stopMargin is how much longer than the drain of the queue the undo of a job may take: a resync, a lock, a folder.
	stopMargin = 4 * time.Minute
)

// kind is what the jobs of these options have in common.
func (o Options) kind(store jobs.Store) jobs.Kind {
	return jobs.Kind{
		What: "backup", Store: store, Keep: keepJobs, Spec: o.spec, Alone: callerLeft,
		Lease: true, Pause: min(time.Second, option.Seconds(o.Lease)/3),
	}
}

func (o Options) spec(job *jobs.Job) unit.Spec {
	return unit.Spec{
		Name: job.Unit(), Description: "overcloud.backup job " + job.ID, Limits: o.limits(),
		Exec:        []string{job.Binary(), job.Arguments(), "--job", job.StateFile()},
		StopPost:    []string{job.Binary(), job.Arguments(), "--undo", job.StateFile()},
		StopTimeout: option.Seconds(o.DrainTimeout) + stopMargin,
	}
}

// callerLeft is the answer to a caller that leaves: the lease decides whether the job continues.
func callerLeft(job *jobs.Job) (*jobs.Answer, error) {
	return &jobs.Answer{Values: map[string]any{"job": job.ID, "unit": job.Unit()}},
		fmt.Errorf("job %s continues without its caller; state: status shows it, state: cancelled ends it", job.ID)
}

// Start starts a job, or finds the one with this id, and waits for it if requested.
func (o Options) Start(ctx context.Context, caller jobs.Caller, store jobs.Store) (*jobs.Answer, error) {
	if _, err := jobs.Systemd(ctx); err != nil {
		return nil, err
	}
	return o.kind(store).Start(ctx, caller, o.Job, o.Wait)
}

// Plan checks everything and changes nothing.
func (o Options) Plan(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	job, err := backup.Prepare(ctx, o.options(caller))
	if err != nil {
		return &jobs.Answer{Values: outlook(err)}, err
	}
	values := map[string]any{"plan": job.Plan()}
	return &jobs.Answer{Changed: true, Msg: job.Plan().Summary(), Values: values, Warnings: job.Plan().Warnings}, nil
}

// Status reports the progress of a job, that of the options or the one that runs, as its caller.
func (o Options) Status(ctx context.Context, store jobs.Store) (*jobs.Answer, error) {
	return ask(ctx, store, o.Job, o.kind(store).Status)
}

// Info reports the same to somebody who only looks. Without an id it is of the job that runs.
func Info(ctx context.Context, store jobs.Store, id string) (*jobs.Answer, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	return ask(ctx, store, id, jobs.Info)
}

func ask(
	ctx context.Context, store jobs.Store, id string, how func(context.Context, *jobs.Job) (*jobs.Answer, error),
) (*jobs.Answer, error) {
	job, err := find(ctx, store, id)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return &jobs.Answer{Msg: "no job runs here", Values: map[string]any{"running": false}}, nil
	}
	return how(ctx, job)
}

// Cancel ends a job in order: it undoes what it did, and no set is left.
func (o Options) Cancel(ctx context.Context, caller jobs.Caller, store jobs.Store) (*jobs.Answer, error) {
	job, err := find(ctx, store, o.Job)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return &jobs.Answer{Msg: "no job runs here"}, nil
	}
	return o.kind(store).Cancel(ctx, caller, job)
}

// find returns the job with this id, without one that which runs, otherwise nil.
func find(ctx context.Context, store jobs.Store, id string) (*jobs.Job, error) {
	if id == "" {
		return store.Current(ctx)
	}
	job, err := store.Open(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no job %s on this host; without the option job the running one is meant", id)
	}
	return job, err
}

// Examine runs the checks of a plan on this host, each of them, and changes nothing.
func (o Options) Examine(ctx context.Context, caller jobs.Caller) (backup.Examined, error) {
	return backup.Examine(ctx, o.options(caller))
}

// outlook says what may help after a failure: another controller, or waiting, also for the other job of this node.
func outlook(err error) map[string]any {
	var busy *jobs.LockedError
	return map[string]any{
		"elsewhere": backup.TryAnother(err), "passes": backup.Passes(err) || errors.As(err, &busy),
	}
}
