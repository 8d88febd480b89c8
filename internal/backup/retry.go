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

// changedError is the error of an attempt whose schema changed while it was read.
type changedError struct{ error }

func (e *changedError) Unwrap() error { return e.error }

// schemaChange returns how a statement that changed the schema broke an attempt; empty if none did. An attempt that the
// guard stopped or that ended with the server was never broken that way.
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

// retry makes a second attempt if the first was broken by a statement that changed the schema. Any other result stands.
func (r *running) retry(ctx context.Context, first error, attempt func(context.Context) error) error {
	cause := schemaChange(first)
	if cause == "" || ctx.Err() != nil {
		return first
	}
	if err := abandon.Either(ctx, restartTimeout, r.set.Folder(), r.set.Restart); err != nil {
		return errors.Join(first, err)
	}
	r.warn("the data was read twice, because a change of the schema appears to have broken the first attempt (%s): %v",
		cause, first)
	r.counters.Again()
	err := attempt(ctx)
	switch {
	case err != nil && err.Error() == first.Error() && strings.HasSuffix(cause, tool.IsGone):
		// The tool lists the tables first: the second attempt does not miss what was dropped in the meantime.
		return fmt.Errorf("%w; a second attempt ended in the same way", err)
	case err != nil:
		return fmt.Errorf("%w; this was the second attempt, after one that a change of the schema appears to have"+
			" broken "+
			"(%s): %w", err, cause, first)
	}
	return nil
}
