// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"time"

	"overcloud.backup/internal/backup/effect"
)

// lockMargin is how much longer than the backup, including its drain, the cluster's lock is requested for.
const lockMargin = 10 * time.Minute

// lock takes the cluster's lock. A host without Pacemaker has no such lock, which is a warning.
func (j *Job) lock(ctx context.Context) (release func() error, err error) {
	none := func() error { return nil }
	if j.o.Job == "" {
		return none, nil
	}
	v, err := readCluster(ctx)
	if err != nil {
		return nil, thisNode(err)
	}
	if !v.Present {
		j.warn("no lock keeps another controller from being backed up at the same time: %s", v.Reason)
		return none, nil
	}
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(24 * time.Hour)
	}
	release, broken, err := effect.Lock(ctx, effect.LockRequest{
		Cluster: j.plan.Cluster.UUID, Job: j.o.Job, Expires: end.Add(j.o.DrainTimeout + lockMargin),
		Running: j.o.Running,
	}, v, j.notes)
	if broken != "" {
		j.warn("%s", broken)
	}
	return release, err
}
