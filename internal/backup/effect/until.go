// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

const (
	syncedTimeout = time.Minute
	answerTimeout = 10 * time.Second
	pollEvery     = 100 * time.Millisecond
)

// synced waits until the node takes part again.
func synced(ctx context.Context, c *mariadb.Client) (galera.Wsrep, error) {
	w, err := until(ctx, c, syncedTimeout, func(w galera.Wsrep) bool { return condition.TakesPart(w) == nil })
	if err != nil {
		return w, fmt.Errorf("the node is not Synced again (%s): %w", w.State, errors.Join(condition.TakesPart(w), err))
	}
	return w, nil
}

// broken is how many readings in a row may fail. A server that hangs does not fail, it does not answer; one that is
// gone fails at once.
const broken = 5

// until reads the status until it is as requested, and returns the last one. It gives up early if the connection
// breaks.
func until(ctx context.Context, c *mariadb.Client, limit time.Duration, done func(galera.Wsrep) bool) (galera.Wsrep,
	error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var last galera.Wsrep
	failed := 0
	for {
		w, err := galera.Status(ctx, c)
		if failed++; err != nil && failed >= broken {
			return last, err
		}
		if err == nil {
			last, failed = w, 0
			if done(w) {
				return w, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, errors.Join(err, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}
