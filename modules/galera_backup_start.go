// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
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

// systemd and startUnit are changed by tests, which start no units.
var (
	systemd   = unit.Available
	startUnit = unit.Start
)

// start starts a job as a unit of systemd, or finds the one of this id, and waits for it if that is wanted.
func (o galeraBackupOptions) start(ctx context.Context, call *ansible.Call, store jobs.Store) (*ansible.Result, error) {
	if _, err := systemd(ctx); err != nil {
		return nil, err
	}
	if o.Job == "" {
		o.Job = jobs.NewID(time.Now(), rand.Uint32())
	}
	job, attached, err := o.create(ctx, call, store)
	if err != nil {
		return nil, err
	}
	if attached {
		return o.attach(ctx, call, job)
	}
	if o.Wait {
		return o.await(ctx, call, job)
	}
	msg := fmt.Sprintf("job %s runs as %s", job.ID, job.Unit())
	return &ansible.Result{Changed: true, Msg: msg, Values: attachment(standing{Job: job.ID, Unit: job.Unit()}, false)}, nil
}

// attach takes a job that was there already for the one that is wanted. One that had ended made nothing now.
func (o galeraBackupOptions) attach(ctx context.Context, call *ansible.Call, job *jobs.Job) (*ansible.Result, error) {
	s, err := look(ctx, job)
	if err != nil {
		return nil, err
	}
	if !o.Wait {
		return &ansible.Result{Msg: "job " + job.ID + " is there already; its options stand", Values: attachment(s, true)}, nil
	}
	if !s.Ended {
		return o.await(ctx, call, job)
	}
	return s.earlier("backup")
}

// earlier is the outcome of a job that had ended before this call asked for it by its id.
func (s standing) earlier(what string) (*ansible.Result, error) {
	r, err := s.outcome()
	r.Changed = false
	r.Warnings = append(r.Warnings, "job "+s.Job+" had ended before: this is what it made then, and nothing was made now; "+
		"give no job, or another one, for a new "+what)
	return r, err
}

func attachment(s standing, attached bool) map[string]any {
	return map[string]any{"job": s.Job, "unit": s.Unit, "attached": attached, "ended": s.Ended}
}

func (o galeraBackupOptions) create(ctx context.Context, call *ansible.Call, store jobs.Store) (job *jobs.Job, attached bool, err error) {
	arguments := call.Arguments()
	arguments["job"], arguments["_ansible_module_name"] = o.Job, call.Name
	raw, err := json.Marshal(arguments)
	if err != nil {
		return nil, false, fmt.Errorf("internal error: arguments: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	// Only room is at stake: what cannot be removed is no reason not to back up.
	_ = store.Prune(keepJobs)
	job, err = store.Create(o.Job, raw, self)
	if errors.Is(err, fs.ErrExist) {
		job, err = store.Open(o.Job)
		return job, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if err := startUnit(ctx, o.spec(job)); err != nil && !begun(job) {
		return nil, false, errors.Join(err, job.DropSecrets(), job.End(failure("the job did not start: "+err.Error())))
	}
	return job, false, nil
}

// begun says that a job's unit is there in spite of what its start said, as when systemd-run was cut off. Then it needs its
// arguments, and whoever asks for it finds it.
func begun(job *jobs.Job) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	u, err := unit.Show(ctx, job.Unit())
	return err == nil && u.Running()
}

func (o galeraBackupOptions) spec(job *jobs.Job) unit.Spec {
	return unit.Spec{
		Name: job.Unit(), Description: "overcloud.backup job " + job.ID, Limits: o.limits(),
		Exec:        []string{job.Binary(), job.Arguments(), "--job", job.StateFile()},
		StopPost:    []string{job.Binary(), job.Arguments(), "--undo", job.StateFile()},
		StopTimeout: seconds(o.DrainTimeout) + stopMargin,
	}
}

func failure(msg string) map[string]any {
	return map[string]any{"changed": false, "failed": true, "msg": msg}
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
