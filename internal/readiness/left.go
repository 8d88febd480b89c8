// SPDX-License-Identifier: GPL-3.0-or-later

package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/internal/unit"
)

// jobs reports the backup that runs, and what the recovery of dead ones would undo.
func (c *host) jobs(ctx context.Context) {
	if l, skip := c.after(doctor.Systemd); skip {
		c.add(doctor.Jobs, l) // nobody knows there which unit runs
		return
	}
	seen := "none runs"
	running, err := store.Current(ctx)
	if running != nil {
		seen = "job " + running.ID + " runs"
	}
	warnings, failed := dead(ctx)
	units, listed := unit.Failed(ctx, jobs.Unit("*"))
	for _, u := range units {
		warnings = append(warnings, fmt.Sprintf("the unit %s failed: systemctl status %s; systemctl reset-failed %s", u,
			u, u))
	}
	c.add(doctor.Jobs, result(seen, errors.Join(err, failed, listed), warnings...))
}

// dead returns what dead jobs left here, in the words of the recovery, and what it warns of.
func dead(ctx context.Context) ([]string, error) {
	caller := jobs.Caller{CheckMode: true}
	answer, err := backups.Options{State: "recovered"}.Recover(ctx, caller, store)
	if answer == nil {
		return nil, err
	}
	warnings := answer.Warnings
	if answer.Changed {
		warnings = append(warnings, answer.Msg)
	}
	return warnings, err
}

// leftovers reports what restores and verifications left.
func (c *host) leftovers(n *restore.Node, b *restore.Book) {
	warnings := []string{}
	run, busy, err := scratch.Left(c.o.Scratch)
	if run != "" && !busy {
		warnings = append(warnings, run+" is left of a verification that was killed; the next one removes it")
	}
	kept := restore.Kept(datadir(n, b))
	if b == nil {
		err = errors.Join(err, errors.New("the record of restores cannot be read"))
	} else if b.UnderWay() {
		err = errors.Join(err, fmt.Errorf("the restore %s of %s, begun %s, has not ended on this host", b.Job, b.Set,
			b.Began))
	}
	if len(kept) > 0 {
		warnings = append(warnings, "kept of a restore: "+strings.Join(kept, ", "))
	}
	seen := "none"
	switch {
	case len(warnings) > 0:
		seen = "something is left"
	case busy:
		seen = "none; a verification runs in " + run
	}
	c.add(doctor.Leftovers, result(seen, err, warnings...))
}
