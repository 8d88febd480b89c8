// SPDX-License-Identifier: GPL-3.0-or-later

// Package decision has the types of a decision, as idle_controller returns it and a manifest keeps it: which controller
// of a cluster may be backed up, and why. A decision that comes back from a controller, or out of a set, is untrusted
// input: its readers must handle any content.
package decision

import (
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb/catalog"
)

// Policy says how a controller that serves clients is treated.
type Policy string

// Policies. No policy accepts a controller of which it is unknown whether it serves.
const (
	// RequireIdle chooses an idle controller or none.
	RequireIdle Policy = "require_idle"
	// PreferIdle chooses an active one, with a warning, only if no idle one is eligible.
	PreferIdle Policy = "prefer_idle"
	// AllowActive makes no difference between active and idle.
	AllowActive Policy = "allow_active"
)

// Policies are all, the strictest first.
var Policies = []Policy{RequireIdle, PreferIdle, AllowActive}

// LaxerThan reports that a policy accepts controllers which another one does not.
func (p Policy) LaxerThan(other Policy) bool {
	return slices.Index(Policies, p) > slices.Index(Policies, other)
}

// Decision says which controller may be backed up, and why. It is what idle_controller returns.
type Decision struct {
	Policy Policy `json:"policy"`
	// DecidedAt is Options.Now.
	DecidedAt float64 `json:"decided_at"`
	// Chosen and Active are those of the only cluster; empty if there are several.
	Chosen string   `json:"chosen"`
	Active []string `json:"active"`
	// ChosenHosts lists the chosen controllers of all clusters.
	ChosenHosts []string  `json:"chosen_hosts"`
	Clusters    []Cluster `json:"clusters"`
	// Message is the sentence of each cluster.
	Message string `json:"message"`
	// Text is the table for people. Plain ASCII.
	Text string `json:"text"`
	// Warnings are shown by Ansible, outside of the result's own values.
	Warnings []string `json:"-"`
}

// Cluster is the decision for one Galera cluster.
type Cluster struct {
	Name string `json:"cluster"`
	// UUID is wsrep_cluster_state_uuid; empty if no server reported it.
	UUID        string       `json:"uuid"`
	Chosen      string       `json:"chosen"`
	Active      []string     `json:"active"`
	VIP         VIP          `json:"vip"`
	Events      Events       `json:"events"`
	Controllers []Controller `json:"controllers"`
	// WorthWaiting says that nobody was chosen and that somebody may be without anybody's help: every reason of at
	// least one controller passes by itself.
	WorthWaiting bool `json:"worth_waiting"`
	// Message says in a sentence or two who serves, who was chosen and why, or why nobody was.
	Message string `json:"message"`
}

// VIP is the virtual address that clients of the database use.
type VIP struct {
	Address string `json:"address"`
	// Holder is the inventory name of the host that has it; empty if it is unknown.
	Holder string `json:"holder"`
}

// Controller is one host of a cluster with its verdict.
type Controller struct {
	// Name is the inventory's. The next three are the names in the other sources, empty if unknown.
	Name          string `json:"name"`
	PacemakerNode string `json:"pacemaker_node"`
	HAProxyServer string `json:"haproxy_server"`
	GaleraNode    string `json:"galera_node"`
	// Galera, Pacemaker and HAProxy are its states there, in a few words.
	Galera    string `json:"galera_state"`
	Pacemaker string `json:"pacemaker_state"`
	HAProxy   string `json:"haproxy_state"`
	// LastCommitted is its position in the cluster's history when it was read, -1 if no server reported it.
	LastCommitted int64 `json:"last_committed"`

	Activity Activity `json:"activity"`
	Verdict  Verdict  `json:"verdict"`
	Reasons  []Reason `json:"reasons"`
	// Evidence is the report of every source about its clients, one line each.
	Evidence []string `json:"evidence"`
	// Spares are the other standbys that could take over the clients. Stays says that they are too few without this
	// one, which must therefore stay in service while it is backed up.
	Spares []string `json:"spares"`
	Stays  bool     `json:"stays"`
	// Rank is 1 for the best of the eligible; 0 for the others.
	Rank int `json:"rank"`
	// Logins are those that the server of a chosen controller had counted, which the job compares with; nil if it
	// counts none.
	Logins *logins.Counted `json:"logins,omitempty"`
}

// Activity says whether a controller serves clients. It is empty for a host without a database.
type Activity string

// Unknown is never idle: some source that should have answered did not.
const (
	Active  Activity = "active"
	Idle    Activity = "idle"
	Unknown Activity = "unknown"
)

// Verdict is the outcome for a controller.
type Verdict string

// A witness has no database: it answered, but cannot be chosen.
const (
	Eligible Verdict = "eligible"
	Rejected Verdict = "rejected"
	Chosen   Verdict = "chosen"
	Witness  Verdict = "witness"
)

// Reason is why a controller was rejected: a code for programs, and the measured value with its limit for people.
type Reason struct {
	Code    condition.Code `json:"code"`
	Message string         `json:"message"`
	// Passes says that it ends by itself. Any other reason needs a person.
	Passes bool `json:"passes"`
}

// Events are the scheduled events that run on some member of a cluster. Galera keeps an event ENABLED on one member,
// and the backup may be of another one.
type Events struct {
	// Enabled and Disabled are those that any member reported so.
	Enabled  []catalog.Event `json:"enabled"`
	Disabled []catalog.Event `json:"disabled"`
	// Scheduling are the members whose event scheduler is on.
	Scheduling []string `json:"scheduling"`
	// Unknown are the members that did not report theirs.
	Unknown []string `json:"unknown"`
}
