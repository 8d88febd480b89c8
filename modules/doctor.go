// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/selection"
)

//go:embed doctor.yml
var doctorSpec []byte

func init() { register("doctor", ansible.Module{Spec: doctorSpec, Run: runDoctor}) }

// runDoctor decides as idle_controller does, and judges all that was read.
func runDoctor(_ context.Context, call *ansible.Call) (*ansible.Result, error) {
	o := struct {
		selection.Options
		Hosts  []string          `json:"hosts"`
		Facts  []json.RawMessage `json:"facts"`
		Strict bool              `json:"strict"`
	}{Options: selection.Defaults()}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := call.Decode(&o.Limits); err != nil {
		return nil, err
	}
	if o.Facts == nil {
		return nil, errors.New("facts: not given; the action plugin takes them from the hosts' variables, " +
			"without it give a list with name, galera, pacemaker, haproxy and doctor")
	}
	hosts, err := factsOfHosts(o.Hosts, o.Facts)
	if err != nil {
		return nil, err
	}
	in := doctor.Input{Hosts: hosts, Now: reading.StartClock(call.Now).Now(), Strict: o.Strict}
	for _, raw := range o.Facts {
		d, err := doctor.Decode(raw)
		if err != nil {
			return nil, err
		}
		in.Documents = append(in.Documents, d)
	}
	o.Now = in.Now
	if in.Decision, err = selection.Decide(hosts, o.Options); err != nil {
		return nil, err
	}
	report := doctor.Judge(in)
	return &ansible.Result{Msg: report.Message, Values: report, Warnings: in.Decision.Warnings}, nil
}
