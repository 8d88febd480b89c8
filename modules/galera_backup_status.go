// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/unit"
)

// standing is where a job stands.
type standing struct {
	Job      string          `json:"job"`
	Unit     string          `json:"unit"`
	Running  bool            `json:"running"` // its unit is there, also while it undoes
	Ended    bool            `json:"ended"`
	Progress json.RawMessage `json:"progress,omitempty"`
	Result   map[string]any  `json:"result,omitempty"` // of a job that has ended
}

// hangs is after what time a job with a result has ended, whatever its unit still waits for: a destination that hangs
// keeps a process from ending.
const hangs = 15 * time.Second

// look reads a job's state and its unit. Whether the unit runs is read before the state, for in between it may end; and
// whether the job is new before that, for in between its unit may begin.
func look(ctx context.Context, job *jobs.Job) (standing, error) {
	s := standing{Job: job.ID, Unit: job.Unit()}
	young := settling(job)
	u, err := unit.Show(ctx, job.Unit())
	if err != nil {
		return s, err
	}
	state, err := job.State()
	if err != nil {
		return s, err
	}
	s.Running, s.Progress = u.Running(), state.Progress
	s.Ended = state.Finished && (!s.Running || age(job.StateFile()) > hangs)
	switch {
	case s.Ended:
		err = json.Unmarshal(state.Content, &s.Result)
		delete(s.Result, "ansible_job_id")
	case !s.Running && !young:
		s.Ended = true
		s.Result = failure(fmt.Sprintf("job %s ended without a result: this host was restarted, or its processes were killed; "+
			"state: recovered on this host undoes what it left", job.ID))
	}
	return s, err
}

// spell is since when looks fail. For a while they may: systemd is started anew, or a host is too busy to answer.
type spell struct{ since time.Time }

// lasts says that looks, this one too if err is not nil, have failed for too long.
func (s *spell) lasts(err error, now time.Time) bool {
	switch {
	case err == nil:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = now
	}
	return err != nil && now.Sub(s.since) > spellTime
}

const spellTime = 30 * time.Second

// settling says that a job was made just now: until its unit runs, and writes a journal, it looks like one that died.
func settling(job *jobs.Job) bool {
	state, err := job.State()
	if _, missing := os.Lstat(job.Journal()); err != nil || state.Finished || missing == nil {
		return false
	}
	made := age(filepath.Dir(job.StateFile()))
	return made >= 0 && made < settleTime
}

const settleTime = 10 * time.Second

func age(path string) time.Duration {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

// outcome is the job's result as this call's.
func (s standing) outcome() (*ansible.Result, error) {
	values := maps.Clone(s.Result)
	r := &ansible.Result{Changed: values["changed"] == true, Values: values}
	r.Msg, _ = values["msg"].(string)
	if list, ok := values["warnings"].([]any); ok {
		for _, w := range list {
			r.Warnings = append(r.Warnings, fmt.Sprint(w))
		}
	}
	var err error
	if values["failed"] == true {
		err, r.Msg = errors.New(r.Msg), ""
	}
	for _, key := range []string{"changed", "failed", "msg", "warnings", "invocation", "exception"} {
		delete(values, key)
	}
	values["job"], values["unit"] = s.Job, s.Unit
	return r, err
}

// status tells where a job stands, and renews its lease: who asks is its caller.
func (o galeraBackupOptions) status(ctx context.Context, store jobs.Store) (*ansible.Result, error) {
	job, err := o.find(ctx, store)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return &ansible.Result{Msg: "no job runs here", Values: map[string]any{"running": false}}, nil
	}
	_ = job.Renew() // fails when the job has ended, which look tells
	s, err := look(ctx, job)
	if err != nil {
		return nil, err
	}
	return &ansible.Result{Msg: s.message(), Values: s}, nil
}

func (s standing) message() string {
	if !s.Ended {
		return "job " + s.Job + " runs"
	}
	return fmt.Sprintf("job %s has ended: %v", s.Job, s.Result["msg"])
}

// find is the job of the options, else the one that runs, else nil.
func (o galeraBackupOptions) find(ctx context.Context, store jobs.Store) (*jobs.Job, error) {
	if o.Job != "" {
		job, err := store.Open(o.Job)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no job %s on this host; without the option job the running one is meant", o.Job)
		}
		return job, err
	}
	all, err := store.List()
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

// cancel ends a job in order: it undoes what it did, and no set is left.
func (o galeraBackupOptions) cancel(ctx context.Context, call *ansible.Call, store jobs.Store) (*ansible.Result, error) {
	job, err := o.find(ctx, store)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return &ansible.Result{Msg: "no job runs here"}, nil
	}
	before, err := look(ctx, job)
	if err != nil || before.Ended {
		return &ansible.Result{Msg: before.message(), Values: before}, err
	}
	if call.CheckMode {
		return &ansible.Result{Changed: true, Msg: "job " + job.ID + " would be cancelled", Values: before}, nil
	}
	if err := unit.Stop(ctx, job.Unit()); err != nil {
		return nil, err
	}
	_ = unit.Forget(ctx, job.Unit())
	s, err := look(ctx, job)
	return &ansible.Result{Changed: true, Msg: s.message(), Values: s}, err
}
