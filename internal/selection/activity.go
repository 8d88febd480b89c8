// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// word is what one source says about the clients of one controller.
type word struct {
	says Activity // Unknown for a source that should have spoken and did not
	text string
	// missing says that the source is silent because its whole host is: cluster_incomplete tells that already.
	missing bool
}

// observe finds out for every controller with a database whether it serves clients.
func (c *cluster) observe(o Options) {
	c.vip = c.findVIP(func(p *haproxy.Facts) *haproxy.Database { return p.Database }, o.VIP)
	next := c.nextWords(o)
	for _, m := range c.members {
		if !m.runsDatabase {
			continue
		}
		m.words = append(m.words, c.holderWord(m, o))
		m.words = append(m.words, next[m]...)
		m.words = append(m.words, c.lingering(m)...)
		m.words = append(m.words, c.poolWords(m)...)
		m.words = append(m.words, c.databaseWords(m)...)
		m.activity = sum(m.words)
	}
}

// sum is Active when any source saw clients, Idle when all spoke and none did, else Unknown.
func sum(words []word) Activity {
	all := Idle
	for _, w := range words {
		switch {
		case w.says == Active:
			return Active
		case w.says != Idle:
			all = Unknown
		}
	}
	return all
}

// holderWord is what the HAProxy of the VIP holder says of a controller.
func (c *cluster) holderWord(m *member, o Options) word {
	h := c.vip.holder
	if h == nil {
		return word{says: Unknown, text: c.vip.problem, missing: len(c.absent) > 0 || c.anySilent()}
	}
	where := fmt.Sprintf("HAProxy on %s (VIP)", h.name)
	if why := c.proxyProblem(h, o); why != "" {
		return word{says: Unknown, text: fmt.Sprintf("%s: %s", where, why), missing: h.silent != ""}
	}
	s := h.proxy().Server(m.server)
	if (m.server == "" || s == nil) && c.inPoolAlone(h, m) {
		text := fmt.Sprintf("%s: no server of %s is %s", where, h.proxy().Database.Backend, m.name)
		return word{says: Idle, text: text}
	}
	if m.server == "" || s == nil {
		return word{says: Unknown, text: fmt.Sprintf("%s: none of its servers is %s", where, m.name)}
	}
	return sessions(where, *s, h.proxy().Window)
}

// inPoolAlone says that a controller is behind a pool of a HAProxy and surely not behind its main way, of which every
// server is another host.
func (c *cluster) inPoolAlone(h, m *member) bool {
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

// sessions is the word of one server line.
func sessions(where string, s haproxy.Server, window float64) word {
	counted := fmt.Sprintf("%s: %s, %d new in %s s", where, plural(s.CurrentSessions, "session"), s.NewSessions, number(window))
	if s.CurrentSessions > 0 || s.NewSessions > 0 {
		return word{says: Active, text: counted}
	}
	return word{says: Idle, text: counted + last(s)}
}

func last(s haproxy.Server) string {
	if s.LastSession < 0 {
		return ""
	}
	return fmt.Sprintf(", the last one %d s ago", s.LastSession)
}

// proxyProblem says why the statistics of a host's HAProxy do not count; empty when they do.
func (c *cluster) proxyProblem(m *member, o Options) string {
	p := m.proxy()
	switch {
	case m.silent != "":
		return "the host " + m.silent
	case p == nil:
		return missingDocument(m, "haproxy")
	case !p.Present && !p.Running:
		return "there is none" + firstError(p.Header)
	case !p.Running:
		return "it did not answer" + firstError(p.Header)
	case p.Database == nil:
		return "no proxy of it was found to front the database" + firstError(p.Header)
	case p.Failed(haproxy.SourceSample) != nil:
		return "its second sample failed: " + p.Failed(haproxy.SourceSample).Message
	case p.Window <= 0:
		return "it was read once, which shows no new sessions: give haproxy_facts a sample above 0"
	case p.Processes > 1:
		return fmt.Sprintf("it runs %d processes and its statistics are those of one", p.Processes)
	case p.Failed(haproxy.SourceProcesses) != nil:
		return p.Failed(haproxy.SourceProcesses).Message
	case p.Failed(haproxy.SourceInfo) != nil:
		return "it did not tell of its process: " + p.Failed(haproxy.SourceInfo).Message
	case p.Processes != 1:
		return "it did not tell how many processes it has"
	case p.Uptime < o.MinProxyUptime && m == c.vip.holder:
		return fmt.Sprintf("it started %d s ago (limit %d s)", p.Uptime, o.MinProxyUptime)
	}
	return ""
}

// lingering are the words of the other HAProxies: after the VIP moved, old sessions may live on where it was.
func (c *cluster) lingering(m *member) []word {
	var words []word
	for _, h := range c.members {
		if h == c.vip.holder || c.hasNoProxy(h) {
			continue
		}
		where := "HAProxy on " + h.name
		if why := c.proxyProblem(h, Options{}); why != "" {
			words = append(words, word{says: Unknown, text: fmt.Sprintf("%s: %s", where, why), missing: h.silent != ""})
			continue
		}
		if s := h.proxy().Server(m.server); m.server != "" && s != nil {
			words = append(words, sessions(where, *s, h.proxy().Window))
		}
	}
	for _, a := range c.absent {
		words = append(words, word{says: Unknown, text: a, missing: true})
	}
	return words
}

// hasNoProxy says that no HAProxy runs on a host, so it has no sessions to tell of. Pacemaker must agree where it
// manages HAProxy: a process that could not be asked is not a stopped one.
func (c *cluster) hasNoProxy(m *member) bool {
	p := m.proxy()
	if p == nil || p.Running {
		return false
	}
	if managed, active := c.proxyResource(m); managed {
		return !active
	}
	return !p.Present || len(p.Errors) == 0
}

// proxyResource says whether Pacemaker manages HAProxy, and whether it has one active on a host.
func (c *cluster) proxyResource(m *member) (managed, active bool) {
	if c.view == nil {
		return false, false
	}
	for _, r := range c.view.Resources {
		if !isProxy(r.ID, r.Parent, r.Agent) {
			continue
		}
		managed = true
		active = active || r.Active && m.node != "" && lower(r.Node) == lower(m.node)
	}
	return managed, active
}

// isProxy knows the resource by its agent (systemd:haproxy, ocf:heartbeat:haproxy), or as TripleO's haproxy-bundle.
func isProxy(id, parent, agent string) bool {
	return strings.HasSuffix(agent, ":haproxy") || id == "haproxy" || parent == "haproxy-bundle"
}

// databaseWords are what a controller's own server says of its clients. One that has some may still not have told all:
// a policy that takes an active controller must know that.
func (c *cluster) databaseWords(m *member) []word {
	g := m.answering()
	if g == nil {
		return []word{c.withoutDatabase(m)}
	}
	var words []word
	if text := clients(g); text != "" {
		words = append(words, word{says: Active, text: "MariaDB: " + text})
	}
	if why := untold(g); why != "" {
		return append(words, word{says: Unknown, text: "MariaDB: " + why})
	}
	if len(words) == 0 {
		text := fmt.Sprintf("MariaDB: no client sessions, no write-sets of its own in %s s", number(g.Sample.Window))
		words = append(words, word{says: Idle, text: text})
	}
	return words
}

// withoutDatabase is the word for a controller of which no server answered.
func (c *cluster) withoutDatabase(m *member) word {
	g := m.database()
	switch {
	case m.silent != "":
		return word{says: Unknown, text: fmt.Sprintf("%s %s", m.name, m.silent), missing: true}
	case g == nil:
		return word{says: Unknown, text: "MariaDB: " + missingDocument(m, "galera")}
	case c.databaseDown(m):
		return word{says: Idle, text: "MariaDB: not running, so no sessions"}
	}
	return word{says: Unknown, text: "MariaDB: it was not read" + firstError(g.Header)}
}

// clients describes the foreign sessions and the write-sets that were made here; empty when there are none.
func clients(g *galera.Facts) string {
	var parts []string
	total := int64(0)
	var who []string
	for _, s := range g.Sessions {
		total += int64(s.Count)
		who = append(who, fmt.Sprintf("%s from %s", s.User, s.Source))
	}
	if total > 0 {
		slices.Sort(who)
		if len(who) > 3 {
			who = append(who[:3], fmt.Sprintf("%d more", len(who)-3))
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", plural(total, "client session"), strings.Join(who, ", ")))
	}
	if g.Sample.Replicated > 0 {
		parts = append(parts, fmt.Sprintf("%s write-sets/s of its own", number(g.Sample.Replicated)))
	}
	return strings.Join(parts, ", ")
}

// beside are sources of galera_facts that tell nothing of clients, nor of the state of replication.
var beside = []string{"option files", "login", "server", "container", "events", "sizes", "datadir", "grastate"}

// untold says what a server that answered did not tell of its clients; empty when it told all.
func untold(g *galera.Facts) string {
	for _, e := range g.Errors {
		if !slices.Contains(beside, e.Source) {
			return fmt.Sprintf("%s was not read: %s", e.Source, e.Message)
		}
	}
	if g.Sample.Window <= 0 {
		return "it was read once, which shows no write-sets: give galera_facts a sample above 0"
	}
	return ""
}

// databaseDown says that a server which did not answer is not there, rather than out of our reach.
func (c *cluster) databaseDown(m *member) bool {
	g := m.database()
	if !g.Present || g.Grastate != nil && g.Grastate.Seqno >= 0 { // a running server has -1 in it
		return true
	}
	if rs := c.galeraOn(m); c.managesGalera() {
		return !slices.ContainsFunc(rs, func(r pacemaker.Resource) bool { return r.Active && r.Role != pacemaker.RoleStarting })
	}
	return len(g.Errors) == 0
}

func missingDocument(m *member, name string) string {
	for _, e := range m.host.Errors {
		if e.Source == name {
			return fmt.Sprintf("%s_facts cannot be used: %s", name, e.Message)
		}
	}
	return fmt.Sprintf("%s_facts were not gathered on %s", name, m.name)
}

func firstError(h reading.Header) string {
	if len(h.Errors) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", h.Errors[0].Source, h.Errors[0].Message)
}
