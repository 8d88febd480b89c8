// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"fmt"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/reading"
)

//go:embed haproxy_facts.yml
var haproxyFactsSpec []byte

func init() { register("haproxy_facts", ansible.Module{Spec: haproxyFactsSpec, Run: haproxyFacts}) }

func haproxyFacts(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	clock := reading.StartClock(call.Now)
	var o struct {
		Socket        string   `json:"socket"`
		StatsURL      string   `json:"stats_url"`
		StatsUser     string   `json:"stats_user"`
		StatsPassword string   `json:"stats_password"`
		ConfigFile    []string `json:"config_file"`
		DatabaseProxy []string `json:"database_proxy"`
		Sample        float64  `json:"sample"`
		Timeout       float64  `json:"timeout"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := checkTimeout(o.Timeout); err != nil {
		return nil, err
	}
	if !(o.Sample >= 0 && o.Sample <= o.Timeout/2) {
		return nil, fmt.Errorf("sample: %g is out of range; give seconds from 0 to %g, half of timeout", o.Sample,
			o.Timeout/2)
	}
	facts := haproxy.Read(ctx, haproxy.Options{
		Socket: o.Socket, StatsURL: o.StatsURL, StatsUser: o.StatsUser, StatsPassword: o.StatsPassword,
		ConfigFiles: o.ConfigFile, DatabaseProxies: o.DatabaseProxy,
		Timeout: option.Seconds(o.Timeout), Sample: option.Seconds(o.Sample), Clock: clock, Secret: call.Secret,
	})
	return &ansible.Result{Facts: map[string]any{"ansible_haproxy": facts}}, nil
}
