// SPDX-License-Identifier: GPL-3.0-or-later

// Package verifications runs verifications as jobs: units of systemd that are started, awaited, checked, and undone if
// they died. Without systemd a verification runs in the process that was asked for it.
package verifications

import (
	"context"
	"errors"
	"fmt"
	"os"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/verify"
)

// Run verifies a set.
func (o Options) Run(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, option.Seconds(o.MaxDuration), jobs.Late(o.MaxDuration))
	defer cancel()
	r, err := stores.Open(o.Destination)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s, err := r.Set(o.Cluster, o.Set.Set)
	var broken *repository.BrokenManifest
	if errors.As(err, &broken) {
		problems := []repository.Problem{broken.Problem()}
		return &jobs.Answer{Values: Values{Set: broken.Set, Path: broken.Path}}, repository.Bad(broken.Path, problems)
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return o.verify(ctx, caller, s)
}

func (o Options) verify(ctx context.Context, caller jobs.Caller, s *repository.Set) (*jobs.Answer, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	image := container.Image{}
	if o.Level == repository.LevelRestore {
		if err := o.idle(ctx, caller); err != nil {
			return nil, err
		}
		if image, err = restore.ServerImage(ctx); err != nil {
			return nil, err
		}
	}
	if !caller.CheckMode {
		if _, err := scratch.RecoverFormer(); err != nil {
			return nil, err
		}
	}
	v, err := verify.Prepare(ctx, s, verify.Options{
		Level: o.Level, Host: host, MadeBy: o.MadeBy,
		Rebuild: rebuild.Options{
			Scratch: o.Scratch, Image: image, Memory: o.Memory << 20,
			Progress: func(p rebuild.Progress) { caller.Report(p) },
		},
	})
	if err != nil {
		return nil, err
	}
	values := Values{Set: s.Name, Path: s.Path(), Level: o.Level, Plan: v.Plan()}
	if caller.CheckMode {
		msg := fmt.Sprintf("would verify %s by the level %s; %s", s.Path(), o.Level, repository.NotSigned)
		return &jobs.Answer{Changed: true, Msg: msg, Values: values}, nil
	}
	outcome, err := v.Run(ctx)
	if err != nil {
		return &jobs.Answer{Values: values}, fmt.Errorf("verify %s: %w", s.Path(), err)
	}
	return verified(s, values, outcome)
}

// verified returns the result. The tables, which may be thousands, stay in verified.json.
func verified(s *repository.Set, values Values, outcome repository.Outcome) (*jobs.Answer, error) {
	msg := fmt.Sprintf("%s reads back well to its last byte", s.Path())
	if restored := outcome.Restored; restored != nil {
		short := *restored
		short.Tables = nil
		outcome.Restored = &short
		msg = fmt.Sprintf("%s was restored into a scratch server: %s undamaged, with %s in those of users, %.1f s",
			s.Path(), quantity.Count(int64(restored.Checked), "table"), quantity.Count(restored.Rows, "row"),
			outcome.Duration)
	}
	values.Outcome = &outcome
	result := &jobs.Answer{Changed: true, Msg: msg, Values: values, Warnings: outcome.Warnings}
	if !outcome.OK {
		return result, repository.Bad(s.Path(), outcome.Problems)
	}
	return result, nil
}

// idle refuses a host whose own server has clients: a restore takes its memory and its disk. A host without a server
// has none.
func (o Options) idle(ctx context.Context, caller jobs.Caller) error {
	if o.Policy == "allow_active" {
		return nil
	}
	c, err := mariadb.Open(ctx, o.Login.Login(caller.Hide))
	var login *mariadb.LoginError
	if errors.As(err, &login) && login.Absent() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("check whether this host serves clients: %w; or set policy to allow_active", err)
	}
	defer c.Close()
	sessions, _, err := galera.Sessions(ctx, c, o.IgnoreUsers)
	if err != nil {
		return fmt.Errorf("check whether this host serves clients: %w", err)
	}
	if len(sessions) == 0 {
		return nil
	}
	first := sessions[0]
	return fmt.Errorf("this host's database serves clients now (%s of %s from %s, among others): verify on an "+
		"idle controller or another host, or set policy to allow_active", quantity.Count(int64(first.Count), "session"),
		first.User, first.Source)
}
