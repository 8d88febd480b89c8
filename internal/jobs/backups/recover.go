// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
	"overcloud.backup/internal/unit"
)

// Recovered is what was, or would be, undone of one job.
type Recovered struct {
	Job    string          `json:"job"`
	Undone []effect.Undone `json:"undone"`
}

// Recover undoes what ended jobs of this host left behind: after a restart of the host, or if the undo of a unit could
// not complete. It also frees locks of jobs that are no longer known to this host.
func (o Options) Recover(ctx context.Context, caller jobs.Caller, store jobs.Store) (*jobs.Answer, error) {
	all, err := store.List()
	found := []Recovered{}
	for _, job := range all {
		if o.Job != "" && job.ID != o.Job {
			continue
		}
		one, failed := o.recoverJob(ctx, caller, job)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("job %s: %w", job.ID, failed))
		}
		if len(one.Undone) > 0 {
			found = append(found, one)
		}
	}
	held, unseen := clusterlock.OfThisNode(ctx)
	if caller.CheckMode {
		held = slices.DeleteFunc(held, func(l cib.Lock) bool { return shown(found, l) })
	}
	freed, failed := o.recoverLocks(ctx, caller, held)
	found, err = append(found, freed...), errors.Join(err, failed)
	if !caller.CheckMode {
		// Only room is at stake.
		_ = store.Prune(keepJobs)
	}
	values := map[string]any{"recovered": found}
	r := &jobs.Answer{Changed: len(found) > 0, Msg: sum(found, caller.CheckMode), Values: values}
	if unseen != nil {
		// A lock in a journal is an error of its job. This is about a lock that no job here knows, and a host whose
		// Pacemaker is down must not be left out because of it: the facts report what is wrong with it.
		r.Warnings = []string{
			"whether this node holds the cluster's backup lock without need is not known: " + unseen.Error(),
		}
	}
	return r, err
}

// shown reports that a lock is among the open entries of a journal.
func shown(found []Recovered, l cib.Lock) bool {
	return slices.ContainsFunc(found, func(r Recovered) bool {
		return r.Job == l.Job && slices.ContainsFunc(r.Undone, func(u effect.Undone) bool { return u.Effect == "lock" })
	})
}

func sum(found []Recovered, would bool) string {
	if len(found) == 0 {
		return "no job has left anything here"
	}
	texts := []string{}
	for _, f := range found {
		texts = append(texts, fmt.Sprintf("job %s: %s", f.Job, describeUndone(f.Undone)))
	}
	verb := "undone of "
	if would {
		verb = "would be undone of "
	}
	return verb + strings.Join(texts, "; ")
}

func (o Options) recoverJob(ctx context.Context, caller jobs.Caller, job *jobs.Job) (Recovered, error) {
	r := Recovered{Job: job.ID, Undone: []effect.Undone{}}
	if gone, err := job.Gone(ctx); err != nil || !gone {
		return r, err
	}
	var err error
	if caller.CheckMode {
		r.Undone, err = openEntries(job)
		return r, err
	}
	r.Undone, err = o.undo(ctx, caller, job)
	var corrupt *journal.CorruptError
	if errors.As(err, &corrupt) {
		err = fmt.Errorf("%w: what could be read of it was undone; check whether wsrep_desync is ON here without"+
			" need, and "+
			"for folders .partial-* in the destination, then remove the folder of the job", err)
	}
	err = errors.Join(err, job.DropSecrets(), unit.Forget(ctx, job.Unit()))
	if state, _ := job.State(); !state.Finished && err == nil {
		err = job.End(jobs.Failure(fmt.Sprintf("job %s was ended by force; undone: %s", job.ID,
			describeUndone(r.Undone))))
	}
	return r, err
}

// openEntries returns the open entries of a journal.
func openEntries(job *jobs.Job) ([]effect.Undone, error) {
	entries, err := journal.Read(job.Journal())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	list := []effect.Undone{}
	for _, e := range entries {
		list = append(list, effect.Undone{Effect: e.Kind, Done: describeUndo(e)})
	}
	return list, err
}

// describeUndo describes what undoing an effect means.
func describeUndo(e journal.Entry) string {
	var u struct{ Hidden, Was string }
	_ = json.Unmarshal(e.Undo, &u) // what it lacks is not said
	switch e.Kind {
	case "lock":
		return "the cluster's backup lock is freed"
	case "set":
		return "the unfinished set " + u.Hidden + " is removed"
	case "desync":
		return "wsrep_desync goes back to " + u.Was + " if the server is still the same"
	}
	return e.Kind + " is undone"
}

// recoverLocks frees locks that this node holds for jobs that do not run here.
func (o Options) recoverLocks(ctx context.Context, caller jobs.Caller, held []cib.Lock) (found []Recovered,
	err error) {
	for _, l := range held {
		if o.Job != "" && l.Job != o.Job {
			continue
		}
		alive, failed := jobs.Running(ctx, l.Job)
		if failed == nil && !alive && !caller.CheckMode {
			failed = clusterlock.Break(ctx, l)
		}
		if err = errors.Join(err, failed); failed == nil && !alive {
			done := effect.Undone{Effect: "lock", Done: "the cluster's backup lock of job " + l.Job + " is free"}
			found = append(found, Recovered{Job: l.Job, Undone: []effect.Undone{done}})
		}
	}
	return found, err
}
