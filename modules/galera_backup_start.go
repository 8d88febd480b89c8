// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
)

const (
	// keepJobs is of how many ended jobs the results are kept on the controller.
	keepJobs = 20
	// stopMargin is how much longer than the drain of the queue the undo of a job may take: a resync, a lock, a folder.
	stopMargin = 4 * time.Minute
)

// start starts a job as a unit of systemd, or finds the one of this id, and waits for it if that is wanted.
func (o galeraBackupOptions) start(ctx context.Context, call *ansible.Call, store jobs.Store) (*ansible.Result, error) {
	if _, err := systemd(ctx); err != nil {
		return nil, err
	}
	return launch{what: "backup", store: store, keep: keepJobs, wait: o.Wait, spec: o.spec, await: o.await}.start(ctx, call, o.Job)
}

func (o galeraBackupOptions) spec(job *jobs.Job) unit.Spec {
	return unit.Spec{
		Name: job.Unit(), Description: "overcloud.backup job " + job.ID, Limits: o.limits(),
		Exec:        []string{job.Binary(), job.Arguments(), "--job", job.StateFile()},
		StopPost:    []string{job.Binary(), job.Arguments(), "--undo", job.StateFile()},
		StopTimeout: seconds(o.DrainTimeout) + stopMargin,
	}
}

// await waits for the end of a job and gives its result. A caller that goes away meanwhile leaves the job alone: the
// lease decides.
func (o galeraBackupOptions) await(ctx context.Context, call *ansible.Call, job *jobs.Job) (*ansible.Result, error) {
	var trouble spell
	for {
		_ = job.Renew() // the job has ended, or says itself that it misses the lease
		s, err := look(ctx, job)
		if trouble.lasts(err, time.Now()) && ctx.Err() == nil {
			return nil, err
		}
		if err == nil && s.Ended {
			return s.outcome()
		}
		if s.Progress != nil {
			call.Progress(s.Progress)
		}
		select {
		case <-ctx.Done():
			return &ansible.Result{Values: map[string]any{"job": job.ID, "unit": job.Unit()}},
				fmt.Errorf("job %s goes on without its caller; state: status shows it, state: cancelled ends it", job.ID)
		case <-time.After(min(time.Second, seconds(o.Lease)/3)):
		}
	}
}
