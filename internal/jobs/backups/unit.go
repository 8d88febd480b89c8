// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"time"

	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/unit"
)

// InUnit makes the backup. It is the unit's program.
func (o Options) InUnit(ctx context.Context, caller jobs.Caller, store jobs.Store) (*jobs.Answer, error) {
	job, err := store.Open(o.Job)
	if err != nil {
		return nil, err
	}
	release, err := store.Lock(o.Job)
	if err != nil {
		return &jobs.Answer{Values: outlook(err)}, err
	}
	defer release()
	notes, err := journal.Open(job.Journal())
	if err != nil {
		return nil, err
	}
	defer notes.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, option.Seconds(o.MaxDuration), jobs.Late(o.MaxDuration))
	defer cancel()
	options := o.options(caller)
	options.Job, options.Journal, options.Lease = o.Job, notes, job.Lease
	options.Running = jobs.Running
	return run(ctx, options)
}

// run prepares and makes a backup.
func run(ctx context.Context, options backup.Options) (*jobs.Answer, error) {
	job, err := backup.Prepare(ctx, options)
	if err != nil {
		return &jobs.Answer{Values: outlook(err)}, err
	}
	made, err := job.Run(ctx)
	values := map[string]any{"plan": job.Plan()} // the node may have become needed as a spare
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = fmt.Errorf("the job was cancelled, or its host shuts down: %w", err)
	}
	if made == nil {
		maps.Copy(values, outlook(err))
		var breach *guard.Breach
		if errors.As(err, &breach) {
			values["guard"] = breach
		}
		return &jobs.Answer{Values: values}, err
	}
	values["backup"] = made
	return &jobs.Answer{Changed: true, Msg: made.Summary(), Values: values, Warnings: made.Manifest.Warnings}, err
}

// killRest is how long the remaining processes of a job may take to end.
const killRest = 5 * time.Second

// AfterUnit undoes what a job left that could not do so itself. systemd runs it after the job has ended, in whatever
// way.
func (o Options) AfterUnit(ctx context.Context, caller jobs.Caller, store jobs.Store) (*jobs.Answer, error) {
	job, err := store.Open(o.Job)
	if err != nil {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, killRest)
	defer cancel()
	_, rest := unit.KillRest(short, job.Unit())
	done, err := o.undo(ctx, caller, job)
	err = errors.Join(err, rest, job.DropSecrets())
	result := &jobs.Answer{Values: map[string]any{"undone": done, "elsewhere": false, "job": job.ID}}
	if job.EndedItself() {
		return result, err
	}
	entries, _ := journal.All(job.Journal()) // damage was reported already
	return result, o.killed(done, effect.WholeSet(entries), err)
}

// killed returns the failure of a job that left no result itself.
func (o Options) killed(done []effect.Undone, set string, left error) error {
	text := fmt.Sprintf("the backup job %s was ended by force (%s)", o.Job, jobs.HowEnded(os.Getenv))
	if set != "" {
		text += "; its set was already complete: " + set
	}
	if len(done) > 0 {
		text += "; undone: " + describeUndone(done)
	}
	if left != nil {
		return fmt.Errorf("%s; left: %w", text, left)
	}
	if set == "" {
		text += "; nothing is left of it"
	}
	return errors.New(text)
}

func describeUndone(done []effect.Undone) string {
	texts := make([]string, len(done))
	for i, d := range done {
		texts[i] = d.Done
	}
	return strings.Join(texts, "; ")
}

// undo replays a job's journal. A second process finds it replayed.
func (o Options) undo(ctx context.Context, caller jobs.Caller, job *jobs.Job) ([]effect.Undone, error) {
	patient, cancel := context.WithTimeout(ctx, option.Seconds(o.DrainTimeout)+stopMargin)
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
	options := o.options(caller)
	done, err := effect.Undo(ctx, effect.UndoOptions{
		Entries: entries, Journal: notes, Login: options.Login, HealthURL: options.HealthURL,
		DrainTimeout: options.DrainTimeout,
	})
	return append([]effect.Undone{}, done...), errors.Join(damaged, err)
}
