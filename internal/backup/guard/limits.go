// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import "time"

// Allowed says what the operator lets happen during a backup. The options of the module fill it once, and it is handed
// down as it is. Its zero value disables each check that has a limit.
type Allowed struct {
	// AllowClients lets clients use the node.
	AllowClients bool
	// IgnoreUsers are users (of health checks and monitoring) whose sessions do not count as clients.
	IgnoreUsers []string
	// LeaseTimeout is how long the caller may take to renew its lease.
	LeaseTimeout time.Duration
	// MaxCommitStall is how long the tool may keep the node from committing.
	MaxCommitStall time.Duration
}

// limits are the values that the rules compare a sample with.
type limits struct {
	Allowed
	// others is how many other nodes must be able to serve; 0 disables the check.
	others int
	// Bytes that must stay free; redo is the size of the redo log, 0 if it is unknown.
	destination, datadir, redo int64
	// path is the destination, for messages.
	path string
}

// Limits of the rules; the reasons are next to the rules.
const (
	serverSilence  = 5 * time.Second
	clusterSilence = 15 * time.Second
	sinkStall      = 60 * time.Second
	closingStall   = 5 * time.Minute
	longQueue      = 100_000 // write-sets
	redoShare      = 0.8
)

// Floors of free space in bytes, or half of the initial free space if that is less: a destination that was small from
// the start is not the fault of the backup. The server stops working, or ends, without room in its datadir.
const (
	destinationFloor = 32 << 20
	datadirFloor     = 256 << 20
)
