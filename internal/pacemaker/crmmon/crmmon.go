// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import "github.com/beevik/etree"

// NodeType distinguishes a full member from a host that only runs resources.
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
	CorosyncVote int               `json:"corosync_votes"` // -1 if unknown
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
	// Parent is the outermost collective: the clone's, group's or bundle's id; empty for a standalone primitive.
	Parent     string `json:"parent"`
	ParentKind string `json:"parent_kind"` // clone, promotable, group, bundle, or empty
	// Singleton says that the cluster runs exactly one of it (not a clone; for a bundle one replica; a promotable
	// counts once promoted).
	Singleton      bool   `json:"singleton"`
	Active         bool   `json:"active"`
	Orphaned       bool   `json:"orphaned"`
	Blocked        bool   `json:"blocked"`
	Maintenance    bool   `json:"maintenance"`
	Managed        bool   `json:"managed"`
	Failed         bool   `json:"failed"`
	FailureIgnored bool   `json:"failure_ignored"`
	Pending        string `json:"pending"`
	// Node is the real node it runs on (for a bundle the host of the replica's container); empty if it is stopped.
	Node string `json:"node"`
	// Guest is the guest node it runs on, for a bundle.
	Guest string `json:"guest"`
	// Container is the name of the replica's container, such as galera-bundle-podman-0.
	Container string `json:"container"`
}

// Failure is a failed action that crm_mon still lists.
type Failure struct {
	Resource string `json:"resource"`
	Node     string `json:"node"`   // as crm_mon prints it; a guest node for what runs in a bundle
	Host     string `json:"host"`   // the real node: the guest's host; empty if that is not known
	Action   string `json:"action"` // galera_monitor_20000
	Exit     string `json:"exit"`   // not running, timeout, ...
	Reason   string `json:"reason"`
	When     string `json:"when"` // as crm_mon prints it
}

// FailCount is a resource's count of failures on a node.
type FailCount struct {
	Resource  string `json:"resource"`
	Node      string `json:"node"`  // as crm_mon prints it; a guest node for what runs in a bundle
	Host      string `json:"host"`  // the real node: the guest's host; empty if that is not known
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

// FencingEvent is an entry of the fencing history.
type FencingEvent struct {
	Target string `json:"target"`
	Action string `json:"action"`
	Status string `json:"status"`
	When   string `json:"when"`
}

// Status is the content of one crm_mon document.
type Status struct {
	// Version is the DC's Pacemaker version, otherwise (1.1 without a DC) crm_mon's own.
	Version string
	DC      string // empty if there is none
	Quorum  bool   // of the partition; false if there is no DC
	// Options are the cluster options crm_mon prints, by their names in the CIB. 1.1.12 and older print none.
	Options    map[string]string
	Nodes      []Node
	Resources  []Resource
	Failures   []Failure
	FailCounts []FailCount
	Bans       []Ban
	Fencing    []FencingEvent
}

// Node returns the node of that name, or nil.
func (s *Status) Node(name string) *Node {
	for i := range s.Nodes {
		if s.Nodes[i].Name == name {
			return &s.Nodes[i]
		}
	}
	return nil
}

// children returns the elements of a section; there may be none, and the section may be missing.
func children(root *etree.Element, section, tag string) []*etree.Element {
	var all []*etree.Element
	for _, s := range root.SelectElements(section) {
		all = append(all, s.SelectElements(tag)...)
	}
	return all
}
