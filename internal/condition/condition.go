// SPDX-License-Identifier: GPL-3.0-or-later

// Package condition judges the health of one node. A condition is one reason not to rely on a node; it owns its code,
// its meaning, the facts that it needs, its consequences, its limit, and its check. A decision uses conditions as
// gates, the check before a backup as refusals, the guard as rules, a restore as what to wait for. The package is pure:
// what was read about a node goes in, messages come out. Unknown is never healthy.
package condition

// Code names a condition for programs.
type Code string

// Condition is one reason not to rely on a node.
type Condition struct {
	Code Code
	// Meaning is a sentence about the node without its end, such as "it is not in the Primary component".
	Meaning string
	// Seen and Remedy are for docs/troubleshooting.md: the observation, if Meaning does not describe it completely, and
	// what to do.
	Seen, Remedy string
	// Needs are the keys of facts without which a node would look healthier than it is, such as "galera wsrep.state".
	// See topology.Needed for their form.
	Needs []string
	// Explains are the conditions that follow from this one: they are not reported next to it.
	Explains []Code
	// Passes says that the condition ends by itself, so that it may be enough to wait. A condition without it needs a
	// person.
	Passes *Passing
	// Limit is the bound that the check compares a value with, if it has one.
	Limit *Limit
	// Check returns the measured value, with its limit, or "" if the condition is not met.
	Check func(Subject, Limits) string

	// Final conditions are reported by themselves: nothing else about the node can be trusted.
	Final bool
	// AnyHost conditions are also checked on hosts without a database.
	AnyHost bool
	// Harmless conditions do not keep a standby from taking over the clients.
	Harmless bool
	// Last conditions are checked when all the others of all nodes are known. They are only worth reporting about a
	// node that is otherwise healthy.
	Last bool
}

// Passing says how a condition ends by itself.
type Passing struct {
	// When is for docs/troubleshooting.md: how it ends, or in which case it does.
	When string
	// If is false for a node about which the condition needs a person. Nil means that it always passes.
	If func(Subject) bool
}
