// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
)

// uuid is the Galera cluster's, by the first member in the order of names that tells it.
func (c *cluster) uuid() string {
	for _, m := range c.members {
		if id := m.uuid(); id != "" {
			return id
		}
	}
	return ""
}

// plainName is what the cluster is called: by Pacemaker, else by Galera.
func (c *cluster) plainName() string {
	if c.view != nil && c.view.ClusterName != "" {
		return c.view.ClusterName
	}
	for _, m := range c.members {
		if m.uuid() != "" && m.host.Galera.Wsrep.ClusterName != "" {
			return m.host.Galera.Wsrep.ClusterName
		}
	}
	return ""
}

// title tells clusters of the same name apart by the beginning of their ids.
func (c *cluster) title() string {
	name, id := c.plainName(), c.uuid()
	if c.distinct || id == "" {
		return name
	}
	return strings.TrimPrefix(name+"-"+id[:min(8, len(id))], "-")
}

func (c *cluster) result() Cluster {
	r := Cluster{Name: c.title(), UUID: c.uuid(), Active: []string{}, Controllers: []Controller{}, Message: c.message,
		Events: c.events()}
	r.VIP.Address = c.vip.address
	if c.vip.holder != nil {
		r.VIP.Holder = c.vip.holder.name
	}
	for _, m := range c.members {
		k := c.controller(m)
		if k.Verdict == Chosen {
			r.Chosen = k.Name
		}
		if k.Activity == Active {
			r.Active = append(r.Active, k.Name)
		}
		r.Controllers = append(r.Controllers, k)
	}
	return r
}

func (c *cluster) controller(m *member) Controller {
	k := Controller{
		Name: m.name, PacemakerNode: m.node, HAProxyServer: m.server, GaleraNode: m.galera,
		Galera: c.galeraState(m), Pacemaker: c.pacemakerState(m), HAProxy: c.proxyState(m),
		Activity: m.activity, Verdict: m.verdict, Reasons: m.reasons, Evidence: []string{}, Rank: m.rank,
		LastCommitted: -1,
	}
	if g := m.database(); g != nil && g.Running {
		k.LastCommitted = g.Wsrep.LastCommitted
	}
	for _, w := range m.words {
		k.Evidence = append(k.Evidence, fmt.Sprintf("%s: %s", w.says, w.text))
	}
	return k
}

func (c *cluster) galeraState(m *member) string {
	g := m.database()
	switch {
	case g == nil:
		return "?"
	case g.Running:
		return orUnknown(string(g.Wsrep.State))
	case !m.runsDatabase:
		return "-"
	case c.databaseDown(m):
		return "stopped"
	}
	return "not read"
}

// nodeFlags are what can be said of a node instead of "online", the gravest first.
var nodeFlags = []struct {
	word  string
	check func(look) string
}{{"UNCLEAN", unclean}, {"offline", nodeOffline}, {"pending", pending}, {"standby", standby}, {"maintenance", maintenance}}

func (c *cluster) pacemakerState(m *member) string {
	l := c.look(m, Options{})
	if c.view == nil || len(l.node) == 0 {
		return "?"
	}
	words := []string{"online"}
	for _, flag := range nodeFlags {
		if flag.check(l) != "" {
			words[0] = flag.word
			break
		}
	}
	if n := len(c.held(m)); n > 0 {
		words = append(words, fmt.Sprintf("holds %d", n))
	}
	return strings.Join(words, ", ")
}

// proxyState is what the VIP holder's HAProxy says of the member's server.
func (c *cluster) proxyState(m *member) string {
	state := "?"
	if !m.runsDatabase {
		state = "-"
	}
	if h := c.vip.holder; h != nil && h.proxy() != nil && h.proxy().Running && m.server != "" {
		if s := h.proxy().Server(m.server); s != nil {
			state = orUnknown(s.Raw)
			if s.CurrentSessions > 0 {
				state += ", " + plural(s.CurrentSessions, "session")
			}
		}
	}
	if c.vip.holder == m {
		state += " (VIP)"
	}
	return state
}

// serving is the sentence about who serves, by the first evidence.
func (c *cluster) serving() string {
	active := c.matching(func(m *member) bool { return m.activity == Active })
	if len(active) == 0 {
		if c.vip.problem != "" {
			return fmt.Sprintf("Who serves the clients is unknown: %s. ", c.vip.problem)
		}
		return "Who serves the clients is unknown. "
	}
	parts := []string{}
	for _, m := range active {
		parts = append(parts, fmt.Sprintf("%s serves the clients (%s)", m.name, said(m, Active)[0]))
	}
	return strings.Join(parts, ", and ") + ". "
}

// refusals groups the reasons by controller, the first of each.
func (c *cluster) refusals() string {
	parts := []string{}
	for _, m := range c.members {
		if m.runsDatabase && len(m.reasons) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", m.name, codes(m.reasons)))
		}
	}
	if len(parts) == 0 {
		return ": no host of the cluster has a database."
	}
	return " (" + strings.Join(parts, "; ") + ")."
}

func codes(reasons []Reason) string {
	list := []string{}
	for _, r := range reasons {
		list = append(list, string(r.Code))
	}
	return strings.Join(slices.Compact(list), ", ")
}
