// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/reading"
)

//go:embed galera_facts.yml
var galeraFactsSpec []byte

func init() { register("galera_facts", ansible.Module{Spec: galeraFactsSpec, Run: galeraFacts}) }

func galeraFacts(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	clock := reading.StartClock(call.Now)
	var o struct {
		option.Login
		Sample      float64  `json:"sample"`
		Sizes       bool     `json:"sizes"`
		IgnoreUsers []string `json:"ignore_users"`
		Timeout     float64  `json:"timeout"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := errors.Join(o.Login.Check(), option.Within("timeout", o.Timeout, 0, option.MaxSeconds)); err != nil {
		return nil, err
	}
	if o.Timeout <= 0 || o.Sample < 0 || o.Sample > o.Timeout/2 {
		return nil,
			fmt.Errorf("timeout %g and sample %g do not fit: timeout is above 0, sample is from 0 to half of it",
				o.Timeout, o.Sample)
	}
	ctx, cancel := context.WithTimeout(ctx, option.Seconds(o.Timeout))
	defer cancel()
	facts := galera.Gather(ctx, clock, galera.Request{
		Login: o.Login.Login(call.Secret), Sample: option.Seconds(o.Sample), Sizes: o.Sizes, IgnoreUsers: o.IgnoreUsers,
	})
	return &ansible.Result{Facts: map[string]any{"ansible_galera": facts}}, nil
}
