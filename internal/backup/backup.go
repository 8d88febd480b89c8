// SPDX-License-Identifier: GPL-3.0-or-later

// Package backup takes one backup of the database on this host: Prepare reads, refuses and plans, and changes nothing;
// Run does it. A set is left behind only when all of it is proven: every process ended well, the tool printed its last
// line, the stream ended as it must, the manifest was written last.
package backup

import (
	"context"
	"encoding/json"
	"time"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
)

// Desync says when wsrep_desync is switched on while the data are read.
type Desync string

// DesyncAuto leaves the node Synced and a spare until its receive queue or its flow control begins to reach the
// writers; only for a tool that takes FLUSH TABLES WITH READ LOCK (servers before 10.4) it begins with the data.
const (
	DesyncAuto   Desync = "auto"
	DesyncAlways Desync = "always"
	DesyncNever  Desync = "never"
)

// Options is what the operator wants. All are needed but those that say so.
type Options struct {
	Destination string
	// Cluster names the folder of the sets; empty takes wsrep_cluster_name.
	Cluster string
	Method  tool.Method
	// Desync is DesyncNever when it is empty.
	Desync Desync
	Level  int
	// Buffer is how many bytes the tool may be ahead of the destination.
	Buffer int64
	// WarnNonTransactional lets a logical backup take tables that are not in its snapshot.
	WarnNonTransactional bool
	// LeaveOutBroken lets a logical backup leave out tables and views that the server cannot open.
	LeaveOutBroken bool
	// AllowClients lets a controller be backed up that serves clients, AllowActive only where Decision says that it
	// does.
	AllowClients bool
	AllowActive  bool
	// IgnoreUsers are users, of health checks and monitoring, whose sessions are not clients'.
	IgnoreUsers []string
	// Decision is what idle_controller returned: it must have chosen this host. It is kept in the manifest as it
	// stands, and no more than that when it is something else. May be nil.
	Decision json.RawMessage
	// MadeBy goes into the manifest: "overcloud.backup 1.0.0".
	MadeBy string
	Login  mariadb.Login
	// HealthURL must answer 200 after a resync. Empty is port 9200 of the address that the server listens
	// on, if anything listens there.
	HealthURL string
	// DrainTimeout is how long the receive queue may take to drain before wsrep_desync goes off again.
	DrainTimeout time.Duration
	// MaxCommitStall is how long the tool may keep this node from committing; zero does not look.
	MaxCommitStall time.Duration
	// MinSpares is how many controllers, besides the one that serves and this one, must be able to serve. Zero or less
	// does not look at them.
	MinSpares int
	// Job is the id under which the cluster's lock is held; empty takes no lock.
	Job string
	// Running says whether a job of this node still runs; nil knows of none that has ended.
	Running func(ctx context.Context, job string) (bool, error)
	// Journal notes every effect before it begins; nil notes nothing, for tests of parts.
	Journal *journal.Journal
	// Lease gives a text that changes whenever the caller renews it. When it has not for LeaseTimeout the backup is
	// stopped, if StopOnLostCaller. May be nil.
	Lease            func() (string, error)
	LeaseTimeout     time.Duration
	StopOnLostCaller bool
	// Scrub takes secrets out of what the tool logs. Progress is called now and then with how far it is.
	Scrub    func(string) string
	Progress func(Progress)
}

// Progress is how far a running backup is.
type Progress struct {
	Phase string `json:"phase"`
	// ReadBytes came from the tool, StoredBytes went to the destination; ExpectedBytes is what the tool will about
	// give.
	ReadBytes     int64   `json:"read_bytes"`
	StoredBytes   int64   `json:"stored_bytes"`
	ExpectedBytes int64   `json:"expected_bytes"`
	Elapsed       float64 `json:"elapsed"` // seconds
}

// Result is a backup that was made.
type Result struct {
	Path     string               `json:"path"`
	Manifest *repository.Manifest `json:"manifest"`
	// Bytes are stored, RawBytes came from the tool, Rate is RawBytes a second while they came.
	Bytes     int64               `json:"bytes"`
	RawBytes  int64               `json:"raw_bytes"`
	Rate      float64             `json:"rate"`
	Duration  float64             `json:"duration"` // seconds, all of it
	Durations map[string]float64  `json:"durations"`
	Position  repository.Position `json:"position"`
}

// Plan is what Run will do.
type Plan struct {
	Controller  string             `json:"controller"`
	Cluster     repository.Cluster `json:"cluster"`
	Destination string             `json:"destination"` // of the set: its parent folder
	Method      tool.Method        `json:"method"`
	Reason      string             `json:"reason"`
	Tool        repository.Program `json:"tool"`
	Server      repository.Server  `json:"server"`
	Space       content.Space      `json:"space"`
	Desync      Desync             `json:"desync"`
	Level       int                `json:"level"`
	Buffer      int64              `json:"buffer"`
	Schemas     []string           `json:"schemas,omitempty"` // of a logical backup
	Steps       []string           `json:"steps"`
	Warnings    []string           `json:"warnings"`
}
