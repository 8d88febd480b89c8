// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/journal"
)

// UndoOptions is what an undo needs of the options of the backup that it undoes.
type UndoOptions struct {
	// Entries are what the journal has open, newest first.
	Entries      []journal.Entry
	Journal      *journal.Journal
	Login        galera.Login
	HealthURL    string
	DrainTimeout time.Duration
}

// Undo undoes what a backup left that could not do so itself, newest first, and notes it in the journal. What is gone
// already is noted too; whatever cannot be undone stays in the journal, is part of the error, and does not keep the rest
// from being undone. It may be called any number of times.
func Undo(ctx context.Context, o UndoOptions) (done []Undone, err error) {
	for _, e := range o.Entries {
		said, failed := o.undo(ctx, e)
		if failed == nil {
			failed = o.Journal.Undone(e)
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("undo %s: %w", e.Kind, failed))
			continue
		}
		done = append(done, Undone{Effect: e.Kind, Done: said})
	}
	return done, err
}

func (o UndoOptions) undo(ctx context.Context, e journal.Entry) (said string, err error) {
	switch e.Kind {
	case lockEffect:
		return parse(e, lockUndo.undo)
	case SetEffect:
		return parse(e, setUndo.undo)
	case DesyncEffect:
		return parse(e, func(u desyncUndo) (string, error) { return u.undo(ctx, o) })
	}
	return "", errUnknownEffect
}

func parse[T any](e journal.Entry, undo func(T) (string, error)) (string, error) {
	var u T
	if err := json.Unmarshal(e.Undo, &u); err != nil {
		return "", fmt.Errorf("read the journal: %w", excerpt.Error(err))
	}
	return undo(u)
}
