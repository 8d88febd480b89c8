// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/topology"
)

func (j *judgement) result() decision.Cluster {
	c := j.Cluster
	r := decision.Cluster{
		Name: c.Title(), UUID: c.UUID(), Active: []string{}, Controllers: []decision.Controller{}, Message: j.message,
		Events: events(c),
	}
	r.VIP.Address = j.VIP.Address
	if j.VIP.Holder != nil {
		r.VIP.Holder = j.VIP.Holder.Name
	}
	for _, s := range j.standings {
		k := j.controller(s)
		if k.Verdict == decision.Chosen {
			r.Chosen = k.Name
		}
		if k.Activity == decision.Active {
			r.Active = append(r.Active, k.Name)
		}
		r.Controllers = append(r.Controllers, k)
	}
	r.WorthWaiting = r.Chosen == "" && j.worthWaiting()
	return r
}

func (j *judgement) controller(s *standing) decision.Controller {
	m := s.m
	k := decision.Controller{
		Name: m.Name, PacemakerNode: m.Node, HAProxyServer: m.Server, GaleraNode: m.Galera,
		Galera: j.galeraState(m), Pacemaker: j.pacemakerState(s), HAProxy: j.proxyState(m),
		Activity: s.activity, Verdict: s.verdict, Reasons: []decision.Reason{}, Evidence: []string{}, Rank: s.rank,
		Spares: append([]string{}, s.spares...), Stays: s.stays && s.rank > 0, LastCommitted: -1,
	}
	if g := m.Answering(); g != nil {
		k.LastCommitted = g.Wsrep.LastCommitted
		if k.Verdict == decision.Chosen {
			k.Logins = g.Logins.Kept()
		}
	}
	for _, f := range s.findings {
		k.Reasons = append(k.Reasons, decision.Reason{Code: f.Code, Message: f.Message, Passes: j.passes(s, f)})
	}
	for _, w := range j.Statements[m] {
		k.Evidence = append(k.Evidence, fmt.Sprintf("%s: %s", w.Says, w.Text))
	}
	return k
}

func (j *judgement) galeraState(m *topology.Member) string {
	g := m.Database()
	switch {
	case g == nil:
		return "?"
	case g.Running:
		return cmp.Or(string(g.Wsrep.State), "unknown")
	case !m.RunsDatabase:
		return "-"
	case j.DatabaseDown(m):
		return "stopped"
	}
	return "not read"
}

// nodeFlags are what can be said of a node instead of "online", the gravest first.
var nodeFlags = []struct {
	word string
	code condition.Code
}{
	{"UNCLEAN", condition.Unclean}, {"offline", condition.NodeOffline}, {"pending", condition.Pending},
	{"standby", condition.Standby}, {"maintenance", condition.Maintenance},
}

func (j *judgement) pacemakerState(s *standing) string {
	subject := j.subject(s)
	if j.Cluster.View == nil || !subject.Listed() {
		return "?"
	}
	words := []string{"online"}
	for _, flag := range nodeFlags {
		if condition.Of(flag.code).Check(subject, nil) != "" {
			words[0] = flag.word
			break
		}
	}
	if n := len(j.held(s.m)); n > 0 {
		words = append(words, fmt.Sprintf("holds %d", n))
	}
	return strings.Join(words, ", ")
}

// proxyState returns what the VIP holder's HAProxy says about the member's server.
func (j *judgement) proxyState(m *topology.Member) string {
	state := "?"
	if !m.RunsDatabase {
		state = "-"
	}
	if h := j.VIP.Holder; h != nil && h.Proxy() != nil && h.Proxy().Running && m.Server != "" {
		if s := h.Proxy().Server(m.Server); s != nil {
			state = cmp.Or(s.Raw, "unknown")
			if s.CurrentSessions > 0 {
				state += ", " + quantity.Count(s.CurrentSessions, "session")
			}
		}
	}
	if j.VIP.Holder == m {
		state += " (VIP)"
	}
	return state
}
