// SPDX-License-Identifier: GPL-3.0-or-later

// Package condition judges the health of one node. A condition is one reason not to rely on a node; it owns its code,
// its meaning, the facts that it needs, what follows from it, its limit, and its check. A decision uses conditions as
// gates, the check before a backup as refusals, the guard as rules, a restore as what to wait for. The package is pure:
// what was read of a node goes in, messages come out. What is unknown is never healthy.
package condition

// Code names a condition for programs.
type Code string

// Condition is one reason not to rely on a node.
type Condition struct {
	Code Code
	// Meaning is a sentence about the node without its end, as in "it is not in the Primary component".
	Meaning string
	// Seen and Remedy are for docs/troubleshooting.md: what was seen, where Meaning does not say all of it, and what to
	// do.
	Seen, Remedy string
	// Needs are the keys of facts without which a node would look healthier than it is, as "galera wsrep.state". See
	// topology.Needed for their form.
	Needs []string
	// Explains are the conditions that follow from this one: they are not reported beside it.
	Explains []Code
	// Limit is the bound that the check holds a value against, if it has one.
	Limit *Limit
	// Check returns the measured value, with its limit, or "" when the condition does not hold.
	Check func(Subject, Limits) string

	// Final conditions are reported alone: nothing else about the node can be trusted.
	Final bool
	// AnyHost conditions are checked on hosts without a database, too.
	AnyHost bool
	// Harmless conditions do not keep a standby from taking over the clients.
	Harmless bool
	// Last conditions are checked when all the others of all nodes are known. They are only worth reporting about a
	// node that is otherwise sound.
	Last bool
}
