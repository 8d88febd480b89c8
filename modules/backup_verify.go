// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/verify"
)

//go:embed backup_verify.yml
var backupVerifySpec []byte

func init() { register("backup_verify", ansible.Module{Spec: backupVerifySpec, Run: backupVerify}) }

type backupVerifyOptions struct {
	loginOptions
	setOptions
	State       string           `json:"state"`
	Job         string           `json:"job"`
	Wait        bool             `json:"wait"`
	Level       repository.Level `json:"level"`
	Scratch     string           `json:"scratch"`
	Memory      int64            `json:"memory"`
	MaxDuration float64          `json:"max_duration"`
	CPUWeight   int              `json:"cpu_weight"`
	IOWeight    int              `json:"io_weight"`
	MemoryHigh  int64            `json:"memory_high"`
	Policy      string           `json:"policy"`
	IgnoreUsers []string         `json:"ignore_users"`
}

// backupVerifyValues are the module's results.
type backupVerifyValues struct {
	Set     string              `json:"set,omitempty"`
	Path    string              `json:"path,omitempty"`
	Level   repository.Level    `json:"level,omitempty"`
	Plan    *rebuild.Plan       `json:"plan,omitempty"`
	Outcome *repository.Outcome `json:"outcome,omitempty"`
	Undone  []string            `json:"undone,omitempty"`
}

// backupVerify is called by Ansible to verify a set, and by a unit that Ansible's call has started.
func backupVerify(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o backupVerifyOptions
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	switch {
	case call.Stage == ansible.AfterUnit:
		return o.afterUnit(ctx)
	case o.State == "recovered":
		return o.recover(ctx, call)
	case o.State == "status":
		return o.status(ctx)
	case call.Stage == ansible.InUnit, call.CheckMode:
		return o.present(ctx, call)
	}
	return o.start(ctx, call)
}

// check refuses numbers that the description of the options cannot.
func (o backupVerifyOptions) check() error {
	err := errors.Join(
		o.loginOptions.check(),
		within("memory", float64(o.Memory), 32, 1<<20),
		within("memory_high", float64(o.MemoryHigh), float64(o.Memory)+512, 1<<20),
		within("max_duration", o.MaxDuration, 1, maxSeconds),
		within("cpu_weight", float64(o.CPUWeight), 1, 10000),
		within("io_weight", float64(o.IOWeight), 1, 10000),
	)
	if o.Job != "" {
		err = errors.Join(err, jobs.CheckID(o.Job))
	}
	return err
}

// present verifies a set.
func (o backupVerifyOptions) present(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	late := fmt.Errorf("max_duration of %g s has passed", o.MaxDuration)
	ctx, cancel := context.WithTimeoutCause(ctx, seconds(o.MaxDuration), late)
	defer cancel()
	r, err := repository.Open(o.Destination)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s, err := r.Set(o.Cluster, o.Set)
	var broken *repository.BrokenManifest
	if errors.As(err, &broken) {
		return &ansible.Result{Values: backupVerifyValues{Set: broken.Set, Path: broken.Path}}, bad(broken.Path, []repository.Problem{broken.Problem()})
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return o.verify(ctx, call, s)
}

// recover undoes what a verification left that was killed.
func (o backupVerifyOptions) recover(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	if call.CheckMode {
		return &ansible.Result{Msg: "would remove what killed verifications left in " + o.Scratch}, nil
	}
	undone, err := scratch.Recover(o.Scratch)
	more, failed := scratch.RecoverFormer()
	undone = append(undone, more...)
	err = errors.Join(err, failed, recoverJobs(ctx))
	return &ansible.Result{Changed: len(undone) > 0, Msg: strings.Join(undone, "; "), Values: backupVerifyValues{Undone: undone}}, err
}

func (o backupVerifyOptions) verify(ctx context.Context, call *ansible.Call, s *repository.Set) (*ansible.Result, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	image := container.Image{}
	if o.Level == repository.LevelRestore {
		if err := o.idle(ctx, call); err != nil {
			return nil, err
		}
		if image, err = serverImage(ctx); err != nil {
			return nil, err
		}
	}
	if !call.CheckMode {
		if _, err := scratch.RecoverFormer(); err != nil {
			return nil, err
		}
	}
	v, err := verify.Prepare(ctx, s, verify.Options{
		Level: o.Level, Host: host, MadeBy: "overcloud.backup " + version,
		Rebuild: rebuild.Options{Scratch: o.Scratch, Image: image, Memory: o.Memory << 20, Progress: func(p rebuild.Progress) { call.Progress(p) }},
	})
	if err != nil {
		return nil, err
	}
	values := backupVerifyValues{Set: s.Name, Path: s.Path(), Level: o.Level, Plan: v.Plan()}
	if call.CheckMode {
		return &ansible.Result{Changed: true, Msg: fmt.Sprintf("would verify %s by the level %s; %s", s.Path(), o.Level, repository.NotSigned), Values: values}, nil
	}
	outcome, err := v.Run(ctx)
	if err != nil {
		return &ansible.Result{Values: values}, fmt.Errorf("verify %s: %w", s.Path(), err)
	}
	return verified(s, values, outcome)
}

// verified is the result. The tables, which may be thousands, stay in verified.json.
func verified(s *repository.Set, values backupVerifyValues, outcome repository.Outcome) (*ansible.Result, error) {
	msg := fmt.Sprintf("%s reads back well to its last byte", s.Path())
	if restored := outcome.Restored; restored != nil {
		short := *restored
		short.Tables = nil
		outcome.Restored = &short
		msg = fmt.Sprintf("%s was restored into a scratch server: %d tables are sound, %d rows in those of users, %.1f s", s.Path(), restored.Checked, restored.Rows, outcome.Duration)
	}
	values.Outcome = &outcome
	result := &ansible.Result{Changed: true, Msg: msg, Values: values, Warnings: outcome.Warnings}
	if !outcome.OK {
		return result, bad(s.Path(), outcome.Problems)
	}
	return result, nil
}

// idle refuses a host whose own server has clients: a restore takes its memory and its disk. A host without a server has
// none.
func (o backupVerifyOptions) idle(ctx context.Context, call *ansible.Call) error {
	if o.Policy == "allow_active" {
		return nil
	}
	c, err := galera.Open(ctx, o.login(call))
	var login *galera.LoginError
	if errors.As(err, &login) && login.Absent() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("see whether this host serves clients: %w; or set policy to allow_active", err)
	}
	defer c.Close()
	sessions, _, err := c.Sessions(ctx, o.IgnoreUsers)
	if err != nil {
		return fmt.Errorf("see whether this host serves clients: %w", err)
	}
	if len(sessions) == 0 {
		return nil
	}
	first := sessions[0]
	return fmt.Errorf("this host's database serves clients now (%d sessions of %s from %s, among others): verify on an idle controller or another host, or set policy to allow_active", first.Count, first.User, first.Source)
}
