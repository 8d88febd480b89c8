// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"overcloud.backup/internal/unit"
)

// Start starts a job, or finds the one with this id, and waits for it if requested. An empty id is a new one.
func (k Kind) Start(ctx context.Context, caller Caller, id string, wait bool) (*Answer, error) {
	if id == "" {
		id = NewID(time.Now(), rand.Uint32())
	}
	job, attached, err := k.create(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	if attached {
		return k.attach(ctx, caller, job, wait)
	}
	if wait {
		return k.Await(ctx, caller, job)
	}
	msg := fmt.Sprintf("job %s runs as %s", job.ID, job.Unit())
	values := Standing{Job: job.ID, Unit: job.Unit()}.Attachment(false)
	return &Answer{Changed: true, Msg: msg, Values: values}, nil
}

// attach uses an existing job as the requested one. One that had ended made nothing now.
func (k Kind) attach(ctx context.Context, caller Caller, job *Job, wait bool) (*Answer, error) {
	s, err := job.Look(ctx)
	if err != nil {
		return nil, err
	}
	if !wait {
		return &Answer{Msg: "job " + job.ID + " already exists; its options stand", Values: s.Attachment(true)}, nil
	}
	if !s.Ended {
		return k.Await(ctx, caller, job)
	}
	return s.earlier(k.What)
}

// create creates the files of the job and starts its unit, or finds the existing one.
func (k Kind) create(ctx context.Context, caller Caller, id string) (job *Job, attached bool, err error) {
	arguments := map[string]any{}
	for name, value := range caller.Arguments {
		arguments[name] = value
	}
	arguments["job"], arguments["_ansible_module_name"] = id, caller.Module
	raw, err := json.Marshal(arguments)
	if err != nil {
		return nil, false, fmt.Errorf("internal error: arguments: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	// Only room is at stake: a failed removal does not stop the job.
	_ = k.Store.Prune(k.Keep)
	job, err = k.Store.Create(id, raw, self)
	if errors.Is(err, fs.ErrExist) {
		job, err = k.Store.Open(id)
		return job, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if err := StartUnit(ctx, k.Spec(job)); err != nil && !begun(job) {
		return nil, false, errors.Join(err, job.DropSecrets(), job.End(Failure("the job did not start: "+err.Error())))
	}
	return job, false, nil
}

// begun reports that a job's unit exists in spite of the error of its start, such as when systemd-run was cut off. Then
// it needs its arguments, and anyone who asks for it finds it.
func begun(job *Job) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	u, err := unit.Show(ctx, job.Unit())
	return err == nil && u.Running()
}
