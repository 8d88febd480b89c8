// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"fmt"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/option"
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
	if err := checkTimeout(o.Timeout); err != nil {
		return nil, err
	}
	facts := pacemaker.Read(ctx, pacemaker.Options{Timeout: option.Seconds(o.Timeout), Clock: clock})
	return &ansible.Result{Facts: map[string]any{"ansible_pacemaker": facts}}, nil
}

// checkTimeout refuses a time limit that cannot be kept.
func checkTimeout(timeout float64) error {
	if !(timeout > 0 && timeout <= 3600) {
		return fmt.Errorf("timeout: %g is out of range; give seconds above 0, at most 3600", timeout)
	}
	return nil
}
