// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"time"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/pacemaker/clusterlock"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
)

// planned inspects, and changes nothing. Errors are what the controller cannot report; problems keep it from being
// restored.
func (o Options) planned(ctx context.Context, n *restore.Node) (*jobs.Answer, error) {
	b, err := restore.ReadBook(home)
	if err != nil {
		return nil, err
	}
	v := standing(n, b)
	v.Node, v.NewJob = n, jobs.NewID(time.Now(), rand.Uint32())
	for _, err := range []error{n.Whole(), n.Startable(ctx, b), n.Replaceable(ctx), clusterlock.NoBackup(ctx)} {
		if err != nil {
			v.Problems = append(v.Problems, err.Error())
		}
	}
	s, err := o.open()
	if errors.Is(err, fs.ErrNotExist) || o.Destination == "" {
		return &jobs.Answer{Msg: "this host does not see the set", Values: v}, nil
	}
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
		return &jobs.Answer{Values: v}, nil
	}
	defer s.Close()
	entry := s.Entry()
	v.Set = &entry
	plan, err := o.fits(ctx, n, s)
	v.Plan = plan
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
	}
	result := &jobs.Answer{Msg: "this host sees " + s.Path() + ", " + repository.NotSigned, Values: v}
	if plan != nil {
		if slow := n.TooSlow(int64(float64(plan.Space.Raw) * plan.Space.Factor)); slow != "" {
			result.Warnings = append(result.Warnings, slow)
		}
	}
	return result, nil
}
