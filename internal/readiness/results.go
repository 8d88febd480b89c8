// SPDX-License-Identifier: GPL-3.0-or-later

package readiness

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/restore"
)

// Options say what will be done, so that it can be looked at.
type Options struct {
	// Backup are the options of the backup: login, destination, method.
	Backup backups.Options
	// Scratch is the folder of a verification.
	Scratch string
}

// fileTimeout is how long looking at a file system may take: one that hangs is a finding.
const fileTimeout = 30 * time.Second

// host collects the results of one host.
type host struct {
	o       Options
	caller  jobs.Caller
	results []doctor.Result
	// raw is the size of the next backup, by method, of a server of this version; -1 if that is not known.
	raw             int64
	method, version string
	// device is that of the datadir.
	device uint64
}

// add adds a result, in a form that a document has.
func (c *host) add(check string, l doctor.Result) {
	l.Check = check
	if l.Warnings == nil {
		l.Warnings = []string{}
	}
	c.results = append(c.results, l)
}

// at returns the result of that check.
func (c *host) at(check string) *doctor.Result {
	for i := range c.results {
		if c.results[i].Check == check {
			return &c.results[i]
		}
	}
	return &doctor.Result{}
}

// result is what a check found: a value, or what is wrong.
func result(seen string, err error, warnings ...string) doctor.Result {
	l := doctor.Result{Seen: seen, Warnings: warnings}
	if err != nil {
		l.Problem = oneLine(err)
	}
	return l
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// after returns the result of a check that was not made, if another one did not succeed.
func (c *host) after(check string) (doctor.Result, bool) {
	l := c.at(check)
	if l.Problem == "" && l.Unread == "" {
		return doctor.Result{}, false
	}
	return doctor.Result{Unread: because(check)}, true
}

// because says that a check was not made because another one did not succeed.
func because(check string) string {
	if check == "" {
		return ""
	}
	return fmt.Sprintf("not checked, because %q did not succeed", doctor.Title(check))
}

// withTimeout gives up on a file system that hangs.
func withTimeout(what string, do func() error) error {
	_, err := abandon.After(fileTimeout, what, abandon.Action(do))
	return err
}

// Where jobs and restores keep their records; tests have others.
var (
	store = jobs.Default()
	home  = restore.Home
)

// errNoSize means that the size of the next backup is not known.
var errNoSize = errors.New("the size of the data is not known")
