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
	// MaxCommitStall is how long the tool may keep the node from committing; 0 for no limit.
	MaxCommitStall time.Duration
}

// CommitStall is MaxCommitStall, 0 for no limit; and no more than SpareStall on a node that is needed as a spare.
func (a Allowed) CommitStall(spare bool) time.Duration {
	if spare && (a.MaxCommitStall == 0 || a.MaxCommitStall > SpareStall) {
		return SpareStall
	}
	return a.MaxCommitStall
}

// Needed is how many other controllers must be able to serve, the active one included; 0 disables the check.
type Needed struct {
	// Without this node, if it is out of service, and With it, if it stays in service and can take over itself. They
	// are equal if this node cannot be its own spare.
	Without, With int
}

// limits are the values that the rules compare a sample with.
type limits struct {
	Allowed
	Needed
	// Bytes that must stay free; redo is the size of the redo log, 0 if it is unknown.
	destination, datadir, redo int64
	// path is the destination, for messages.
	path string
}

// SpareStall is the largest max_commit_stall of a node that is needed as a spare. From BLOCK_COMMIT to its end the
// server itself calls the node a donor, so a health check that comes then fails. HAProxy asks each second: within half
// of that no two in a row fail, and it takes a server out after "fall" in a row, 3 by default. On the lab 2 of 15
// backups of the only spare met one check, and none two.
const SpareStall = 500 * time.Millisecond

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

// Clients that come and go too fast for the list of sessions are those of a user who logged in before this many checks,
// the first and the last of which are this far apart and both within the minute of logins.Visits. A person, or a probe
// that logs in three times at once and then is gone, does not.
const (
	loginsChecks = 3
	loginsApart  = 5 * time.Second
)
