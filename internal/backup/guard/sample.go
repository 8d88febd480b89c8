// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/pacemaker"
)

// Sample is what the guard knows at one moment: the last answer of each source, with its age. A source that never
// answered is marked as such, and counts neither as healthy nor as broken.
type Sample struct {
	At      time.Time     `json:"at"`
	Server  ServerSample  `json:"server"`
	Cluster ClusterSample `json:"cluster"`
	Tool    ToolSample    `json:"tool"`
	// LeaseAge is the time in seconds since the caller last renewed the lease.
	LeaseAge float64 `json:"lease_age"`
}

// ServerSample is the local server's last answer.
type ServerSample struct {
	// At is zero before the first answer. Silent is the time in seconds without an answer, and Error the reason.
	At     time.Time `json:"at"`
	Silent float64   `json:"silent"`
	Error  string    `json:"error,omitempty"`
	// Sessions are those of clients.
	Sessions []galera.Session `json:"sessions"`
	// Visits are logins of clients within the last minute, if the server counts them.
	Visits        []logins.Visits      `json:"visits"`
	ClusterStatus galera.ClusterStatus `json:"cluster_status"`
	State         galera.State         `json:"state"`
	Ready         bool                 `json:"ready"`
	Connected     bool                 `json:"connected"`
	ClusterSize   int                  `json:"cluster_size"` // without arbitrators
	// Desync is wsrep_desync, Ours whether we set it to ON.
	Desync bool `json:"desync"`
	Ours   bool `json:"desync_ours"`
	// DesyncError is why desync: auto could not desync the node.
	DesyncError string `json:"desync_error,omitempty"`
	// Spare says that the node is needed as a spare and stays in service, SpareError why it cannot.
	Spare      bool   `json:"spare"`
	SpareError string `json:"spare_error,omitempty"`
	RecvQueue  int    `json:"recv_queue"`
	// FlowControlSent is how often this node stopped the writers since the previous answer.
	FlowControlSent int64 `json:"flow_control_sent"`
	// LSN is the end of the redo log, 0 if the server does not report it.
	LSN int64 `json:"lsn"`
}

// ClusterSample is Pacemaker's last answer.
type ClusterSample struct {
	// Present is false on a host without Pacemaker and until the first answer.
	Present     bool      `json:"present"`
	At          time.Time `json:"at"`
	Silent      float64   `json:"silent"`
	Error       string    `json:"error,omitempty"`
	Quorum      bool      `json:"quorum"`
	Maintenance bool      `json:"maintenance"`
	Standby     bool      `json:"standby"` // this node
	// Unfit says what else keeps this node from serving: offline, unclean, pending, shutting down, in maintenance.
	Unfit []string `json:"unfit"`
	// Others are the other nodes that may serve and on which the database is promoted.
	Others []string `json:"others"`

	view pacemaker.ClusterView
}

// ToolSample is the progress of the tool and its output.
type ToolSample struct {
	Stage       tool.Stage `json:"stage"`
	ReadBytes   int64      `json:"read_bytes"`
	StoredBytes int64      `json:"stored_bytes"`
	// Stalled is how long the tool has been waiting, in seconds, while the destination accepted no byte; Closing says
	// that the tool has ended and the destination is writing the rest.
	Stalled float64 `json:"stalled"`
	Closing bool    `json:"closing"`
	// RedoLSN is how far the tool has read the redo log, 0 if that is unknown.
	RedoLSN int64 `json:"redo_lsn"`
	// Free space in bytes, -1 if it is unknown.
	FreeDestination int64 `json:"free_destination"`
	FreeDatadir     int64 `json:"free_datadir"`
}

// node returns the sample of the server, for the conditions. A server without wsrep would not be Primary either.
func (s Sample) node() condition.Subject {
	return condition.OfServer(galera.Wsrep{
		On: true, ClusterStatus: s.Server.ClusterStatus, State: s.Server.State, Ready: s.Server.Ready,
		Connected: s.Server.Connected, Desync: s.Server.Desync, RecvQueue: s.Server.RecvQueue,
	})
}

// manager returns the sample of Pacemaker, for the conditions.
func (s Sample) manager() condition.Subject { return condition.OfManager(s.Cluster.view) }
