// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"overcloud.backup/internal/process"
)

// DefaultTimeout is the time limit of a reading when the options give none.
const DefaultTimeout = 10 * time.Second

// here is where things are on a real host.
func here() *reader {
	return &reader{
		own:        &own,
		find:       process.Find,
		corosync:   "/etc/corosync/corosync.conf",
		configured: []string{"/etc/corosync/corosync.conf", "/var/lib/pacemaker/cib/cib.xml"},
	}
}

// reader knows where things are on a host.
type reader struct {
	find       func(tool string) (string, error) // its path, or process.ErrNotFound
	corosync   string                            // its configuration
	configured []string                          // files of which each one says that the host belongs to a cluster
	// own is this node's name, once it was asked.
	own *atomic.Pointer[string]
}

// Present says that Pacemaker is installed or configured on this host.
func Present() bool { return here().present() }

// present says that Pacemaker is installed or configured.
func (r *reader) present() bool {
	for _, path := range r.configured {
		if exists(path) {
			return true
		}
	}
	for _, tool := range []string{"crm_mon", "cibadmin", "crm_node"} {
		if _, err := r.find(tool); err == nil {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// limited gives a context without a deadline the default one.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// own is this node's name, asked once: it does not change while a process runs.
var own atomic.Pointer[string]
