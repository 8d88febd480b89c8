// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import "errors"

// Kinds of effects in the journal, each with what undoes it.
const (
	lockEffect   = "lock"
	setEffect    = "set"
	desyncEffect = "desync"
)

// will notes an effect before it begins. undone notes that it is no longer there; it may be called twice.
func (j *Job) will(kind string, undo any) (undone func() error, err error) {
	if j.o.Journal == nil {
		return func() error { return nil }, nil
	}
	j.noting.Lock()
	defer j.noting.Unlock()
	entry, err := j.o.Journal.Will(kind, undo)
	if err != nil {
		return nil, err
	}
	noted := false
	return func() error {
		j.noting.Lock()
		defer j.noting.Unlock()
		if noted {
			return nil
		}
		err := j.o.Journal.Undone(entry)
		noted = err == nil
		return err
	}, nil
}

// settle notes that an effect is gone unless undoing it failed.
func settle(undo error, undone func() error) error {
	if undo != nil {
		return undo
	}
	return undone()
}

// Undone is an effect that Undo has undone, for people.
type Undone struct {
	Effect string `json:"effect"` // lock, set, desync
	Done   string `json:"done"`
}

var errUnknownEffect = errors.New("this version does not know how to undo it; use the version that made it")
