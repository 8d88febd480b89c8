// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/option"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/restore/plan"
)

// mayRejoin checks before anything is given up.
func (r *run) mayRejoin(ctx context.Context) error {
	return errors.Join(r.node.Replaceable(ctx), r.node.MayRejoin(ctx, r.login(), r.IgnoreUsers))
}

// rejoined gives up the data of this controller only, which then copies that of another one.
func (r *run) rejoined(ctx context.Context) error {
	if !plan.Confirmed(r.Confirm, r.node.Name) {
		return fmt.Errorf("confirm is %q: the data of this controller is replaced with that of the others; "+
			"confirm that by its name, %s", r.Confirm, r.node.Name)
	}
	if r.book.UnderWay() && r.book.Rejoin {
		r.Job = r.book.Job
	} else if err := r.mayRejoin(ctx); err != nil {
		return err
	}
	r.Set.Set, r.Target = "", false
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.node.Leave(ctx, r.book, option.Seconds(r.StopTimeout)); err != nil {
		return err
	}
	done, err := r.node.Replace(ctx, r.book)
	for _, s := range done {
		r.report("%s", s)
	}
	if err != nil {
		return err
	}
	if err := r.node.Join(ctx, r.book, option.Seconds(r.StartTimeout)); err != nil {
		return err
	}
	w, err := r.node.Check(ctx, r.login(), restore.Expected{Size: len(r.node.Online)}, option.Seconds(r.CheckTimeout))
	if err != nil {
		return err
	}
	r.report("%s is %s and %s at %s:%d, with the data of the others",
		r.node.Name, w.ClusterStatus, w.State, w.ClusterStateUUID, w.LastCommitted)
	if r.RemoveOld {
		removed, err := r.node.RemoveOld(r.book)
		r.actions = append(r.actions, removed...)
		if err != nil {
			return err
		}
	}
	return r.book.End(restore.Rejoined)
}
