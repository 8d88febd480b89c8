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

// systemd and startUnit are changed by tests, which start no units.
var (
	systemd   = unit.Available
	startUnit = unit.Start
)

// launch is how a call becomes a job that runs as a unit of systemd.
type launch struct {
	what  string // the job makes
	store jobs.Store
	keep  int // of how many ended jobs the results are kept
	wait  bool
	spec  func(*jobs.Job) unit.Spec
	await func(context.Context, *ansible.Call, *jobs.Job) (*ansible.Result, error)
}

// start starts a job, or finds the one of this id, and waits for it if that is wanted.
func (l launch) start(ctx context.Context, call *ansible.Call, id string) (*ansible.Result, error) {
	if id == "" {
		id = jobs.NewID(time.Now(), rand.Uint32())
	}
	job, attached, err := l.create(ctx, call, id)
	if err != nil {
		return nil, err
	}
	if attached {
		return l.attach(ctx, call, job)
	}
	if l.wait {
		return l.await(ctx, call, job)
	}
	msg := fmt.Sprintf("job %s runs as %s", job.ID, job.Unit())
	return &ansible.Result{Changed: true, Msg: msg, Values: attachment(standing{Job: job.ID, Unit: job.Unit()}, false)}, nil
}

// attach takes a job that was there already for the one that is wanted. One that had ended made nothing now.
func (l launch) attach(ctx context.Context, call *ansible.Call, job *jobs.Job) (*ansible.Result, error) {
	s, err := look(ctx, job)
	if err != nil {
		return nil, err
	}
	if !l.wait {
		return &ansible.Result{Msg: "job " + job.ID + " is there already; its options stand", Values: attachment(s, true)}, nil
	}
	if !s.Ended {
		return l.await(ctx, call, job)
	}
	return s.earlier(l.what)
}

// earlier is the outcome of a job that had ended before this call asked for it by its id.
func (s standing) earlier(what string) (*ansible.Result, error) {
	r, err := s.outcome()
	r.Changed = false
	r.Warnings = append(r.Warnings, "job "+s.Job+" had ended before: this is its earlier result, and nothing was done now; "+
		"leave job out, or set another one, for a new "+what)
	return r, err
}

func attachment(s standing, attached bool) map[string]any {
	return map[string]any{"job": s.Job, "unit": s.Unit, "attached": attached, "ended": s.Ended}
}

// create makes the files of the job and starts its unit, or finds the one that is there.
func (l launch) create(ctx context.Context, call *ansible.Call, id string) (job *jobs.Job, attached bool, err error) {
	arguments := call.Arguments()
	arguments["job"], arguments["_ansible_module_name"] = id, call.Name
	raw, err := json.Marshal(arguments)
	if err != nil {
		return nil, false, fmt.Errorf("internal error: arguments: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	// Only room is at stake: what cannot be removed is no reason not to go on.
	_ = l.store.Prune(l.keep)
	job, err = l.store.Create(id, raw, self)
	if errors.Is(err, fs.ErrExist) {
		job, err = l.store.Open(id)
		return job, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if err := startUnit(ctx, l.spec(job)); err != nil && !begun(job) {
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

func failure(msg string) map[string]any {
	return map[string]any{"changed": false, "failed": true, "msg": msg}
}
