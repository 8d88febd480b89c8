// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"time"
)

// The guard sees a server that hangs, but before it watches nobody does, and the cluster's lock may be held already.
//
// readyTimeout is for all that is asked then: to catch up alone may take 30 s (repl.causal_read_timeout), the schema of
// thousands of tables as long. prepareTimeout holds content.QueryLimit besides, four times, and the limit of what a
// dump loses, eight times.
var (
	readyTimeout   = 3 * time.Minute
	prepareTimeout = 8 * time.Minute
)

// answering gives up on a server that does not answer within limit all that it is asked.
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
