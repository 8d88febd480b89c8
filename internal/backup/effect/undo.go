// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/journal"
)

// Undo undoes what a backup left behind that could not undo it itself, newest first, and records that in the journal.
// Effects that are already gone are recorded too; an effect that cannot be undone stays in the journal, is part of the
// error, and does not keep the rest from being undone. It may be called any number of times.
func Undo(ctx context.Context, o UndoOptions) (done []Undone, err error) {
	for _, e := range o.Entries {
		outcome, failed := o.undo(ctx, e)
		if failed == nil {
			failed = o.Journal.Undone(e)
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("undo %s: %w", e.Kind, failed))
			continue
		}
		done = append(done, Undone{Effect: e.Kind, Done: outcome})
	}
	return done, err
}

func (o UndoOptions) undo(ctx context.Context, e journal.Entry) (outcome string, err error) {
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
