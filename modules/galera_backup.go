// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/selection"
)

//go:embed galera_backup.yml
var galeraBackupSpec []byte

func init() { register("galera_backup", ansible.Module{Spec: galeraBackupSpec, Run: galeraBackup}) }

type galeraBackupOptions struct {
	loginOptions
	Destination      string          `json:"destination"`
	Cluster          string          `json:"cluster"`
	Method           backup.Method   `json:"method"`
	Desync           string          `json:"desync"`
	DrainTimeout     float64         `json:"drain_timeout"`
	HealthURL        string          `json:"health_check_url"`
	Level            int             `json:"level"`
	Buffer           int64           `json:"buffer"`
	NonTransactional string          `json:"non_transactional"`
	MaxDuration      float64         `json:"max_duration"`
	IgnoreUsers      []string        `json:"ignore_users"`
	Policy           string          `json:"policy"`
	Decision         json.RawMessage `json:"decision"`
}

func galeraBackup(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o galeraBackupOptions
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	late := fmt.Errorf("max_duration of %g s has passed", o.MaxDuration)
	ctx, cancel := context.WithTimeoutCause(ctx, seconds(o.MaxDuration), late)
	defer cancel()
	job, err := backup.Prepare(ctx, o.options(call))
	if err != nil {
		return nil, err
	}
	values := map[string]any{"plan": job.Plan()}
	if call.CheckMode {
		return &ansible.Result{Changed: true, Msg: job.Plan().Summary(), Values: values, Warnings: job.Plan().Warnings}, nil
	}
	made, err := job.Run(ctx)
	if made == nil {
		return &ansible.Result{Values: values}, err
	}
	values["backup"] = made
	return &ansible.Result{Changed: true, Msg: made.Summary(), Values: values, Warnings: made.Manifest.Warnings}, err
}

// check refuses numbers that the description of the options cannot.
func (o galeraBackupOptions) check() error {
	return errors.Join(
		o.loginOptions.check(),
		within("level", float64(o.Level), 1, 19),
		within("buffer", float64(o.Buffer), 0, 4096),
		within("max_duration", o.MaxDuration, 1, maxSeconds),
		within("drain_timeout", o.DrainTimeout, 1, maxSeconds),
	)
}

func (o galeraBackupOptions) options(call *ansible.Call) backup.Options {
	hidden := &secrets{call: call}
	login := o.login(call)
	login.Secret = hidden.add
	policy := o.policy()
	return backup.Options{
		Destination: o.Destination, Cluster: o.Cluster, Method: o.Method, Desync: o.Desync == "always",
		Level: o.Level, Buffer: o.Buffer << 20, WarnNonTransactional: o.NonTransactional == "warn",
		AllowClients: policy == selection.AllowActive, AllowActive: policy == selection.PreferIdle,
		IgnoreUsers: o.IgnoreUsers, Decision: o.Decision, MadeBy: "overcloud.backup " + version,
		Login: login, HealthURL: o.HealthURL, DrainTimeout: seconds(o.DrainTimeout),
		Scrub: hidden.scrub, Progress: func(p backup.Progress) { call.Progress(p) },
	}
}

// policy is the option's, else the decision's, else none but an idle controller.
func (o galeraBackupOptions) policy() selection.Policy {
	if o.Policy != "" {
		return selection.Policy(o.Policy)
	}
	var decision struct {
		Policy selection.Policy `json:"policy"`
	}
	// A decision of another form is kept in the manifest all the same; it allows nothing.
	if json.Unmarshal(o.Decision, &decision) != nil || decision.Policy == "" {
		return selection.RequireIdle
	}
	return decision.Policy
}

// secrets are the passwords that were found, for what is written to the backup's log.
type secrets struct {
	call  *ansible.Call
	mutex sync.Mutex
	found []string
}

func (s *secrets) add(secret string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.call.Secret(secret)
	s.found = append(s.found, secret)
}

func (s *secrets) scrub(text string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, secret := range s.found {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "********")
		}
	}
	return text
}
