// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/selection"
	"overcloud.backup/internal/topology"
)

//go:embed idle_controller.yml
var idleControllerSpec []byte

func init() {
	register("idle_controller", ansible.Module{Spec: idleControllerSpec, Run: idleController})
}

func idleController(_ context.Context, call *ansible.Call) (*ansible.Result, error) {
	o := struct {
		selection.Options
		Hosts []string          `json:"hosts"`
		Facts []json.RawMessage `json:"facts"`
	}{Options: selection.Defaults()}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := call.Decode(&o.Limits); err != nil {
		return nil, err
	}
	if o.Facts == nil {
		return nil, errors.New("facts: not given; the action plugin takes them from the hosts' variables, " +
			"without it give a list with name, galera, pacemaker and haproxy")
	}
	hosts, err := factsOfHosts(o.Hosts, o.Facts)
	if err != nil {
		return nil, err
	}
	o.Now = reading.StartClock(call.Now).Now()
	decision, err := selection.Decide(hosts, o.Options)
	if err != nil {
		return nil, err
	}
	return &ansible.Result{Values: decision, Warnings: decision.Warnings}, nil
}

// factsOfHosts decodes the facts. A named host without facts counts as unreachable.
func factsOfHosts(names []string, facts []json.RawMessage) ([]topology.Host, error) {
	hosts, seen := []topology.Host{}, map[string]bool{}
	for _, raw := range facts {
		h, err := topology.DecodeHost(raw)
		if err != nil {
			return nil, err
		}
		hosts, seen[h.Name] = append(hosts, h), true
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if !seen[name] {
			hosts = append(hosts, topology.Host{Name: name, Unreachable: true})
		}
	}
	return hosts, nil
}
