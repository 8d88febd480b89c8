// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"overcloud.backup/internal/process"
)

// DefaultTimeout is the time limit of a reading if the options set none.
const DefaultTimeout = 10 * time.Second

// Local says where things are on a real host.
func Local() *Commands {
	return &Commands{
		Own:        &ownName,
		Find:       process.Find,
		Corosync:   "/etc/corosync/corosync.conf",
		Configured: []string{"/etc/corosync/corosync.conf", "/var/lib/pacemaker/cib/cib.xml"},
	}
}

// Commands knows where things are on a host.
type Commands struct {
	Find       func(tool string) (string, error) // its path, or process.ErrNotFound
	Corosync   string                            // its configuration
	Configured []string                          // files that each show that the host belongs to a cluster
	// Own is this node's name, once it was asked.
	Own *atomic.Pointer[string]
}

// Present reports whether Pacemaker is installed or configured on this host.
func Present() bool { return Local().Present() }

// Present reports whether Pacemaker is installed or configured.
func (r *Commands) Present() bool {
	for _, path := range r.Configured {
		if exists(path) {
			return true
		}
	}
	for _, tool := range []string{"crm_mon", "cibadmin", "crm_node"} {
		if _, err := r.Find(tool); err == nil {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// WithDeadline gives a context without a deadline the default one.
func WithDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// ownName returns this node's name, asked once: it does not change while a process runs.
var ownName atomic.Pointer[string]
