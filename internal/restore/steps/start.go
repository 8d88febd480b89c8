// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"
	"fmt"
	"os"

	"overcloud.backup/internal/clustercheck"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/restore"
)

func (r *run) started(ctx context.Context) error {
	changed, err := r.node.Start(ctx, r.book, option.Seconds(r.StartTimeout))
	if changed && err == nil {
		r.report("the resource %s serves again on %s", r.node.Agent.Parent,
			quantity.Count(int64(len(r.node.Members)), "controller"))
	}
	return err
}

// checked checks that this host's server is what was restored. The expected values are in the target's book; the others
// get them from the caller.
func (r *run) checked(ctx context.Context) error {
	want := restore.Expected{Size: len(r.node.Members)}
	restored := !r.book.RollingBack && r.Target
	if restored {
		want.UUID = r.book.UUID
	}
	login := r.login()
	if r.book.Fence != nil {
		// Nobody is let in over the network now, including us.
		login.Host, login.Port = "", 0
	}
	w, err := r.node.Check(ctx, login, want, option.Seconds(r.CheckTimeout))
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, option.Seconds(r.CheckTimeout))
		defer cancel()
		_, err = clustercheck.Wait("")(ctx, w)
	}
	if err == nil && restored {
		r.finishServer(ctx, login)
	}
	if err == nil {
		r.actions = append(r.actions, fmt.Sprintf("%s is %s and %s at %s:%d",
			r.node.Name, w.ClusterStatus, w.State, w.ClusterStateUUID, w.LastCommitted))
	}
	return err
}

// finishServer compares the running schema, and enables the events that the cluster ran, once. Its findings are
// warnings, and do not keep the clients out.
func (r *run) finishServer(ctx context.Context, login mariadb.Login) {
	warn := func(warning string, err error) {
		if err != nil {
			warning = err.Error()
		}
		if warning != "" {
			r.warnings = append(r.warnings, warning)
		}
	}
	c, err := mariadb.Open(ctx, login)
	if err != nil {
		warn("", err)
		return
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, option.Seconds(r.CheckTimeout))
	defer cancel()
	warn(r.book.CompareSchema(ctx, c))
	enabled, warnings := r.book.EnableEvents(ctx, c)
	if enabled != "" {
		r.report("%s", enabled)
	}
	r.warnings = append(r.warnings, warnings...)
}

func (r *run) opened(ctx context.Context) error {
	changed, err := restore.LetIn(ctx, r.book)
	if changed {
		r.report("clients may come in again")
	}
	return err
}

// reached checks that clients get the restored data.
func (r *run) reached(ctx context.Context) error {
	uuid := r.book.UUID
	if r.book.RollingBack {
		uuid = ""
	}
	reached, err := r.node.ThroughVIP(ctx, r.login(), uuid, option.Seconds(r.CheckTimeout))
	r.actions = append(r.actions, reached)
	return err
}

// finished ends the restore on this host.
func (r *run) finished(ctx context.Context) error {
	how := restore.Restored
	if r.book.RollingBack {
		how = restore.RolledBack
	}
	if r.RemoveOld && how == restore.Restored {
		removed, err := r.node.RemoveOld(r.book)
		for _, s := range removed {
			r.report("%s", s)
		}
		if err != nil {
			return err
		}
	}
	r.changed = true
	if err := r.node.EndBan(ctx, r.book); err != nil {
		return err
	}
	// Data that was made ready and never used, or half removed by a run that was killed.
	return errors.Join(os.RemoveAll(r.node.Ready(r.book)), os.RemoveAll(r.node.Scratch()), r.node.RemoveRest(r.book),
		r.book.End(how))
}
