// SPDX-License-Identifier: GPL-3.0-or-later

package abandon

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestADestinationThatHangsIsLeftBehind(t *testing.T) {
	late := errors.New("stopped")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, late)
	defer cancel()
	hang := make(chan struct{})
	defer close(hang)
	begun := time.Now()
	_, err := WhenDone(ctx, "/mnt/nfs", func() (int, error) { <-hang; return 1, nil })
	if !errors.Is(err, late) || !strings.Contains(err.Error(), "/mnt/nfs neither accepts what is written nor fails") {
		t.Error(err)
	}
	if took := time.Since(begun); took < Patience || took > Patience+time.Second {
		t.Errorf("after %s", took)
	}
}

func TestACallThatReturnsIsWaitedFor(t *testing.T) {
	n, err := WhenDone(t.Context(), "/", func() (int, error) { return 7, nil })
	if n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	own := errors.New("its own")
	if _, err := WhenDone(ctx, "/", func() (int, error) {
		time.Sleep(50 * time.Millisecond)
		return 0,
			own
	}); !errors.Is(err, own) {
		t.Error(err)
	}
	if _, err := WhenDone(t.Context(), "/", func() (int, error) { panic("inside") }); err == nil ||
		!strings.Contains(err.Error(), "panic: inside") {
		t.Error(err)
	}
}
