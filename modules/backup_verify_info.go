// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs/verifications"
)

//go:embed backup_verify_info.yml
var backupVerifyInfoSpec []byte

func init() {
	register("backup_verify_info", ansible.Module{Spec: backupVerifyInfoSpec, Run: backupVerifyInfo})
}

// backupVerifyInfo reports a verification.
func backupVerifyInfo(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		Job string `json:"job"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	return answer(verifications.Info(ctx, o.Job))
}
