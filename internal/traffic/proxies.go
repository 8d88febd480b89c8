// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/topology"
)

// holderStatement is the report of the VIP holder's HAProxy about a controller.
func (c *Traffic) holderStatement(m *topology.Member, o Rules) Statement {
	h := c.VIP.Holder
	if h == nil {
		return Statement{Says: decision.Unknown, Text: c.VIP.Problem, missing: len(c.Absent) > 0 || c.AnySilent(),
			passes: c.VIP.moves}
	}
	if c.Away(h) {
		// The condition cluster_incomplete does not report such a host, so this must. Pacemaker moves the VIP soon.
		text := fmt.Sprintf("Pacemaker still has the VIP on %s, which is away", h.Name)
		return Statement{Says: decision.Unknown, Text: text, passes: true}
	}
	where := fmt.Sprintf("HAProxy on %s (VIP)", h.Name)
	if why := c.proxyProblem(h, o); why != "" {
		return Statement{Says: decision.Unknown, Text: fmt.Sprintf("%s: %s", where, why), missing: h.Silent != "",
			passes: c.proxyProblem(h, Rules{}) == ""}
	}
	s := h.Proxy().Server(m.Server)
	if (m.Server == "" || s == nil) && c.inPoolAlone(h, m) {
		text := fmt.Sprintf("%s: no server of %s is %s", where, h.Proxy().Database.Backend, m.Name)
		return Statement{Says: decision.Idle, Text: text}
	}
	if m.Server == "" || s == nil {
		return Statement{Says: decision.Unknown, Text: fmt.Sprintf("%s: none of its servers is %s", where, m.Name)}
	}
	return sessions(where, *s, h.Proxy().Window)
}

// inPoolAlone reports that a controller is behind a pool of a HAProxy and certainly not behind its main way, of which
// every server is another host.
func (c *Traffic) inPoolAlone(h, m *topology.Member) bool {
	pooled := false
	for _, w := range ways(h) {
		for _, s := range w.servers() {
			owners := c.behind(w, s)
			if w.main && (len(owners) != 1 || owners[0] == m) {
				return false
			}
			pooled = pooled || !w.main && slices.Contains(owners, m)
		}
	}
	return pooled
}

// sessions is the report of one server line.
func sessions(where string, s stats.Server, window float64) Statement {
	counted := fmt.Sprintf("%s: %s, %d new in %s s", where, quantity.Count(s.CurrentSessions, "session"),
		s.NewSessions, quantity.Number(window))
	if s.CurrentSessions > 0 || s.NewSessions > 0 {
		return Statement{Says: decision.Active, Text: counted, passes: true}
	}
	return Statement{Says: decision.Idle, Text: counted + last(s)}
}

func last(s stats.Server) string {
	if s.LastSession < 0 {
		return ""
	}
	return fmt.Sprintf(", the last one %d s ago", s.LastSession)
}

// proxyProblem returns why the statistics of a host's HAProxy do not count; empty if they do.
func (c *Traffic) proxyProblem(m *topology.Member, o Rules) string {
	p := m.Proxy()
	switch {
	case m.Silent != "":
		return "the host " + m.Silent
	case p == nil:
		return topology.MissingDocument(m, "haproxy")
	case !p.Present && !p.Running:
		return "there is none" + topology.FirstError(p.Header)
	case !p.Running:
		return "it did not answer" + topology.FirstError(p.Header)
	case p.Database == nil:
		return "no proxy of it was found to front the database" + topology.FirstError(p.Header)
	case p.Failed(haproxy.SourceSample) != nil:
		return "its second sample failed: " + p.Failed(haproxy.SourceSample).Message
	case p.Window <= 0:
		return "it was read once, which shows no new sessions: give haproxy_facts a sample above 0"
	case p.Processes > 1:
		return fmt.Sprintf("it runs %d processes and its statistics are those of one", p.Processes)
	case p.Failed(haproxy.SourceProcesses) != nil:
		return p.Failed(haproxy.SourceProcesses).Message
	case p.Failed(haproxy.SourceInfo) != nil:
		return "it did not report its process: " + p.Failed(haproxy.SourceInfo).Message
	case p.Processes != 1:
		return "it did not report how many processes it has"
	case p.Uptime < o.MinProxyUptime && m == c.VIP.Holder:
		return fmt.Sprintf("it started %d s ago (limit %d s)", p.Uptime, o.MinProxyUptime)
	}
	return ""
}

// lingering are the reports of the other HAProxies: after the VIP moved, old sessions may live on where it was.
func (c *Traffic) lingering(m *topology.Member) []Statement {
	var words []Statement
	for _, h := range c.Members {
		if h == c.VIP.Holder || c.hasNoProxy(h) || c.Away(h) {
			continue
		}
		where := "HAProxy on " + h.Name
		if why := c.proxyProblem(h, Rules{}); why != "" {
			words = append(words, Statement{Says: decision.Unknown, Text: fmt.Sprintf("%s: %s", where, why),
				missing: h.Silent != ""})
			continue
		}
		if s := h.Proxy().Server(m.Server); m.Server != "" && s != nil {
			words = append(words, sessions(where, *s, h.Proxy().Window))
		}
	}
	for _, a := range c.Absent {
		words = append(words, Statement{Says: decision.Unknown, Text: a, missing: true})
	}
	return words
}

// hasNoProxy reports that no HAProxy runs on a host, so it has no sessions. Pacemaker must agree if it manages HAProxy:
// a process that could not be asked is not a stopped one.
func (c *Traffic) hasNoProxy(m *topology.Member) bool {
	p := m.Proxy()
	if p == nil || p.Running {
		return false
	}
	if managed, active := c.proxyResource(m); managed {
		return !active
	}
	return !p.Present || len(p.Errors) == 0
}

// proxyResource reports whether Pacemaker manages HAProxy, and whether it has one active on a host.
func (c *Traffic) proxyResource(m *topology.Member) (managed, active bool) {
	if c.View == nil {
		return false, false
	}
	for _, r := range c.View.Resources {
		if !pacemaker.IsProxy(r.ID, r.Parent, r.Agent) {
			continue
		}
		managed = true
		active = active || r.Active && m.Node != "" && topology.Lower(r.Node) == topology.Lower(m.Node)
	}
	return managed, active
}

// poolStatements are the reports of all pools of all HAProxies about the sessions of a controller.
func (c *Traffic) poolStatements(m *topology.Member) []Statement {
	var words []Statement
	for _, h := range c.Members {
		if h.Proxy() == nil || c.proxyProblem(h, Rules{}) != "" {
			continue // which the statement about the main way says
		}
		for _, w := range ways(h) {
			if !w.main {
				words = append(words, c.poolSessions(w, m)...)
			}
		}
	}
	return words
}

func (c *Traffic) poolSessions(w way, m *topology.Member) []Statement {
	var words []Statement
	for _, s := range w.servers() {
		switch {
		case slices.Contains(c.behind(w, s), m):
			words = append(words, sessions(w.where(), s, w.at.Proxy().Window))
		case !c.isKnown(w, s):
			text := fmt.Sprintf("%s: it is not known which host its server %s is", w.where(),
				topology.DescribeServer(s))
			words = append(words, Statement{Says: decision.Unknown, Text: text})
		}
	}
	return words
}
