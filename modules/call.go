// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
)

// madeBy returns the program that a set, or the record of a verification, names as its maker.
func madeBy() string { return "overcloud.backup " + version }

// caller returns a call in the form of package jobs.
func caller(call *ansible.Call) jobs.Caller {
	return jobs.Caller{
		Module: call.Name, Arguments: call.Arguments(), CheckMode: call.CheckMode, Progress: call.Progress,
		Secret: call.Secret,
	}
}

// answer returns the result of a call from the answer of a job, or of a step of a restore.
func answer(a *jobs.Answer, err error) (*ansible.Result, error) {
	if a == nil {
		return nil, err
	}
	r := &ansible.Result{Changed: a.Changed, Msg: a.Msg, Values: a.Values, Warnings: a.Warnings}
	if a.Diff != nil {
		r.Diff = &ansible.Diff{Before: a.Diff.Before, After: a.Diff.After}
	}
	return r, err
}
