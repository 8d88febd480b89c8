// SPDX-License-Identifier: GPL-3.0-or-later

// Package endpoint asks one HAProxy over its stats socket, or reads its statistics page, and changes nothing: it sends
// only commands that read, and nothing is sent to, and no answer taken from, a process that is not HAProxy's own.
package endpoint

import (
	"context"
	"fmt"
	"io"

	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/haproxy/stats"
)

// readAll reads to the end, at most stats.MaxAnswer bytes.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, stats.MaxAnswer+1))
	if err == nil && len(b) > stats.MaxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d MiB", stats.MaxAnswer>>20)
	}
	return b, err
}

// reason says that the time was up, and how much had come, if that is why an exchange failed.
func reason(ctx context.Context, err error, got int) error {
	if err == nil {
		return nil
	}
	if ctx.Err() == nil {
		return locate.WithoutPath(err)
	}
	if got > 0 {
		return fmt.Errorf("the answer was not complete within the time limit (%d bytes): %w", got, ctx.Err())
	}
	return fmt.Errorf("no answer within the time limit: %w", ctx.Err())
}
