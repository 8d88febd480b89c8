// SPDX-License-Identifier: GPL-3.0-or-later

package plan

// State is the requested result.
type State string

// States, as the role controller_restore has them.
const (
	Restored   State = "restored"    // the whole cluster, from a set
	RolledBack State = "rolled_back" // the whole cluster, to the data from before the last restore
	Rejoined   State = "rejoined"    // one broken controller, from the others
	Loaded     State = "loaded"      // single schemas, into the running cluster
	Configured State = "configured"  // Pacemaker's configuration
)

var states = []State{Restored, RolledBack, Rejoined, Loaded, Configured}

// Newest names no particular set: the newest one is used.
const Newest = "newest"

// Options are what the operator requests, and the hosts.
type Options struct {
	State       State  `json:"state"`
	Set         string `json:"set"`         // newest, CLUSTER/SET, or a path
	Destination string `json:"destination"` // folder of the sets, for messages
	Confirm     string `json:"confirm"`
	Host        string `json:"host"` // the controller that gets the set, or rejoins; empty: the first one that can
	// Hosts are all that were to be asked, by their names in the inventory; Pattern is the pattern that matched them.
	Hosts     []string `json:"hosts"`
	Pattern   string   `json:"pattern"`
	RemoveOld bool     `json:"remove_old"`
	Push      bool     `json:"push"` // replace Pacemaker's configuration, instead of only comparing it
	// CheckMode only shows the plan, which needs no confirmation.
	CheckMode bool `json:"-"`
}

// cluster are the states in which every controller takes part.
var cluster = []State{Restored, RolledBack}
