// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/restore"
)

// open opens the set; fs.ErrNotExist if this host does not have it.
func (o Options) open() (*repository.Set, error) {
	if o.Destination == "" {
		return nil, fs.ErrNotExist
	}
	r, err := stores.Open(o.Destination)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s, err := r.Set(o.Cluster, o.Set.Set)
	if errors.Is(err, repository.ErrNoSet) {
		return nil, fs.ErrNotExist
	}
	return s, err
}

// against removes the accepted problems from those of a verification.
func (o Options) against(problems []repository.Problem) []repository.Problem {
	accepted := func(p repository.Problem) bool { return o.AcceptDifferences && p.Kind == repository.Differing }
	return slices.DeleteFunc(slices.Clone(problems), accepted)
}

// fits says what a restore of the set here would do, or why it cannot be done. All checks come before any change.
func (o Options) fits(ctx context.Context, n *restore.Node, s *repository.Set) (*rebuild.Plan, error) {
	if problems := s.Check(); len(problems) > 0 {
		return nil, repository.Bad(s.Path(), problems)
	}
	if problems := o.against(s.Entry().Problems); len(problems) > 0 {
		return nil, fmt.Errorf("a verification of %s failed: it %s; restore another set, or verify this one again if"+
			" the "+
			"cause was elsewhere", s.Path(), repository.Verdict(problems))
	}
	if err := n.Fits(s.Manifest.Cluster, o.OtherCluster); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(), err)
	}
	p, err := rebuild.Prepare(ctx, s, o.restoreOptions(n, jobs.Caller{}))
	if p == nil {
		return nil, err
	}
	plan := p.Plan()
	return &plan, err
}

func (o Options) restoreOptions(n *restore.Node, caller jobs.Caller) rebuild.Options {
	return rebuild.Options{
		Scratch: n.Scratch(), Memory: o.Memory << 20, ServerOptions: n.Options, NotNewer: true, Image: n.Image,
		Progress: func(p rebuild.Progress) { caller.Report(p) },
	}
}
