// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/setlist"
)

//go:embed backup_list.yml
var backupListSpec []byte

func init() { register("backup_list", ansible.Module{Spec: backupListSpec, Run: backupList}) }

// backupListValues are the module's results.
type backupListValues struct {
	List    setlist.List `json:"list"`
	Message string       `json:"message"`
	// Text is the table for people. Plain ASCII.
	Text string `json:"text"`
}

// backupList makes one list of what the hosts answered. It runs on the control node.
func backupList(_ context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		Hosts        []string          `json:"hosts"`
		Destinations []string          `json:"destinations"`
		Cluster      string            `json:"cluster"`
		At           float64           `json:"at"`
		Answers      []json.RawMessage `json:"answers"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if o.Answers == nil {
		return nil, errors.New("answers: not given; the action plugin takes them from the hosts' variables, " +
			"without it give a list with host, destination and listing")
	}
	answers := []setlist.Answer{}
	for _, raw := range o.Answers {
		a, err := setlist.DecodeAnswer(raw)
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	if o.At == 0 {
		o.At = reading.StartClock(call.Now).Now()
	}
	list := setlist.Merge(answers, setlist.Options{
		Hosts: o.Hosts, Destinations: o.Destinations, Cluster: o.Cluster, Now: o.At,
	})
	values := backupListValues{List: list, Message: list.Message(), Text: list.Text()}
	return &ansible.Result{Msg: values.Message, Values: values}, nil
}
