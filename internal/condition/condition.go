// SPDX-License-Identifier: GPL-3.0-or-later

// Package condition judges the health of one node. A condition is one reason not to rely on a node; it owns its code,
// its meaning, the facts that it needs, what follows from it, its limit, and its check. A decision uses conditions as
// gates, the check before a backup as refusals, the guard as rules, a restore as what to wait for. The package is pure:
// what was read of a node goes in, messages come out. What is unknown is never healthy.
package condition

import (
	"fmt"
	"slices"
	"strings"
)

// Code names a condition for programs.
type Code string

// Condition is one reason not to rely on a node.
type Condition struct {
	Code Code
	// Meaning is a sentence about the node without its end, as in "it is not in the Primary component".
	Meaning string
	// Seen and Remedy are for docs/troubleshooting.md: what was seen, where Meaning does not say all of it, and what to do.
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
	// Last conditions are checked when all the others of all nodes are known. They are only worth reporting about a node
	// that is otherwise sound.
	Last bool
}

// all are the conditions in the order in which they are reported: causes before what follows from them.
var all = slices.Concat(hosts, clients, database, manager, proxy, space, cluster)

// All returns every condition, in the order in which they are reported.
func All() []Condition { return slices.Clone(all) }

// Of returns the condition of a code. A code that no condition has is a defect of the caller.
func Of(code Code) Condition {
	for _, c := range all {
		if c.Code == code {
			return c
		}
	}
	panic("there is no condition " + string(code))
}

// Finding is a condition that holds, with the measured value.
type Finding struct {
	Code    Code
	Message string
}

// Sentence says what a finding means and what was measured, as in "it is not in the Primary component
// (wsrep_cluster_status is non-Primary)". A message that says what it means stands alone.
func (f Finding) Sentence() string {
	meaning := Of(f.Code).Meaning
	if strings.HasPrefix(f.Message, meaning) {
		return f.Message
	}
	return fmt.Sprintf("%s (%s)", meaning, f.Message)
}

// Error is a finding for which a node is refused.
type Error struct{ Finding }

func (e *Error) Error() string { return e.Sentence() }

// First checks a node for some conditions, and returns the first that holds as an *Error; nil when none does.
func First(s Subject, l Limits, codes ...Code) error {
	for _, code := range codes {
		if message := Of(code).Check(s, l); message != "" {
			return &Error{Finding{code, message}}
		}
	}
	return nil
}

// Fold leaves out the findings that follow from others: who reads "standby" needs no "server_down" beside it.
func Fold(findings []Finding) []Finding {
	for _, f := range findings {
		if Of(f.Code).Final {
			return []Finding{f}
		}
	}
	kept := []Finding{}
	for _, f := range findings {
		if Of(f.Code).Last && len(findings) > 1 || explained(f.Code, findings) {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

func explained(code Code, findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Code != code && slices.Contains(Of(f.Code).Explains, code)
	})
}

// Needed are the keys that the conditions need of one document: galera, pacemaker or haproxy.
func Needed(document string) []string {
	var keys []string
	for _, c := range all {
		for _, need := range c.Needs {
			name, list, _ := strings.Cut(need, " ")
			if name == document {
				keys = append(keys, strings.Fields(list)...)
			}
		}
	}
	return keys
}
