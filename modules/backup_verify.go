// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs/verifications"
)

//go:embed backup_verify.yml
var backupVerifySpec []byte

func init() { register("backup_verify", ansible.Module{Spec: backupVerifySpec, Run: backupVerify}) }

// backupVerify is called by Ansible to verify a set, and by a unit that Ansible's call has started.
func backupVerify(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o verifications.Options
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	o.MadeBy = madeBy()
	c := caller(call)
	switch {
	case call.Stage == ansible.AfterUnit:
		return answer(o.AfterUnit(ctx))
	case o.State == "recovered":
		return answer(o.Recover(ctx, c))
	case o.State == "status":
		return answer(o.Status(ctx))
	case call.Stage == ansible.InUnit, call.CheckMode:
		return answer(o.Run(ctx, c))
	}
	return answer(o.Start(ctx, c))
}
