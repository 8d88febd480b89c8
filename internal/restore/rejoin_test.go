// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/mariadb"
)

// A wrong password, or a server without a free connection, says nothing about its clients.
func TestAServerThatLetsUsNotInIsNoBrokenOne(t *testing.T) {
	n := &Node{Name: "controller-1"}
	for _, c := range []struct {
		name     string
		promoted bool
		err      error
		refused  bool
	}{
		{"nothing listens", true, syscall.ECONNREFUSED, false},
		{"no socket", true, os.ErrNotExist, false},
		{"too many connections", true, errors.New("Error 1040 (08004): Too many connections"), true},
		{"no answer", true, context.DeadlineExceeded, true},
		{"no answer, not promoted", false, context.DeadlineExceeded, false},
	} {
		login := &mariadb.LoginError{Attempts: []mariadb.Attempt{{Place: "socket /s", User: "root", Err: c.err}}}
		err := n.explainRefusal(fmt.Errorf("open: %w", login), c.promoted)
		if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(),
			"controller-1 is promoted, and whether clients use it cannot be seen") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if n.explainRefusal(errors.New("ca_cert: no such file"), true) == nil {
		t.Error("a login that could not be tried counts as a broken server")
	}
}
