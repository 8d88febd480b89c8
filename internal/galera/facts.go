// SPDX-License-Identifier: GPL-3.0-or-later

// Package galera reads the Galera state of one node's MariaDB server: wsrep status, write rates, client sessions, the
// size of the data and, while the server is down, grastate.dat. Parsers are pure; a value that a server did not report
// is never a healthy one.
package galera

import (
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/reading"
)

// Facts is everything read about one node's database server. It is what galera_facts returns as ansible_galera.
type Facts struct {
	reading.Header
	// Running says that a server answered SQL here.
	Running bool `json:"running"`
	// Server is the answering server; zero if none answered.
	Server Server `json:"server"`
	// Reached says how it was reached.
	Reached mariadb.Reached `json:"reached"`
	// Wsrep is the node's Galera state.
	Wsrep Wsrep `json:"wsrep"`
	// Sample holds the rates over the sampling window; Window 0 means that none was taken.
	Sample Sample `json:"sample"`
	// Sessions are client sessions by user and source: not ours, not the system's, not the health checks'.
	Sessions []Session `json:"sessions"`
	// Administrative counts the sessions that Sessions leaves out: ours, root over the socket, health checks.
	Administrative int `json:"administrative_sessions"`
	// Logins are those that the server has counted, as far as the account may read them.
	Logins logins.Counted `json:"logins"`
	// Events are those that this member runs.
	Events catalog.Events `json:"events"`
	// Storage describes the datadir.
	Storage Storage `json:"storage"`
	// Grastate is grastate.dat of the datadir, read if the server is down; nil if it was not needed or does not exist.
	Grastate *Grastate `json:"grastate"`
}

// Server identifies the answering server.
type Server struct {
	Hostname   string `json:"hostname"`   // @@hostname
	UID        string `json:"server_uid"` // @@server_uid, empty before MariaDB 10.11
	PID        int    `json:"pid"`        // peer of the unix socket, 0 when unknown
	Version    string `json:"version"`    // @@version, as 10.11.19-MariaDB-0+deb12u1
	Port       int    `json:"port"`
	Socket     string `json:"socket"`
	Datadir    string `json:"datadir"`
	Uptime     int64  `json:"uptime"` // seconds
	LogBin     bool   `json:"log_bin"`
	ServerID   int64  `json:"server_id"`
	GTIDBinlog string `json:"gtid_binlog_pos"`
	GTIDDomain int64  `json:"wsrep_gtid_domain_id"`
	ReadOnly   bool   `json:"read_only"`
}

// State is wsrep_local_state as a word. The zero value is unknown and never healthy.
type State string

// States of a Galera node, in the field's own words (wsrep_local_state 1 to 4; the rest have no number).
const (
	StateUnknown      State = ""
	StateInitialized  State = "Initialized"
	StateJoining      State = "Joining"
	StateDonorDesync  State = "Donor/Desynced"
	StateJoined       State = "Joined"
	StateSynced       State = "Synced"
	StateDisconnected State = "Disconnected"
)

// ClusterStatus is wsrep_cluster_status. The zero value is unknown and never healthy.
type ClusterStatus string

// The three values that Galera has for the component of a node.
const (
	ClusterUnknown      ClusterStatus = ""
	ClusterPrimary      ClusterStatus = "Primary"
	ClusterNonPrimary   ClusterStatus = "non-Primary"
	ClusterDisconnected ClusterStatus = "Disconnected"
)

// Wsrep is the typed wsrep status of one node at the end of the reading (SHOW GLOBAL STATUS, SHOW GLOBAL VARIABLES).
type Wsrep struct {
	On               bool          `json:"on"` // wsrep_on
	State            State         `json:"state"`
	ClusterStatus    ClusterStatus `json:"cluster_status"`
	Ready            bool          `json:"ready"`
	Connected        bool          `json:"connected"`
	ClusterSize      int           `json:"cluster_size"`
	ClusterName      string        `json:"cluster_name"`
	ClusterStateUUID string        `json:"cluster_state_uuid"`
	LocalStateUUID   string        `json:"local_state_uuid"`
	ClusterConfID    int64         `json:"cluster_conf_id"`
	NodeName         string        `json:"node_name"`
	NodeAddress      string        `json:"node_address"`
	// where clients reach it; empty if that is anywhere, or not known
	BindAddress       string   `json:"-"`
	ClusterAddress    string   `json:"cluster_address"`    // gcomm://...
	IncomingAddresses []string `json:"incoming_addresses"` // the port is not reliable
	Arbitrators       int      `json:"arbitrators"`        // members without an incoming address: garbd
	GcommUUID         string   `json:"gcomm_uuid"`
	LocalIndex        int      `json:"local_index"` // -1 when unknown
	LastCommitted     int64    `json:"last_committed"`
	LocalCommits      int64    `json:"local_commits"`    // transactions of clients of this node
	Replicated        int64    `json:"replicated"`       // write-sets sent by this node
	Received          int64    `json:"received"`         // write-sets received
	RecvQueue         int      `json:"local_recv_queue"` // current
	RecvQueueMax      int      `json:"local_recv_queue_max"`
	SendQueue         int      `json:"local_send_queue"`
	FlowControlPaused float64  `json:"flow_control_paused"` // fraction since the last FLUSH STATUS
	FlowControlNS     int64    `json:"flow_control_paused_ns"`
	FlowControlSent   int64    `json:"flow_control_sent"`
	FlowControlRecv   int64    `json:"flow_control_recv"`
	FlowControlActive bool     `json:"flow_control_active"`
	Desync            bool     `json:"desync"`       // the variable wsrep_desync
	DesyncCount       int      `json:"desync_count"` // nested, an SST counts too
	EVSState          string   `json:"evs_state"`    // OPERATIONAL when well
	SSTMethod         string   `json:"sst_method"`
	SlaveThreads      int      `json:"slave_threads"`
	ProviderVersion   string   `json:"provider_version"`
	// those that matter here: gcs.fc_*, gcs.sync_donor, gcache.*, pc.*
	ProviderOptions map[string]string `json:"provider_options"`
}

// Databases is how many members of the cluster have data: all except the arbitrators.
func (w Wsrep) Databases() int { return w.ClusterSize - w.Arbitrators }

// Sample is the difference between two readings of the counters. Rates are per second over Window.
type Sample struct {
	Window      float64 `json:"window"`     // seconds between the readings
	Replicated  float64 `json:"replicated"` // write-sets a second that clients of this node made
	LocalCommit float64 `json:"local_commits"`
	Committed   float64 `json:"committed"` // last_committed a second: the whole cluster's writes
	Questions   float64 `json:"questions"` // statements a second, without ours
	// FlowControl is the fraction of the window for which replication was paused.
	FlowControl float64 `json:"flow_control"`
	// RecvQueueMin is the smaller of the receive queue's two values: what was not applied during the window.
	RecvQueueMin int `json:"recv_queue_min"`
}

// Session counts the client sessions of one user from one source.
type Session struct {
	User string `json:"user"`
	// Source is the peer's host without its port; "localhost" for the socket.
	Source string `json:"source"`
	Count  int    `json:"count"`
	// Active counts those that were executing a statement.
	Active int `json:"active"`
}

// Storage is the size of the data and the free room, in bytes.
type Storage struct {
	Engines []Engine `json:"engines"`
	// schema.table outside the system schemas, not InnoDB, at most 1000
	NonTransactional []string `json:"non_transactional"`
	DataBytes        int64    `json:"data_bytes"`    // data and indexes of all engines
	DatadirTotal     int64    `json:"datadir_total"` // its file system
	DatadirFree      int64    `json:"datadir_free"`  // for an unprivileged user
}

// Engine sums up one storage engine's tables outside the system schemas.
type Engine struct {
	Name   string `json:"name"`
	Tables int    `json:"tables"`
	Bytes  int64  `json:"bytes"`
}

// Grastate is grastate.dat.
type Grastate struct {
	Path            string `json:"path"`
	Version         string `json:"version"`
	UUID            string `json:"uuid"`
	Seqno           int64  `json:"seqno"`
	SafeToBootstrap bool   `json:"safe_to_bootstrap"`
}
