// SPDX-License-Identifier: GPL-3.0-or-later

// Package traffic finds out which controllers the clients of a cluster's database use: who holds the virtual address,
// on which servers the HAProxies count sessions, to which they would send the next client, and what the servers
// themselves report. It is pure. A source that should have answered and did not leaves a controller unknown, which is
// never idle.
package traffic

import (
	"slices"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
)

// Statement is the report of one source about the clients of one controller.
type Statement struct {
	Says decision.Activity // Unknown for a source that should have answered and did not
	Text string
	// missing says that the source is silent because its whole host is: cluster_incomplete reports that already.
	missing bool
	// passes says that it will soon be different without anybody's help: clients come and go, a HAProxy has just
	// started.
	passes bool
}

// Rules are how the sources of a cluster are read.
type Rules struct {
	// MinProxyUptime is the age, in seconds, from which the statistics of the VIP holder's HAProxy count.
	MinProxyUptime int64
	// VIP are the addresses that the clients use; empty: those on which HAProxy listens for the database.
	VIP []string
}

// Traffic is what the sources of a cluster report about the clients of its controllers.
type Traffic struct {
	*topology.Cluster
	VIP        VIP
	Statements map[*topology.Member][]Statement
}

// Activity reports whether a controller serves clients; empty for a host without a database.
func (c *Traffic) Activity(m *topology.Member) decision.Activity {
	if !m.RunsDatabase {
		return ""
	}
	return activityOf(c.Statements[m])
}

// Evidence returns the texts of the sources that say so.
func (c *Traffic) Evidence(m *topology.Member, a decision.Activity) []string {
	var texts []string
	for _, w := range c.Statements[m] {
		if w.Says == a {
			texts = append(texts, w.Text)
		}
	}
	return texts
}

// Unread returns which sources are silent about a controller. The silence of hosts that did not answer at all is left
// out: cluster_incomplete stands for those.
func (c *Traffic) Unread(m *topology.Member) []string {
	var texts []string
	for _, w := range c.Statements[m] {
		if w.Says == decision.Unknown && !w.missing {
			texts = append(texts, w.Text)
		}
	}
	return texts
}

// Passes reports that the sources which say so will soon say something else, without anybody's help. Clients of a
// controller come and go only if another one is known to serve, and if every source will have answered by then.
func (c *Traffic) Passes(m *topology.Member, a decision.Activity) bool {
	unknown := c.lasting(m, decision.Unknown)
	if a != decision.Active {
		return !unknown && len(c.Unread(m)) > 0
	}
	serves := slices.ContainsFunc(c.Members, func(o *topology.Member) bool {
		return o != m && c.lasting(o, decision.Active)
	})
	return serves && !unknown && !c.lasting(m, decision.Active)
}

// lasting reports that a source which says so will not say anything else by itself. The silence of hosts that did not
// answer at all is left out, as by Unread.
func (c *Traffic) lasting(m *topology.Member, a decision.Activity) bool {
	return slices.ContainsFunc(c.Statements[m], func(w Statement) bool {
		return w.Says == a && !w.missing && !w.passes
	})
}

// activityOf is Active if any source saw clients, Idle if all answered and none did, otherwise Unknown.
func activityOf(words []Statement) decision.Activity {
	all := decision.Idle
	for _, w := range words {
		switch {
		case w.Says == decision.Active:
			return decision.Active
		case w.Says != decision.Idle:
			all = decision.Unknown
		}
	}
	return all
}
