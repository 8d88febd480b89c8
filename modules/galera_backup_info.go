// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
)

//go:embed galera_backup_info.yml
var galeraBackupInfoSpec []byte

func init() {
	register("galera_backup_info", ansible.Module{Spec: galeraBackupInfoSpec, Run: galeraBackupInfo})
}

// galeraBackupInfo reports a job, and does not keep it alive.
func galeraBackupInfo(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		Job string `json:"job"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	return answer(backups.Info(ctx, jobs.Default(), o.Job))
}
