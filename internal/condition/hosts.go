// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import "strings"

// Codes about a node's identity, and about which nodes answered.
const (
	AmbiguousNames    Code = "ambiguous_names"
	StaleFacts        Code = "stale_facts"
	ClusterIncomplete Code = "cluster_incomplete"
	Excluded          Code = "excluded"
)

// MaxAge is the age from which facts are ignored.
var MaxAge = Limit{
	Name: "max_age", Default: 120, Unit: "s", Positive: true, Meaning: "Age in seconds above which facts are ignored.",
}

var hosts = []Condition{
	{
		Code: AmbiguousNames, Meaning: "a name of the cluster could mean two hosts", Final: true,
		Seen: "a name of the cluster could mean two hosts, or two hosts claim one name or address",
		Remedy: "Give every host its own name; compare the inventory, `crm_node -l`, HAProxy's `server` lines and" +
			" `wsrep_node_name`",
		Check: func(s Subject, _ Limits) string { return strings.Join(s.Conflicts[:min(1, len(s.Conflicts))], "") },
	},
	{
		Code: StaleFacts, Meaning: "its facts are too old", Limit: &MaxAge, Final: true, AnyHost: true,
		Explains: []Code{ClusterIncomplete}, Passes: &Passing{When: "yes, with the next reading"},
		Remedy: "Read and decide in one run; disable fact caching for the play; raise `controller_backup_max_age`" +
			" on very slow hosts",
		Check: staleFacts,
	},
	{
		Code: ClusterIncomplete, Meaning: "a member of the cluster did not answer", AnyHost: true, Harmless: true,
		Remedy: "Put all controllers into the group, do not use `--limit` or slices, and bring back the host that" +
			" the message names. See below",
		Check: incomplete,
	},
	{
		Code: Excluded, Meaning: "the option exclude names it", Harmless: true,
		Seen:   "`controller_backup_exclude` names it, or it was already tried in this run",
		Remedy: "Remove it from the list",
		Check: func(s Subject, _ Limits) string {
			if s.Excluded {
				return "excluded by the operator"
			}
			return ""
		},
	},
}

func staleFacts(s Subject, _ Limits) string {
	if !s.Stale {
		return ""
	}
	return s.Silent
}

// incomplete names those who did not answer: any of them may have the session, the lock or the last good copy that we
// cannot see.
func incomplete(s Subject, _ Limits) string {
	if s.Silent != "" {
		return s.Silent
	}
	return strings.Join(s.Missing, "; ")
}
