// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
)

// changedError is of an attempt whose schema changed while it was read.
type changedError struct{ error }

func (e *changedError) Unwrap() error { return e.error }

// schemaChange says in which way a statement that changed the schema broke an attempt; empty when none did. What the
// guard stopped and what ended with the server is never that.
func schemaChange(err error) string {
	var breach *guard.Breach
	var here *thisNodeError
	var changed *changedError
	switch {
	case err == nil || errors.As(err, &breach) || errors.As(err, &here):
		return ""
	case errors.As(err, &changed):
		return "the schema changed"
	}
	return tool.SchemaChange(err.Error())
}

// restartTimeout is how long a destination may take to remove what the first attempt stored.
const restartTimeout = time.Minute

// again makes a second attempt if the first was broken by a statement that changed the schema. Anything else stands.
func (r *running) again(ctx context.Context, first error, attempt func(context.Context) error) error {
	cause := schemaChange(first)
	if cause == "" || ctx.Err() != nil {
		return first
	}
	if err := abandon.Either(ctx, restartTimeout, r.set.Folder(), r.set.Restart); err != nil {
		return errors.Join(first, err)
	}
	r.warn("the data were read twice, because the first attempt was broken as by a change of the schema (%s): %v",
		cause, first)
	r.counters.Again()
	err := attempt(ctx)
	switch {
	case err != nil && err.Error() == first.Error() && strings.HasSuffix(cause, tool.IsGone):
		// The tool lists what there is first: what was dropped meanwhile it does not miss in the second attempt.
		return fmt.Errorf("%w; a second attempt ended in the same way", err)
	case err != nil:
		return fmt.Errorf("%w; this was the second attempt, after one that was broken as by a change of the schema "+
			"(%s): %w", err, cause, first)
	}
	return nil
}
