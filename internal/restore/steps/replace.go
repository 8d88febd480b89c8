// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"

	"overcloud.backup/internal/option"
	"overcloud.backup/internal/pacemaker/clusterlock"
)

func (r *run) fenced(ctx context.Context) error {
	if r.book.Fence == nil && !r.book.Opened {
		if err := r.mayStop(ctx); err != nil {
			return err
		}
	}
	changed, err := r.node.KeepOut(ctx, r.book, r.KeepClientsOut)
	if changed {
		r.report("clients are kept from port %s of %s", r.node.Port, r.node.Name)
	}
	return err
}

// mayStop checks again before clients are kept out: making the set ready may have taken hours. The way back stays open.
func (r *run) mayStop(ctx context.Context) error {
	if err := errors.Join(clusterlock.NoBackup(ctx), r.node.Vacant(ctx)); err != nil || r.book.RollingBack {
		return err
	}
	return errors.Join(r.node.Whole(), r.node.Startable(ctx, r.book), r.node.Replaceable(ctx))
}

func (r *run) stopped(ctx context.Context) error {
	changed, err := r.node.Stop(ctx, r.book, option.Seconds(r.StopTimeout))
	if changed && err == nil {
		r.report("stopped the resource %s on all controllers", r.node.Agent.Parent)
	}
	return err
}

func (r *run) replaced(ctx context.Context) error {
	if err := r.node.EndBan(ctx, r.book); err != nil {
		return err
	}
	done, err := r.node.Replace(ctx, r.book)
	for _, s := range done {
		r.report("%s", s)
	}
	return err
}

// rollingBack records that the original data is to return, also after a restore that ended well.
func (r *run) rollingBack(context.Context) error {
	r.changed = !r.book.RollingBack
	return r.book.RollBack()
}

// rolledBack puts the original datadir back.
func (r *run) rolledBack(ctx context.Context) error {
	if err := r.node.EndBan(ctx, r.book); err != nil {
		return err
	}
	done, err := r.node.PutBack(ctx, r.book)
	for _, s := range done {
		r.report("%s", s)
	}
	return err
}
