// SPDX-License-Identifier: GPL-3.0-or-later

// Package backup takes one backup of the database on this host: Prepare reads, refuses and plans, and changes nothing;
// Run does it. A set is left behind only when all of it is proven: every process ended well, the tool said its last
// line, the stream ended as it must, the manifest was written last.
package backup

import (
	"encoding/json"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
)

// Method is how the data are taken.
type Method string

// Auto is Physical where the server's own backup tool of the server's own version is there, else Logical.
const (
	Auto     Method = "auto"
	Physical Method = "physical"
	Logical  Method = "logical"
)

// Options is what the operator wants. All are needed but those that say so.
type Options struct {
	Destination string
	// Cluster names the folder of the sets; empty takes wsrep_cluster_name.
	Cluster string
	Method  Method
	// Desync switches wsrep_desync on while the data are read.
	Desync bool
	Level  int
	// Buffer is how many bytes the tool may be ahead of the destination.
	Buffer int64
	// WarnNonTransactional lets a logical backup take tables that are not in its snapshot.
	WarnNonTransactional bool
	// AllowClients lets a controller be backed up that serves clients, AllowActive only where Decision says that it does.
	AllowClients bool
	AllowActive  bool
	// IgnoreUsers are users, of health checks and monitoring, whose sessions are not clients'.
	IgnoreUsers []string
	// Decision is what idle_controller returned: it must have chosen this host. It is kept in the manifest as it stands,
	// and no more than that when it is something else. May be nil.
	Decision json.RawMessage
	// MadeBy goes into the manifest: "overcloud.backup 1.0.0".
	MadeBy string
	Login  galera.Login
	// HealthURL must answer 200 after a resync. Empty is port 9200 of the node's address, if anything listens there.
	HealthURL string
	// DrainTimeout is how long the receive queue may take to drain before wsrep_desync goes off again.
	DrainTimeout time.Duration
	// Scrub takes secrets out of what the tool logs. Progress is told now and then how far it is.
	Scrub    func(string) string
	Progress func(Progress)
}

// Progress is how far a running backup is.
type Progress struct {
	Phase string `json:"phase"`
	// ReadBytes came from the tool, StoredBytes went to the destination; ExpectedBytes is what the tool will about give.
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
	Method      Method             `json:"method"`
	Reason      string             `json:"reason"`
	Tool        repository.Program `json:"tool"`
	Server      repository.Server  `json:"server"`
	Space       Space              `json:"space"`
	Desync      bool               `json:"desync"`
	Level       int                `json:"level"`
	Buffer      int64              `json:"buffer"`
	Schemas     []string           `json:"schemas,omitempty"` // of a logical backup
	Steps       []string           `json:"steps"`
	Warnings    []string           `json:"warnings"`
}
