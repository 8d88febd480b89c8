// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// unusable is a set that can be read back and cannot be restored.
type unusable struct{ repository.Problem }

func (u unusable) Error() string { return u.String() }

// damagedFile is a file of the set that cannot be read back.
type damagedFile struct{ unusable }

func (d damagedFile) Unwrap() error { return d.unusable }

// fromOutside are the signals that come from outside of a program: from an operator, systemd, or the kernel if memory
// runs out.
var fromOutside = []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// refusedBy turns a program's own refusal, or its crash over the data, into a problem of the set. A program that was
// ended from outside proves nothing.
func refusedBy(file, step string, err error, output string) error {
	var exit *process.ExitError
	outside := func(s syscall.Signal) bool { return s.String() == exit.Signal }
	if !errors.As(err, &exit) || slices.ContainsFunc(fromOutside, outside) {
		return fmt.Errorf("%s: %w", step, err)
	}
	how := fmt.Sprintf("exit status %d", exit.Code)
	if exit.Signal != "" {
		how = "ended by " + exit.Signal
	}
	if output == "" {
		output = excerpt.LastLine(exit.Stderr)
	}
	if err := MissingKey(output); err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return unusable{repository.Damage(file, "%s: %s: %s", step, how, output)}
}

// Blame decides what an error of the scratch server means. A server that ends because of what it was given, as InnoDB
// does over a damaged page, proves that the set is bad; every other error is returned as it is.
func (r *Copy) Blame(file, over string, err error) error {
	select {
	case <-r.server.Child.Ended():
	case <-time.After(time.Second):
		return err
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return refusedBy(file, "the scratch server ended over "+over, r.server.Child.Wait(), r.server.LogSummary())
}

// OutOfRoom reports whether a server error means that disk space or memory ran out, or that a query was ended. Such an
// error says nothing about the set.
func OutOfRoom(number int) bool {
	return slices.Contains([]int{1021, 1037, 1038, 1041, 1114, 1317}, number)
}
