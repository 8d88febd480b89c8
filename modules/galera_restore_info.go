// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/restore/steps"
)

//go:embed galera_restore_info.yml
var galeraRestoreInfoSpec []byte

func init() {
	register("galera_restore_info", ansible.Module{Spec: galeraRestoreInfoSpec, Run: galeraRestoreInfo})
}

// galeraRestoreInfo inspects what a restore of one controller would find.
func galeraRestoreInfo(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var given steps.InfoOptions
	if err := call.Decode(&given); err != nil {
		return nil, err
	}
	o, err := given.Options()
	if err != nil {
		return nil, err
	}
	return answer(o.Run(ctx, caller(call)))
}
