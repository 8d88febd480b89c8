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
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/unit"
)

// verifications is where the units of verifications have their files, apart from those of backups, which have more to
// undo.
var verifications = jobs.Store{State: "/var/lib/overcloud.backup/verifications", Run: "/run/overcloud.backup/verifications"}

// start runs the verification as a unit of systemd with weights, or finds the one of this id, and waits for it if that is
// wanted. Where there is no systemd it runs here.
func (o backupVerifyOptions) start(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	_, err := systemd(ctx)
	if errors.Is(err, unit.ErrNoSystemd) {
		return o.present(ctx, call)
	}
	if err != nil {
		return nil, err
	}
	return launch{what: "verification", store: verifications, keep: keepVerifications, wait: o.Wait, spec: o.spec, await: o.await}.start(ctx, call, o.Job)
}

func (o backupVerifyOptions) await(ctx context.Context, call *ansible.Call, job *jobs.Job) (*ansible.Result, error) {
	var trouble spell
	for {
		s, err := look(ctx, job)
		switch {
		case trouble.lasts(err, time.Now()) && ctx.Err() == nil:
			return nil, err
		case err == nil && s.Ended:
			_ = unit.Forget(ctx, job.Unit())
			return s.outcome()
		case s.Progress != nil:
			call.Progress(s.Progress)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the verification goes on as %s; its outcome will be beside the manifest, for backup_info to tell", job.Unit())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// status tells where a verification stands.
func (o backupVerifyOptions) status(ctx context.Context) (*ansible.Result, error) {
	if o.Job == "" {
		return nil, errors.New("job: state status needs to know which verification")
	}
	job, err := verifications.Open(o.Job)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no verification %s on this host", o.Job)
	}
	if err != nil {
		return nil, err
	}
	s, err := look(ctx, job)
	if err != nil {
		return nil, err
	}
	if s.Ended {
		_ = unit.Forget(ctx, job.Unit())
	}
	return &ansible.Result{Msg: s.message(), Values: s}, nil
}

func (o backupVerifyOptions) spec(job *jobs.Job) unit.Spec {
	return unit.Spec{
		Name: job.Unit(), Description: "overcloud.backup verification " + job.ID, Limits: o.limits(),
		Exec:     []string{job.Binary(), job.Arguments(), "--job", job.StateFile()},
		StopPost: []string{job.Binary(), job.Arguments(), "--undo", job.StateFile()}, StopTimeout: time.Minute,
	}
}

// keepVerifications is of how many ended verifications the results are kept.
const keepVerifications = 5

// limits are those of the unit: what is verified waits, not who serves.
func (o backupVerifyOptions) limits() unit.Limits {
	return unit.Limits{CPUWeight: o.CPUWeight, IOWeight: o.IOWeight, MemoryHigh: o.MemoryHigh << 20, Nice: 10, IOClass: "best-effort", IOLevel: 7}
}

// afterUnit removes what the verification left that was ended by force. systemd runs it whatever ended the unit.
func (o backupVerifyOptions) afterUnit(ctx context.Context) (*ansible.Result, error) {
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, rest := unit.KillRest(short, jobs.Unit(o.Job))
	undone, err := scratch.Recover(o.Scratch)
	if errors.Is(err, scratch.ErrBusy) {
		err = nil // it is another's, which found the folder free
	}
	job, lost := verifications.Open(o.Job)
	told := lost == nil && toldItsEnd(job)
	if lost == nil {
		lost = job.DropSecrets()
	}
	err = errors.Join(rest, err, lost)
	if !told {
		err = errors.Join(endedByForce(undone), err)
	}
	return &ansible.Result{Values: backupVerifyValues{Undone: undone}}, err
}

func endedByForce(undone []string) error {
	said := "nothing is left of it"
	if len(undone) > 0 {
		said = strings.Join(undone, "; ")
	}
	return fmt.Errorf("the verification was ended by force (%s): %s", how(os.Getenv), said)
}

// recoverJobs drops the secrets of verifications that do not run any more.
func recoverJobs(ctx context.Context) error {
	all, err := verifications.List()
	for _, job := range all {
		u, failed := unit.Show(ctx, job.Unit())
		if failed == nil && !u.Running() {
			failed = job.DropSecrets()
		}
		if !errors.Is(failed, fs.ErrNotExist) {
			err = errors.Join(err, failed)
		}
	}
	return err
}
