// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import "time"

// limits are what the rules hold a sample against.
type limits struct {
	allowClients bool
	// others is how many other nodes must be able to serve; 0 does not look.
	others int
	// lease is how long the caller may be silent; 0 does not look.
	lease time.Duration
	// Bytes that must stay free; redo is the size of the redo log, 0 when it is unknown.
	destination, datadir, redo int64
	// path is the destination, for messages.
	path string
}

// What the rules allow; the reasons stand beside the rules.
const (
	serverSilence  = 5 * time.Second
	clusterSilence = 15 * time.Second
	sinkStall      = 60 * time.Second
	closingStall   = 5 * time.Minute
	longQueue      = 100_000 // write-sets
	redoShare      = 0.8
)

// Floors of free space in bytes, or half of what was free in the beginning where that is less: what was small already
// is no fault of the backup. The server stops working, or dies, without room in its datadir.
const (
	destinationFloor = 32 << 20
	datadirFloor     = 256 << 20
)
