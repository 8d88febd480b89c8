// SPDX-License-Identifier: GPL-3.0-or-later

// Package pacemaker reads the cluster as one host's Pacemaker and Corosync see it, and changes nothing except this
// collection's own lock. Invariant: what it does not know for certain is unknown, and unknown never looks healthy.
package pacemaker

import (
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
)

// Facts is the cluster as one host's Pacemaker sees it. It is what pacemaker_facts returns as ansible_pacemaker.
type Facts struct {
	reading.Header
	// Connected says that crm_mon returned a document that can be trusted: right root, status 0, no errors, a summary,
	// nodes.
	Connected bool `json:"connected"`
	// LocalNode is Pacemaker's name for this host (crm_node -n, otherwise the node whose name is the host's).
	LocalNode   string `json:"local_node"`
	Version     string `json:"version"`
	ClusterName string `json:"cluster_name"`
	// DC is the designated controller's node name; empty if there is none.
	DC     string `json:"dc"`
	Quorum bool   `json:"quorum"`
	// MaintenanceMode is the property of the whole cluster; a node's own flag is in Nodes.
	MaintenanceMode bool                  `json:"maintenance_mode"`
	StopAll         bool                  `json:"stop_all_resources"`
	Symmetric       bool                  `json:"symmetric_cluster"`
	NoQuorumPolicy  string                `json:"no_quorum_policy"`
	Stonith         bool                  `json:"stonith_enabled"`
	Properties      map[string]string     `json:"properties"` // crm_config as it is in the CIB
	Nodes           []crmmon.Node         `json:"nodes"`
	Resources       []crmmon.Resource     `json:"resources"`
	Failures        []crmmon.Failure      `json:"failed_actions"`
	FailCounts      []crmmon.FailCount    `json:"fail_counts"`
	Bans            []crmmon.Ban          `json:"bans"`
	VIPs            []VIP                 `json:"vips"`
	Galera          *cib.Galera           `json:"galera"` // nil when no galera resource is configured
	Locks           []cib.Lock            `json:"locks"`  // locks of this collection held in the CIB
	Fencing         []crmmon.FencingEvent `json:"fencing"`
	Corosync        Corosync              `json:"corosync"`
}

// VIP is an address that an IPaddr2 resource holds.
type VIP struct {
	Resource string `json:"resource"`
	Address  string `json:"address"` // canonical text, without prefix length
	Node     string `json:"node"`    // holder, empty if nobody holds it
}

// Corosync is the membership below Pacemaker. Members is empty if it could not be read.
type Corosync struct {
	Quorate  bool             `json:"quorate"`
	Expected int              `json:"expected_votes"`
	Total    int              `json:"total_votes"`
	Needed   int              `json:"quorum"`
	Members  []CorosyncMember `json:"members"`
}

// CorosyncMember is one member of the current partition.
type CorosyncMember struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Votes int    `json:"votes"`
}
