// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/restore/plan"
)

//go:embed restore_plan.yml
var restorePlanSpec []byte

func init() { register("restore_plan", ansible.Module{Spec: restorePlanSpec, Run: restorePlan}) }

// restorePlan decides how a restore proceeds. It runs on the control node.
func restorePlan(_ context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		plan.Options
		Views []json.RawMessage `json:"views"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if o.Views == nil {
		return nil, errors.New("views: not given; the action plugin takes them from the hosts' variables, " +
			"without it give a list with host and view")
	}
	views, warnings, err := viewsOf(o.Views)
	if err != nil {
		return nil, err
	}
	o.CheckMode = call.CheckMode
	decision, err := plan.Decide(views, o.Options)
	if err != nil {
		return nil, err
	}
	return &ansible.Result{Msg: decision.Message, Values: decision, Warnings: warnings}, nil
}

// viewsOf decodes the answers of the controllers. An answer that cannot be used is a warning, and is left out.
func viewsOf(raw []json.RawMessage) (views []plan.View, warnings []string, err error) {
	seen := map[string]bool{}
	for _, r := range raw {
		v, err := plan.DecodeView(r)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		if seen[v.Host] {
			return nil, nil, fmt.Errorf("views: host %q is given twice", v.Host)
		}
		views, seen[v.Host] = append(views, v), true
	}
	return views, warnings, nil
}
