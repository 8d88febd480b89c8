// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// poll polls. done returns that the condition is met, or what is missing; the last of that is reported at the end.
func poll(ctx context.Context, limit time.Duration, what string, done func() (missing string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := ""
	for {
		missing, err := done()
		if err == nil && missing == "" {
			return nil
		}
		if err != nil {
			missing = err.Error()
		}
		var final *finalError
		if errors.As(err, &final) {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ctx.Err() == nil || last == "" {
			last = missing
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: timed out after %s: %s", what, limit, last)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// finalError ends the polling.
type finalError struct{ error }

func (f *finalError) Unwrap() error { return f.error }
