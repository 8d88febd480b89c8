// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"time"
)

// The guard notices a server that hangs, but before the guard starts nothing does, and the cluster's lock may already
// be held.
//
// readyTimeout covers everything that is asked then: catching up may take 30 s (repl.causal_read_timeout), and reading
// the schema of thousands of tables as long. prepareTimeout also includes four times content.QueryLimit, and eight
// times the limit of the queries about losses of a dump.
var (
	readyTimeout   = 3 * time.Minute
	prepareTimeout = 8 * time.Minute
)

// answering gives up on a server that does not answer everything within limit.
func answering(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	silent := fmt.Errorf("the database server has not answered all that it was asked within %s", limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, silent)
	defer cancel()
	err := ask(ctx)
	if err != nil && context.Cause(ctx) == silent {
		return thisNode(fmt.Errorf("%w: %w", silent, err))
	}
	return err
}
