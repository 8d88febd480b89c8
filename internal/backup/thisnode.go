// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"errors"

	"overcloud.backup/internal/backup/guard"
)

// thisNodeError is about this controller only.
type thisNodeError struct{ error }

func (e *thisNodeError) Unwrap() error { return e.error }

// thisNode marks an error that says nothing about the other controllers.
func thisNode(err error) error {
	if err == nil {
		return nil
	}
	return &thisNodeError{err}
}

// desyncedError reports a node that may still be desynced by us.
type desyncedError struct{ error }

func (e *desyncedError) Unwrap() error { return e.error }

func stillDesynced(undo error) error {
	if undo == nil {
		return nil
	}
	return &desyncedError{undo}
}

// TryAnother reports whether another controller may be tried: this one is, or became, unfit, its server ended, or it
// has too little space to begin with. It is false for errors that would be the same everywhere or are not known to
// differ, such as a lock that is held, a destination that fills up or fails, an account or a tool; and if this
// controller could not be made a spare again: a backup of another one would take away one more.
func TryAnother(err error) bool {
	var stays *desyncedError
	if errors.As(err, &stays) {
		return false
	}
	var marked *thisNodeError
	var breach *guard.Breach
	return errors.As(err, &marked) || errors.As(err, &breach) && breach.Here
}
