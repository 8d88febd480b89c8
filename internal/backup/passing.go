// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"errors"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/pacemaker/clusterlock"
)

// passingError is about something that ends by itself.
type passingError struct{ error }

func (e *passingError) Unwrap() error { return e.error }

// passing marks an error whose cause ends by itself.
func passing(err error) error {
	if err == nil {
		return nil
	}
	return &passingError{err}
}

// Passes reports whether a refusal ends by itself, so that a later attempt may succeed: another backup runs, a client
// has just come, the node is the donor of a state transfer. It is false for a backup that had begun to read, and if
// this controller could not be made a spare again.
func Passes(err error) bool {
	var stays *desyncedError
	if errors.As(err, &stays) {
		return false
	}
	var marked *passingError
	var unfit *condition.Error
	var held *clusterlock.Held
	return errors.As(err, &marked) || errors.As(err, &unfit) && unfit.Ends ||
		errors.As(err, &held) && held.Lock.Expires > 0
}
