// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

//go:embed pacemaker_facts.yml
var pacemakerFactsSpec []byte

func init() {
	register("pacemaker_facts", ansible.Module{Spec: pacemakerFactsSpec, Run: pacemakerFacts})
}

func pacemakerFacts(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	clock := reading.StartClock(call.Now)
	var o struct {
		Timeout float64 `json:"timeout"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	facts := pacemaker.Read(ctx, pacemaker.Options{Timeout: time.Duration(o.Timeout * float64(time.Second)), Clock: clock})
	return &ansible.Result{Facts: map[string]any{"ansible_pacemaker": facts}}, nil
}
