// SPDX-License-Identifier: GPL-3.0-or-later

// Package backup takes one backup of the database on this host: Prepare reads, refuses and plans, and changes nothing;
// Run does it. A set is left behind only if all of it is proven: every process ended well, the tool printed its last
// line, the stream ended as it must, and the manifest was written last.
package backup

import (
	"context"
	"encoding/json"
	"time"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
)

// Desync says when wsrep_desync is set to ON while the data is read.
type Desync string

// DesyncAuto leaves the node Synced and available as a spare until its receive queue or its flow control begins to
// affect the writers; only with a tool that takes FLUSH TABLES WITH READ LOCK (servers before 10.4) the node is
// desynced as soon as the reading begins.
const (
	DesyncAuto   Desync = "auto"
	DesyncAlways Desync = "always"
	DesyncNever  Desync = "never"
)

// Options is what the operator requests. All fields are required unless their comment says otherwise.
type Options struct {
	Destination string
	// Cluster names the folder of the sets; empty means wsrep_cluster_name.
	Cluster string
	Method  tool.Method
	// Desync is DesyncNever if it is empty.
	Desync Desync
	Level  int
	// Buffer is how many bytes the tool may be ahead of the destination.
	Buffer int64
	// WarnNonTransactional lets a logical backup include tables that are not covered by its snapshot.
	WarnNonTransactional bool
	// LeaveOutBroken lets a logical backup leave out tables and views that the server cannot open.
	LeaveOutBroken bool
	// Allowed is what may happen before and during the backup. AllowClients permits a backup of a controller that
	// serves clients, AllowActive only if Decision says that it does.
	guard.Allowed
	AllowActive bool
	// Decision is what idle_controller returned: it must have chosen this host. The manifest keeps it unchanged;
	// anything else than a decision is only kept, not evaluated. May be nil.
	Decision json.RawMessage
	// MadeBy goes into the manifest: "overcloud.backup 1.0.0".
	MadeBy string
	Login  mariadb.Login
	// HealthURL must answer 200 after a resync. Empty means port 9200 of the address that the server listens on, if
	// anything listens there.
	HealthURL string
	// DrainTimeout is how long the receive queue may take to drain before wsrep_desync is set to OFF again.
	DrainTimeout time.Duration
	// MinSpares is how many controllers must be able to take over the clients during the backup. This one counts, and
	// stays in service, if it is idle and the others are too few. Zero or less disables the check.
	MinSpares int
	// Job is the id under which the cluster's lock is held; empty takes no lock.
	Job string
	// Running reports whether a job of this node still runs; nil means that no job is known to have ended.
	Running func(ctx context.Context, job string) (bool, error)
	// Journal records every effect before it begins; nil records nothing, for tests of single parts.
	Journal *journal.Journal
	// Lease returns a text that changes whenever the caller renews it. If it has not changed for LeaseTimeout and
	// StopOnLostCaller is set, the backup is stopped. May be nil.
	Lease            func() (string, error)
	StopOnLostCaller bool
	// Scrub removes secrets from the tool's log. Progress is called periodically with the current progress.
	Scrub    func(string) string
	Progress func(Progress)
}

// Progress reports how far a running backup has come.
type Progress struct {
	Phase string `json:"phase"`
	// ReadBytes came from the tool, StoredBytes went to the destination; ExpectedBytes is an estimate of what the tool
	// will produce.
	ReadBytes     int64   `json:"read_bytes"`
	StoredBytes   int64   `json:"stored_bytes"`
	ExpectedBytes int64   `json:"expected_bytes"`
	Elapsed       float64 `json:"elapsed"` // seconds
}

// Result describes a backup that was made.
type Result struct {
	Path     string               `json:"path"`
	Manifest *repository.Manifest `json:"manifest"`
	// Bytes is the stored size, RawBytes what the tool produced, Rate is RawBytes per second of reading.
	Bytes     int64               `json:"bytes"`
	RawBytes  int64               `json:"raw_bytes"`
	Rate      float64             `json:"rate"`
	Duration  float64             `json:"duration"` // seconds, total
	Durations map[string]float64  `json:"durations"`
	Position  repository.Position `json:"position"`
}

// Plan is what Run will do.
type Plan struct {
	Controller  string             `json:"controller"`
	Cluster     repository.Cluster `json:"cluster"`
	Destination string             `json:"destination"` // parent folder of the set
	Method      tool.Method        `json:"method"`
	Reason      string             `json:"reason"`
	Tool        repository.Program `json:"tool"`
	Server      repository.Server  `json:"server"`
	Space       content.Space      `json:"space"`
	Desync      Desync             `json:"desync"`
	// Stays says that the node is needed as a spare, and is not desynced.
	Stays    bool     `json:"stays"`
	Level    int      `json:"level"`
	Buffer   int64    `json:"buffer"`
	Schemas  []string `json:"schemas,omitempty"` // only of a logical backup
	Steps    []string `json:"steps"`
	Warnings []string `json:"warnings"`
}
