// SPDX-License-Identifier: GPL-3.0-or-later

// Package selection decides which controller may be backed up: it joins what every host said of its database, its
// Pacemaker and its HAProxy, finds out whom clients use, and gives each controller a verdict with reasons. It is pure:
// facts and the time go in, a Decision comes out. What is unknown is never healthy, so the chosen controller is always
// one of which every source has spoken.
package selection

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// Host is one host of the inventory with what was read of it.
type Host struct {
	// Name is the inventory's name for it: a short name, an FQDN, an alias or an address.
	Name string
	// Unreachable says that Ansible could not reach it; facts that are there anyway are not looked at.
	Unreachable bool
	// A document that was not gathered is nil.
	Galera    *galera.Facts
	Pacemaker *pacemaker.Facts
	HAProxy   *haproxy.Facts
	// Errors are documents that were given and could not be understood.
	Errors []reading.Error
}

// Decision is who may be backed up, and why. It is what idle_controller returns.
type Decision struct {
	Policy Policy `json:"policy"`
	// DecidedAt is Options.Now.
	DecidedAt float64 `json:"decided_at"`
	// Chosen and Active are those of the only cluster; empty when there are several.
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
	// UUID is wsrep_cluster_state_uuid; empty when no server told it.
	UUID        string       `json:"uuid"`
	Chosen      string       `json:"chosen"`
	Active      []string     `json:"active"`
	VIP         VIP          `json:"vip"`
	Events      Events       `json:"events"`
	Controllers []Controller `json:"controllers"`
	// Message says in a sentence or two who serves, who was chosen and why, or why nobody.
	Message string `json:"message"`
}

// VIP is the virtual address that clients of the database use.
type VIP struct {
	Address string `json:"address"`
	// Holder is the inventory name of the host that has it; empty when it is unknown.
	Holder string `json:"holder"`
}

// Controller is one host of a cluster with its verdict.
type Controller struct {
	// Name is the inventory's. The next three are the names that the others have for it, empty where unknown.
	Name          string `json:"name"`
	PacemakerNode string `json:"pacemaker_node"`
	HAProxyServer string `json:"haproxy_server"`
	GaleraNode    string `json:"galera_node"`
	// Galera, Pacemaker and HAProxy are its states there, in a few words.
	Galera    string `json:"galera_state"`
	Pacemaker string `json:"pacemaker_state"`
	HAProxy   string `json:"haproxy_state"`
	// LastCommitted is its position in the cluster's history when it was read, -1 when no server told.
	LastCommitted int64 `json:"last_committed"`

	Activity Activity `json:"activity"`
	Verdict  Verdict  `json:"verdict"`
	Reasons  []Reason `json:"reasons"`
	// Evidence is what every source said about its clients, one line each.
	Evidence []string `json:"evidence"`
	// Rank is 1 for the best of the eligible; 0 for the others.
	Rank int `json:"rank"`
}

// Activity says whether a controller serves clients. It is empty for a host without a database.
type Activity string

// Unknown is never idle: some source that should have spoken did not.
const (
	Active  Activity = "active"
	Idle    Activity = "idle"
	Unknown Activity = "unknown"
)

// Verdict is what became of a controller.
type Verdict string

// A witness has no database: it was heard, but cannot be chosen.
const (
	Eligible Verdict = "eligible"
	Rejected Verdict = "rejected"
	Chosen   Verdict = "chosen"
	Witness  Verdict = "witness"
)

// Reason is why a controller was rejected: a code for programs, and the measured value with its limit for people.
type Reason struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Decide judges every controller of every cluster among the hosts. The order of hosts does not matter. It fails only
// for bad options and for a host given twice.
func Decide(hosts []Host, o Options) (Decision, error) {
	if err := o.check(); err != nil {
		return Decision{}, err
	}
	members, err := newMembers(hosts, o)
	if err != nil {
		return Decision{}, err
	}
	j := join(members)
	d := Decision{Policy: o.Policy, DecidedAt: o.Now, Active: []string{}, ChosenHosts: []string{}, Clusters: []Cluster{}}
	d.Warnings = slices.Concat(refusedDocuments(members), j.warnings, strayNames(members, o))
	for _, c := range j.clusters {
		d.Warnings = append(d.Warnings, c.judge(o)...)
		d.Clusters = append(d.Clusters, c.result())
	}
	d.sumUp()
	return d, nil
}

// newMembers puts the hosts in the order of their names, so that nothing after depends on the caller's order.
func newMembers(hosts []Host, o Options) ([]*member, error) {
	members := make([]*member, 0, len(hosts))
	for _, h := range hosts {
		if h.Name == "" {
			return nil, errors.New("facts: a host has no name; give the inventory's")
		}
		members = append(members, newMember(h, o))
	}
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(members); i++ {
		if members[i].name == members[i-1].name {
			return nil, fmt.Errorf("facts: host %q is given twice; give each host of the inventory once", members[i].name)
		}
	}
	return members, nil
}

func refusedDocuments(members []*member) []string {
	var warnings []string
	for _, m := range members {
		for _, e := range m.host.Errors {
			warnings = append(warnings, fmt.Sprintf("%s_facts of %s cannot be used: %s", e.Source, m.name, e.Message))
		}
	}
	return warnings
}

// strayNames warns of names in exclude and prefer that are no host's: a misspelt exclude protects nobody.
func strayNames(members []*member, o Options) []string {
	known := map[string]bool{}
	for _, m := range members {
		for _, n := range m.called() {
			known[n] = true
		}
	}
	var warnings []string
	for option, list := range map[string][]string{"exclude": o.Exclude, "prefer": o.Prefer} {
		for _, n := range list {
			if !known[lower(n)] {
				warnings = append(warnings, fmt.Sprintf("%s: %q is none of the hosts", option, n))
			}
		}
	}
	slices.Sort(warnings)
	return warnings
}

// sumUp fills in what the decision says over all clusters.
func (d *Decision) sumUp() {
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
