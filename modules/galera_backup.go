// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
)

//go:embed galera_backup.yml
var galeraBackupSpec []byte

func init() { register("galera_backup", ansible.Module{Spec: galeraBackupSpec, Run: galeraBackup}) }

// galeraBackup is called by Ansible to start a job or to query one, and by the job's unit to run it and to undo it.
func galeraBackup(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o backups.Options
	if err := errors.Join(call.Decode(&o), o.Check()); err != nil {
		return nil, err
	}
	o.MadeBy = madeBy()
	store, c := jobs.Default(), caller(call)
	switch {
	case call.Stage == ansible.InUnit:
		return answer(o.InUnit(ctx, c, store))
	case call.Stage == ansible.AfterUnit:
		return answer(o.AfterUnit(ctx, c, store))
	case o.State == "status":
		return answer(o.Status(ctx, store))
	case o.State == "cancelled":
		return answer(o.Cancel(ctx, c, store))
	case o.State == "recovered":
		return answer(o.Recover(ctx, c, store))
	case call.CheckMode:
		return answer(o.Plan(ctx, c))
	}
	return answer(o.Start(ctx, c, store))
}
