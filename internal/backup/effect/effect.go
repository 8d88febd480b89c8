// SPDX-License-Identifier: GPL-3.0-or-later

// Package effect contains what a backup changes outside of its set while it runs: the cluster's lock, wsrep_desync, and
// an unfinished set. Each is recorded in the job's journal before it begins, so that Undo can revert it after a kill.
package effect

import (
	"errors"
	"sync"
	"time"

	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/mariadb"
)

// Kinds of effects in the journal, each with what undoes it.
const (
	lockEffect   = "lock"
	SetEffect    = "set"
	DesyncEffect = "desync"
)

// Notes records effects. It may be used by several goroutines: the guard may desync while the rest continues.
type Notes struct {
	journal *journal.Journal
	mutex   sync.Mutex
}

// NewNotes records effects in a journal; nil records nothing.
func NewNotes(j *journal.Journal) *Notes { return &Notes{journal: j} }

// record records an effect before it begins. undone records that it no longer exists; it may be called twice.
func (n *Notes) record(kind string, undo any) (undone func() error, err error) {
	if n.journal == nil {
		return func() error { return nil }, nil
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	entry, err := n.journal.Will(kind, undo)
	if err != nil {
		return nil, err
	}
	noted := false
	return func() error {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		if noted {
			return nil
		}
		err := n.journal.Undone(entry)
		noted = err == nil
		return err
	}, nil
}

// undoneUnless records that an effect is gone unless undoing it failed.
func undoneUnless(failed error, undone func() error) error {
	if failed != nil {
		return failed
	}
	return undone()
}

// Undone describes an effect that Undo has undone, for people.
type Undone struct {
	Effect string `json:"effect"` // lock, set, desync
	Done   string `json:"done"`
}

var errUnknownEffect = errors.New("this version does not know how to undo it; use the version that made it")

// UndoOptions are the options of the backup that undoing it needs.
type UndoOptions struct {
	// Entries are the open entries of the journal, newest first.
	Entries      []journal.Entry
	Journal      *journal.Journal
	Login        mariadb.Login
	HealthURL    string
	DrainTimeout time.Duration
}
