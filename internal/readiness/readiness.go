// SPDX-License-Identifier: GPL-3.0-or-later

// Package readiness reads on one host what a backup, a verification and a restore will need there, for package doctor
// to judge. It runs the checks that these make themselves before they begin, each of them, whatever the others found.
// It changes nothing, leaves nothing, takes no lock and starts no container.
package readiness

import (
	"context"
	"fmt"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/restore"
)

// Read makes all checks.
func Read(ctx context.Context, clock reading.Clock, o Options, caller jobs.Caller) (doctor.Facts, error) {
	c := &host{o: o, caller: caller, raw: -1}
	c.systemd(ctx)
	c.add(doctor.Confinement, result("the kernel permits it", confine.Possible()))
	mode := c.selinux()
	if err := c.backup(ctx); err != nil {
		return doctor.Facts{}, err
	}
	c.sets()
	c.verification(ctx)
	n, b := c.restore(ctx)
	c.jobs(ctx)
	c.leftovers(n, b)
	f := doctor.Facts{SELinux: mode, Kernel: kernel(), Results: c.results}
	f.Present = c.version != ""
	mount, err := mountOf(o.Backup.Destination)
	if err != nil {
		f.Add("mounts", "/proc/self/mountinfo", err, "")
	}
	f.Mount = mount
	clock.Close(&f.Header)
	return f, nil
}

func (c *host) systemd(ctx context.Context) {
	version, err := jobs.Systemd(ctx)
	c.add(doctor.Systemd, result(fmt.Sprintf("version %d", version), err))
}

// selinux reads its mode, and checks for the programs that a restore needs if it is on.
func (c *host) selinux() (mode string) {
	mode, err := selinux()
	if err == nil && mode != "disabled" {
		err = restore.CanRelabel()
	}
	c.add(doctor.SELinux, result(mode, err))
	return mode
}

// backup runs the checks of a backup's plan.
func (c *host) backup(ctx context.Context) error {
	found, err := c.o.Backup.Examine(ctx, c.caller)
	if err != nil {
		return err
	}
	for _, l := range found.Results {
		seen := result(l.Seen, l.Err, l.Warnings...)
		seen.Unread = because(l.After)
		c.add(l.Name, seen)
	}
	c.raw, c.method, c.version, c.device = found.Raw, found.Method, found.Version, found.Datadir
	if l := c.at(doctor.Destination); l.Problem == "" {
		seen, err := "", error(nil)
		if hung := withTimeout("look at the destination", func() error {
			seen, err = describe(c.o.Backup.Destination, c.device)
			return nil
		}); hung != nil {
			err = hung
		}
		if l.Seen = seen; err != nil {
			l.Problem = oneLine(err)
		}
	}
	return nil
}
