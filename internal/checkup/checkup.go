// SPDX-License-Identifier: GPL-3.0-or-later

// Package checkup reads on one host what a backup, a verification and a restore will need there, for package doctor to
// judge. It runs the checks that these make themselves before they begin, each of them, whatever the others found. It
// changes nothing, leaves nothing, takes no lock and starts no container.
package checkup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/restore"
)

// Options say what will be done, so that it can be looked at.
type Options struct {
	// Backup are the options of the backup: login, destination, method.
	Backup backups.Options
	// Scratch is the folder of a verification.
	Scratch string
}

// lookTimeout is how long looking at a file system may take: one that hangs is a finding.
const lookTimeout = 30 * time.Second

// checkup collects the looks of one host.
type checkup struct {
	o      Options
	caller jobs.Caller
	looks  []doctor.Look
	// raw is the size of the next backup, by method, of a server of this version; -1 if that is not known.
	raw             int64
	method, version string
	// device is that of the datadir.
	device uint64
}

// Read makes all checks.
func Read(ctx context.Context, clock reading.Clock, o Options, caller jobs.Caller) (doctor.Facts, error) {
	c := &checkup{o: o, caller: caller, raw: -1}
	c.systemd(ctx)
	c.add(doctor.Confinement, look("the kernel permits it", confine.Possible()))
	mode := c.selinux()
	if err := c.backup(ctx); err != nil {
		return doctor.Facts{}, err
	}
	c.sets()
	c.verification(ctx)
	n, b := c.restore(ctx)
	c.jobs(ctx)
	c.leftovers(n, b)
	f := doctor.Facts{SELinux: mode, Kernel: kernel(), Looks: c.looks}
	f.Present = c.version != ""
	mount, err := mountOf(o.Backup.Destination)
	if err != nil {
		f.Add("mounts", "/proc/self/mountinfo", err, "")
	}
	f.Mount = mount
	clock.Close(&f.Header)
	return f, nil
}

// add adds a look, in a form that a document has.
func (c *checkup) add(check string, l doctor.Look) {
	l.Check = check
	if l.Warnings == nil {
		l.Warnings = []string{}
	}
	c.looks = append(c.looks, l)
}

// at returns the look of that name.
func (c *checkup) at(check string) *doctor.Look {
	for i := range c.looks {
		if c.looks[i].Check == check {
			return &c.looks[i]
		}
	}
	return &doctor.Look{}
}

// look is what a check found: a value, or what is wrong.
func look(seen string, err error, warnings ...string) doctor.Look {
	l := doctor.Look{Seen: seen, Warnings: warnings}
	if err != nil {
		l.Problem = oneLine(err)
	}
	return l
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// after returns a look that was not made, if another one did not succeed.
func (c *checkup) after(check string) (doctor.Look, bool) {
	l := c.at(check)
	if l.Problem == "" && l.Unread == "" {
		return doctor.Look{}, false
	}
	return doctor.Look{Unread: because(check)}, true
}

// because says that a check was not made because another one did not succeed.
func because(check string) string {
	if check == "" {
		return ""
	}
	return fmt.Sprintf("not checked, because %q did not succeed", doctor.Title(check))
}

// within gives up on a file system that hangs.
func within(what string, do func() error) error {
	_, err := abandon.After(lookTimeout, what, abandon.Action(do))
	return err
}

func (c *checkup) systemd(ctx context.Context) {
	version, err := jobs.Systemd(ctx)
	c.add(doctor.Systemd, look(fmt.Sprintf("version %d", version), err))
}

// selinux reads its mode, and checks for the programs that a restore needs if it is on.
func (c *checkup) selinux() (mode string) {
	mode, err := selinux()
	if err == nil && mode != "disabled" {
		err = restore.CanRelabel()
	}
	c.add(doctor.SELinux, look(mode, err))
	return mode
}

// backup runs the checks of a backup's plan.
func (c *checkup) backup(ctx context.Context) error {
	found, err := c.o.Backup.Examine(ctx, c.caller)
	if err != nil {
		return err
	}
	for _, l := range found.Looks {
		seen := look(l.Seen, l.Err, l.Warnings...)
		seen.Unread = because(l.After)
		c.add(l.Name, seen)
	}
	c.raw, c.method, c.version, c.device = found.Raw, found.Method, found.Version, found.Datadir
	if l := c.at(doctor.Destination); l.Problem == "" {
		seen, err := "", error(nil)
		if hung := within("look at the destination", func() error {
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

// Where jobs and restores keep their records; tests have others.
var (
	store = jobs.Default()
	home  = restore.Home
)

// errNoSize means that the size of the next backup is not known.
var errNoSize = errors.New("the size of the data is not known")
