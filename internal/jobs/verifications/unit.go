// SPDX-License-Identifier: GPL-3.0-or-later

package verifications

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/unit"
)

// Store is where the units of verifications keep their files, separate from those of backups, which have more to undo.
var Store = jobs.Store{State: "/var/lib/overcloud.backup/verifications", Run: "/run/overcloud.backup/verifications"}

// Start runs the verification as a unit of systemd with weights, or finds the one with this id, and waits for it if
// requested. Without systemd it runs here.
func (o Options) Start(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	_, err := jobs.Systemd(ctx)
	if errors.Is(err, unit.ErrNoSystemd) {
		return o.Run(ctx, caller)
	}
	if err != nil {
		return nil, err
	}
	return o.kind().Start(ctx, caller, o.Job, o.Wait)
}

// Status reports the progress of a verification.
func (o Options) Status(ctx context.Context) (*jobs.Answer, error) {
	if o.Job == "" {
		return nil, errors.New("job: state status needs to know which verification")
	}
	job, err := open(o.Job)
	if err != nil {
		return nil, err
	}
	return o.kind().Status(ctx, job)
}

// Info reports the same, and changes nothing.
func Info(ctx context.Context, id string) (*jobs.Answer, error) {
	if err := jobs.CheckID(id); err != nil {
		return nil, err
	}
	job, err := open(id)
	if err != nil {
		return nil, err
	}
	return jobs.Info(ctx, job)
}

func open(id string) (*jobs.Job, error) {
	job, err := Store.Open(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no verification %s on this host", id)
	}
	return job, err
}

// kind is what the jobs of these options have in common.
func (o Options) kind() jobs.Kind {
	return jobs.Kind{
		What: "verification", Store: Store, Keep: keepVerifications, Spec: o.spec, Alone: callerLeft,
		Forget: true, Pause: 200 * time.Millisecond,
	}
}

// callerLeft is the answer to a caller that leaves.
func callerLeft(job *jobs.Job) (*jobs.Answer, error) {
	return nil, fmt.Errorf("the verification continues as %s; its outcome will be next to the manifest, for"+
		" backup_info to "+
		"tell", job.Unit())
}

func (o Options) spec(job *jobs.Job) unit.Spec {
	return unit.Spec{
		Name: job.Unit(), Description: "overcloud.backup verification " + job.ID, Limits: o.limits(),
		Exec:     []string{job.Binary(), job.Arguments(), "--job", job.StateFile()},
		StopPost: []string{job.Binary(), job.Arguments(), "--undo", job.StateFile()}, StopTimeout: time.Minute,
	}
}

// keepVerifications is the number of ended verifications whose results are kept.
const keepVerifications = 5

// limits are those of the unit: the verification waits, not the services.
func (o Options) limits() unit.Limits {
	return unit.Limits{
		CPUWeight: o.CPUWeight, IOWeight: o.IOWeight, MemoryHigh: o.MemoryHigh << 20, Nice: 10, IOClass: "best-effort",
		IOLevel: 7,
	}
}

// AfterUnit removes what a verification left that was ended by force. systemd runs it however the unit ended.
func (o Options) AfterUnit(ctx context.Context) (*jobs.Answer, error) {
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, rest := unit.KillRest(short, jobs.Unit(o.Job))
	undone, err := scratch.Recover(o.Scratch)
	if errors.Is(err, scratch.ErrBusy) {
		err = nil // it is another's, which found the folder free
	}
	job, lost := Store.Open(o.Job)
	ended := lost == nil && job.EndedItself()
	if lost == nil {
		lost = job.DropSecrets()
	}
	err = errors.Join(rest, err, lost)
	if !ended {
		err = errors.Join(endedByForce(undone), err)
	}
	return &jobs.Answer{Values: Values{Undone: undone}}, err
}

func endedByForce(undone []string) error {
	rest := "nothing is left of it"
	if len(undone) > 0 {
		rest = strings.Join(undone, "; ")
	}
	return fmt.Errorf("the verification was ended by force (%s): %s", jobs.HowEnded(os.Getenv), rest)
}

// Recover undoes what a killed verification left.
func (o Options) Recover(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	if caller.CheckMode {
		return &jobs.Answer{Msg: "would remove what killed verifications left in " + o.Scratch}, nil
	}
	undone, err := scratch.Recover(o.Scratch)
	more, failed := scratch.RecoverFormer()
	undone = append(undone, more...)
	err = errors.Join(err, failed, Store.DropDeadSecrets(ctx))
	values := Values{Undone: undone}
	return &jobs.Answer{Changed: len(undone) > 0, Msg: strings.Join(undone, "; "), Values: values}, err
}
