// SPDX-License-Identifier: GPL-3.0-or-later

// Package pacemaker reads the cluster as one host's Pacemaker and Corosync see it, and changes nothing but this
// collection's own lock.
// Invariant: what it does not know for sure is unknown, and unknown never looks like healthy.
package pacemaker

import "overcloud.backup/internal/reading"

// Facts is the cluster as one host's Pacemaker sees it. It is what pacemaker_facts returns as ansible_pacemaker.
type Facts struct {
	reading.Header
	// Connected says that crm_mon gave a document that can be trusted: right root, status 0, no errors, a summary, nodes.
	Connected bool `json:"connected"`
	// LocalNode is the name Pacemaker has for this host (crm_node -n, else the node whose name is the host's).
	LocalNode   string `json:"local_node"`
	Version     string `json:"version"`
	ClusterName string `json:"cluster_name"`
	// DC is the designated controller's node name; empty when there is none.
	DC     string `json:"dc"`
	Quorum bool   `json:"quorum"`
	// MaintenanceMode is the property of the whole cluster; a node's own flag is in Nodes.
	MaintenanceMode bool              `json:"maintenance_mode"`
	StopAll         bool              `json:"stop_all_resources"`
	Symmetric       bool              `json:"symmetric_cluster"`
	NoQuorumPolicy  string            `json:"no_quorum_policy"`
	Stonith         bool              `json:"stonith_enabled"`
	Properties      map[string]string `json:"properties"` // crm_config as it stands in the CIB
	Nodes           []Node            `json:"nodes"`
	Resources       []Resource        `json:"resources"`
	Failures        []Failure         `json:"failed_actions"`
	FailCounts      []FailCount       `json:"fail_counts"`
	Bans            []Ban             `json:"bans"`
	VIPs            []VIP             `json:"vips"`
	Galera          *Galera           `json:"galera"` // nil when no galera resource is configured
	Locks           []Lock            `json:"locks"`  // locks of this collection held in the CIB
	Fencing         []FencingEvent    `json:"fencing"`
	Corosync        Corosync          `json:"corosync"`
}

// NodeType tells a full member from a host that only runs resources.
type NodeType string

// Kinds of nodes. Guests are bundle replicas and remote connections made by a resource.
const (
	NodeUnknown NodeType = ""
	NodeMember  NodeType = "member"
	NodeRemote  NodeType = "remote"
	NodeGuest   NodeType = "guest"
)

// Node is one node with every flag that crm_mon has for it.
type Node struct {
	Name         string            `json:"name"`
	ID           string            `json:"id"`
	Type         NodeType          `json:"type"`
	Online       bool              `json:"online"`
	Standby      bool              `json:"standby"`
	StandbyFail  bool              `json:"standby_onfail"`
	Maintenance  bool              `json:"maintenance"`
	Pending      bool              `json:"pending"`
	Unclean      bool              `json:"unclean"`
	Shutdown     bool              `json:"shutdown"`
	ExpectedUp   bool              `json:"expected_up"`
	IsDC         bool              `json:"is_dc"`
	Health       string            `json:"health"` // green, yellow, red; empty before 2.1
	Running      int               `json:"resources_running"`
	ContainerID  string            `json:"container_id"`   // the bundle's container resource, for a guest
	ContainerOn  string            `json:"container_host"` // the real node that container runs on, for a guest
	Attributes   map[string]string `json:"attributes"`
	FeatureSet   string            `json:"feature_set"`
	CorosyncVote int               `json:"corosync_votes"` // -1 when unknown
}

// Role of a resource instance. Master and Promoted are one role, Slave and Unpromoted another.
type Role string

// Roles, in the words of Pacemaker 2.1.
const (
	RoleUnknown    Role = ""
	RoleStopped    Role = "Stopped"
	RoleStarted    Role = "Started"
	RoleUnpromoted Role = "Unpromoted"
	RolePromoted   Role = "Promoted"
	RoleStarting   Role = "Starting"
	RoleStopping   Role = "Stopping"
	RolePromoting  Role = "Promoting"
	RoleDemoting   Role = "Demoting"
	RoleMigrating  Role = "Migrating"
)

// Resource is one instance of a primitive: a clone of three has three entries, one a node.
type Resource struct {
	ID     string `json:"id"`
	Agent  string `json:"agent"` // ocf:heartbeat:galera, always with single colons
	Role   Role   `json:"role"`
	Target Role   `json:"target_role"`
	// Parent is the outermost collective: the clone's, group's or bundle's id; empty for a primitive of its own.
	Parent     string `json:"parent"`
	ParentKind string `json:"parent_kind"` // clone, promotable, group, bundle, or empty
	// Singleton says that the cluster runs exactly one of it (no clone; for a bundle one replica; a promotable counts once promoted).
	Singleton      bool   `json:"singleton"`
	Active         bool   `json:"active"`
	Orphaned       bool   `json:"orphaned"`
	Blocked        bool   `json:"blocked"`
	Maintenance    bool   `json:"maintenance"`
	Managed        bool   `json:"managed"`
	Failed         bool   `json:"failed"`
	FailureIgnored bool   `json:"failure_ignored"`
	Pending        string `json:"pending"`
	// Node is the real node it runs on (for a bundle the host of the replica's container); empty when it is stopped.
	Node string `json:"node"`
	// Guest is the guest node it runs on, for a bundle.
	Guest string `json:"guest"`
	// Container is the name of the replica's container, as galera-bundle-podman-0.
	Container string `json:"container"`
}

// Failure is a failed action that crm_mon still lists.
type Failure struct {
	Resource string `json:"resource"`
	Node     string `json:"node"`   // as crm_mon prints it; a guest node for what runs in a bundle
	Host     string `json:"host"`   // the real node: the guest's host; empty when that is not known
	Action   string `json:"action"` // galera_monitor_20000
	Exit     string `json:"exit"`   // not running, timeout, ...
	Reason   string `json:"reason"`
	When     string `json:"when"` // as crm_mon prints it
}

// FailCount is a resource's count of failures on a node.
type FailCount struct {
	Resource  string `json:"resource"`
	Node      string `json:"node"`  // as crm_mon prints it; a guest node for what runs in a bundle
	Host      string `json:"host"`  // the real node: the guest's host; empty when that is not known
	Count     int64  `json:"count"` // 1000000 stands for INFINITY
	Threshold int64  `json:"migration_threshold"`
}

// Ban keeps a resource off a node.
type Ban struct {
	ID       string `json:"id"`
	Resource string `json:"resource"`
	Node     string `json:"node"`
	Weight   string `json:"weight"`
}

// VIP is an address that an IPaddr2 resource holds.
type VIP struct {
	Resource string `json:"resource"`
	Address  string `json:"address"` // canonical text, without prefix length
	Node     string `json:"node"`    // holder, empty when nobody holds it
}

// Galera is the galera resource's configuration.
type Galera struct {
	Resource string `json:"resource"` // the primitive
	Parent   string `json:"parent"`   // galera-master, galera-bundle
	// ClusterAddress lists the members of wsrep_cluster_address, without gcomm://.
	ClusterAddress []string `json:"cluster_address"`
	// HostMap is cluster_host_map: Pacemaker node to Galera name; empty when it is not set.
	HostMap map[string]string `json:"cluster_host_map"`
	// Nodes lists the nodes that run it or should: the members of HostMap, else those of ClusterAddress, else where it is placed.
	Nodes []string `json:"nodes"`
	// PromotedMax is promoted-max or master-max, 0 when it is not set.
	PromotedMax int `json:"promoted_max"`
	// Managed is false when the resource or its parent is unmanaged; one instance alone is in its Resource.
	Managed   bool   `json:"managed"`
	CheckUser string `json:"check_user"`
	Socket    string `json:"socket"`
	Datadir   string `json:"datadir"`
}

// Lock is a lock of this collection found in the CIB (a cluster_property_set named overcloud-backup-lock-<cluster uuid>).
type Lock struct {
	Cluster string  `json:"cluster"` // wsrep cluster state UUID
	Holder  string  `json:"holder"`  // Pacemaker node
	Job     string  `json:"job"`
	Since   float64 `json:"since"`   // epoch seconds
	Expires float64 `json:"expires"` // epoch seconds
}

// FencingEvent is an entry of the fencing history.
type FencingEvent struct {
	Target string `json:"target"`
	Action string `json:"action"`
	Status string `json:"status"`
	When   string `json:"when"`
}

// Corosync is the membership below Pacemaker. Members is empty when it could not be read.
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
