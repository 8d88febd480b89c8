// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/unit"
)

// inUnit makes the backup. It is the unit's program.
func (o galeraBackupOptions) inUnit(ctx context.Context, call *ansible.Call, store jobs.Store) (*ansible.Result, error) {
	job, err := store.Open(o.Job)
	if err != nil {
		return nil, err
	}
	release, err := store.Lock(o.Job)
	if err != nil {
		return nil, err
	}
	defer release()
	notes, err := journal.Open(job.Journal())
	if err != nil {
		return nil, err
	}
	defer notes.Close()
	late := fmt.Errorf("max_duration of %g s has passed", o.MaxDuration)
	ctx, cancel := context.WithTimeoutCause(ctx, seconds(o.MaxDuration), late)
	defer cancel()
	options := o.options(call)
	options.Job, options.Journal, options.Lease = o.Job, notes, job.Lease
	options.Running = running(store)
	return run(ctx, options)
}

// run prepares and makes a backup.
func run(ctx context.Context, options backup.Options) (*ansible.Result, error) {
	job, err := backup.Prepare(ctx, options)
	if err != nil {
		return &ansible.Result{Values: map[string]any{"elsewhere": backup.TryAnother(err)}}, err
	}
	values := map[string]any{"plan": job.Plan()}
	made, err := job.Run(ctx)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = fmt.Errorf("the job was cancelled, or its host shuts down: %w", err)
	}
	if made == nil {
		values["elsewhere"] = backup.TryAnother(err)
		var breach *guard.Breach
		if errors.As(err, &breach) {
			values["guard"] = breach
		}
		return &ansible.Result{Values: values}, err
	}
	values["backup"] = made
	return &ansible.Result{Changed: true, Msg: made.Summary(), Values: values, Warnings: made.Manifest.Warnings}, err
}

// running says whether a job of this host runs. One that this host never had does not.
func running(store jobs.Store) func(context.Context, string) (bool, error) {
	return func(ctx context.Context, id string) (bool, error) {
		if err := jobs.CheckID(id); err != nil {
			return false, err
		}
		u, err := unit.Show(ctx, jobs.Unit(id))
		return u.Running(), err
	}
}

// killRest is how long the processes that a job left may take to die.
const killRest = 5 * time.Second

// afterUnit undoes what a job left that could not do so itself. systemd runs it when the job has ended, in whatever way.
func (o galeraBackupOptions) afterUnit(ctx context.Context, call *ansible.Call, store jobs.Store) (*ansible.Result, error) {
	job, err := store.Open(o.Job)
	if err != nil {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, killRest)
	defer cancel()
	_, rest := unit.KillRest(short, job.Unit())
	done, err := o.undo(ctx, call, job)
	err = errors.Join(err, rest, job.DropSecrets())
	result := &ansible.Result{Values: map[string]any{"undone": done, "elsewhere": false, "job": job.ID}}
	if toldItsEnd(job) {
		return result, err
	}
	entries, _ := journal.All(job.Journal()) // what is damaged was told
	return result, o.killed(done, effect.WholeSet(entries), err)
}

// toldItsEnd says that a job left its result itself, so that nothing ended it by force.
func toldItsEnd(job *jobs.Job) bool {
	state, err := job.State()
	return err == nil && state.Finished
}

// killed is the failure of a job that left no result itself.
func (o galeraBackupOptions) killed(done []effect.Undone, set string, left error) error {
	text := fmt.Sprintf("the backup job %s was ended by force (%s)", o.Job, how(os.Getenv))
	if set != "" {
		text += "; its set was whole by then: " + set
	}
	if len(done) > 0 {
		text += "; undone: " + said(done)
	}
	if left != nil {
		return fmt.Errorf("%s; left: %w", text, left)
	}
	if set == "" {
		text += "; nothing is left of it"
	}
	return errors.New(text)
}

// how puts into words what systemd tells of a unit's end.
func how(getenv func(string) string) string {
	result, status := getenv("SERVICE_RESULT"), getenv("EXIT_STATUS")
	switch {
	case result == "signal" && status != "":
		return "SIG" + strings.TrimPrefix(status, "SIG")
	case result == "oom-kill":
		return "it needed more memory than memory_high"
	case result == "":
		return "systemd does not say how"
	}
	return strings.TrimSpace(result + " " + status)
}

func said(done []effect.Undone) string {
	texts := make([]string, len(done))
	for i, d := range done {
		texts[i] = d.Done
	}
	return strings.Join(texts, "; ")
}

// undo replays a job's journal. Who comes second finds it replayed.
func (o galeraBackupOptions) undo(ctx context.Context, call *ansible.Call, job *jobs.Job) ([]effect.Undone, error) {
	patient, cancel := context.WithTimeout(ctx, seconds(o.DrainTimeout)+stopMargin)
	defer cancel()
	release, err := job.Alone(patient)
	if err != nil {
		return []effect.Undone{}, err
	}
	defer release()
	entries, damaged := journal.Read(job.Journal())
	if errors.Is(damaged, fs.ErrNotExist) {
		return []effect.Undone{}, nil
	}
	if len(entries) == 0 {
		return []effect.Undone{}, damaged
	}
	notes, err := journal.Open(job.Journal())
	if err != nil {
		return []effect.Undone{}, errors.Join(damaged, err)
	}
	defer notes.Close()
	options := o.options(call)
	done, err := effect.Undo(ctx, effect.UndoOptions{
		Entries: entries, Journal: notes, Login: options.Login, HealthURL: options.HealthURL, DrainTimeout: options.DrainTimeout,
	})
	return append([]effect.Undone{}, done...), errors.Join(damaged, err)
}
