// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import "strings"

// Codes of who a node is, and who was heard.
const (
	AmbiguousNames    Code = "ambiguous_names"
	StaleFacts        Code = "stale_facts"
	ClusterIncomplete Code = "cluster_incomplete"
	Excluded          Code = "excluded"
)

// MaxAge is the age from which facts do not count.
var MaxAge = Limit{
	Name: "max_age", Default: 120, Unit: "s", Positive: true, Meaning: "Age from which facts do not count, in seconds.",
}

var hosts = []Condition{
	{
		Code: AmbiguousNames, Meaning: "a name of the cluster could mean two hosts", Final: true,
		Seen: "a name of the cluster could mean two hosts, or two hosts claim one name or address",
		Remedy: "give every host a name of its own; compare the inventory, `crm_node -l`, HAProxy's `server` lines and" +
			" `wsrep_node_name`",
		Check: func(s Subject, _ Limits) string { return strings.Join(s.Conflicts[:min(1, len(s.Conflicts))], "") },
	},
	{
		Code: StaleFacts, Meaning: "its facts are too old", Limit: &MaxAge, Final: true, AnyHost: true,
		Explains: []Code{ClusterIncomplete},
		Remedy: "read and decide in one run; switch fact caching off for the play; raise `controller_backup_max_age`" +
			" on very slow hosts",
		Check: staleFacts,
	},
	{
		Code: ClusterIncomplete, Meaning: "a member of the cluster was not heard", AnyHost: true, Harmless: true,
		Remedy: "put all controllers into the group, leave `--limit` and slices out, and bring back the host that the" +
			" message names. An arbitrator (`garbd`) that runs does not count; take one that does not, and members that" +
			" were removed, out of `wsrep_cluster_address`",
		Check: incomplete,
	},
	{
		Code: Excluded, Meaning: "the option exclude names it", Harmless: true,
		Seen:   "`controller_backup_exclude` names it, or it was tried in this run already",
		Remedy: "take it out of the list",
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

// incomplete names who was not heard: anyone may have the session, the lock or the last good copy that we cannot see.
func incomplete(s Subject, _ Limits) string {
	if s.Silent != "" {
		return s.Silent
	}
	return strings.Join(s.Missing, "; ")
}
