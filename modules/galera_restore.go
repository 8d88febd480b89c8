// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/restore/steps"
)

//go:embed galera_restore.yml
var galeraRestoreSpec []byte

func init() { register("galera_restore", ansible.Module{Spec: galeraRestoreSpec, Run: galeraRestore}) }

// galeraRestore brings one controller to a state of a restore.
func galeraRestore(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o steps.Options
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := o.Check(); err != nil {
		return nil, err
	}
	return answer(o.Run(ctx, caller(call)))
}
