// SPDX-License-Identifier: GPL-3.0-or-later

// Package selection decides which controller may be backed up: it joins the reports of every host about its database,
// its Pacemaker and its HAProxy, finds out which ones clients use, and gives each controller a verdict with reasons. It
// is pure: facts and the time go in, a Decision comes out. Unknown is never healthy, so the chosen controller is always
// one about which every source has answered.
package selection

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
)

// Decide judges every controller of every cluster among the hosts. The order of hosts does not matter. It fails only
// for bad options and for a host given twice.
func Decide(hosts []topology.Host, o Options) (decision.Decision, error) {
	if err := o.check(); err != nil {
		return decision.Decision{}, err
	}
	members, err := topology.Members(hosts, o.Now, o.Limits.Of(condition.MaxAge))
	if err != nil {
		return decision.Decision{}, err
	}
	j := topology.Join(members)
	d := decision.Decision{
		Policy: o.Policy, DecidedAt: o.Now, Active: []string{}, ChosenHosts: []string{}, Clusters: []decision.Cluster{},
	}
	d.Warnings = slices.Concat(refusedDocuments(members), j.Warnings, strayNames(members, o))
	for _, c := range j.Clusters {
		judged, warnings := judge(c, o)
		d.Warnings = slices.Concat(d.Warnings, away(c), warnings)
		d.Clusters = append(d.Clusters, judged.result())
	}
	sumUp(&d)
	return d, nil
}

// away warns of hosts without which a cluster is judged.
func away(c *topology.Cluster) (warnings []string) {
	for _, m := range c.Matching(c.Away) {
		warnings = append(warnings, fmt.Sprintf("%s %s, and is away: its node is offline for Pacemaker, and it is no "+
			"member of the Galera cluster. The others are judged without it", m.Name, m.Silent))
	}
	return warnings
}

func refusedDocuments(members []*topology.Member) []string {
	var warnings []string
	for _, m := range members {
		for _, e := range m.Host.Errors {
			warnings = append(warnings, fmt.Sprintf("%s_facts of %s cannot be used: %s", e.Source, m.Name, e.Message))
		}
	}
	return warnings
}

// strayNames warns of names in exclude and prefer that are not a host's: a misspelt exclude protects nobody.
func strayNames(members []*topology.Member, o Options) []string {
	known := map[string]bool{}
	for _, m := range members {
		for _, n := range m.Called() {
			known[n] = true
		}
	}
	var warnings []string
	for option, list := range map[string][]string{"exclude": o.Exclude, "prefer": o.Prefer} {
		for _, n := range list {
			if !known[topology.Lower(n)] {
				warnings = append(warnings, fmt.Sprintf("%s: %q is not one of the hosts", option, n))
			}
		}
	}
	slices.Sort(warnings)
	return warnings
}

// sumUp fills in the parts of the decision about all clusters.
func sumUp(d *decision.Decision) {
	messages := make([]string, 0, len(d.Clusters))
	for _, c := range d.Clusters {
		if c.Chosen != "" {
			d.ChosenHosts = append(d.ChosenHosts, c.Chosen)
		}
		messages = append(messages, c.Message)
	}
	d.Message = strings.Join(messages, "\n")
	switch len(d.Clusters) {
	case 0:
		d.Message = "No host has a database: there is nothing to choose from."
	case 1:
		d.Chosen, d.Active = d.Clusters[0].Chosen, d.Clusters[0].Active
	}
	d.Text = Text(*d)
}
