// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/readiness"
	"overcloud.backup/internal/reading"
)

//go:embed doctor_facts.yml
var doctorFactsSpec []byte

func init() { register("doctor_facts", ansible.Module{Spec: doctorFactsSpec, Run: doctorFacts}) }

func doctorFacts(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	clock := reading.StartClock(call.Now)
	var o struct {
		option.Login
		Destination      string        `json:"destination"`
		Cluster          string        `json:"cluster"`
		Method           tool.Method   `json:"method"`
		Desync           backup.Desync `json:"desync"`
		NonTransactional string        `json:"non_transactional"`
		Broken           string        `json:"broken"`
		Scratch          string        `json:"scratch"`
		Timeout          float64       `json:"timeout"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := errors.Join(o.Login.Check(), option.Within("timeout", o.Timeout, 1, option.MaxSeconds)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, option.Seconds(o.Timeout),
		fmt.Errorf("timeout: not everything was checked within %g s", o.Timeout))
	defer cancel()
	facts, err := readiness.Read(ctx, clock, readiness.Options{Scratch: o.Scratch, Backup: backups.Options{
		Login: o.Login, Destination: o.Destination, Cluster: o.Cluster, Method: o.Method, Desync: o.Desync,
		NonTransactional: o.NonTransactional, Broken: o.Broken, Level: 1,
	}}, caller(call))
	if err != nil {
		return nil, err
	}
	return &ansible.Result{Facts: map[string]any{"ansible_doctor": facts}}, nil
}
