// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/topology"
)

// way is one backend of the database at one host's HAProxy.
type way struct {
	at   *topology.Member
	d    *haproxy.Database
	main bool // the one that the database's VIP leads to; the others are pools, as of readers
}

// ways are all ways through the HAProxy of a host.
func ways(m *topology.Member) []way {
	p := m.Proxy()
	if p == nil {
		return nil
	}
	var all []way
	for _, d := range p.Backends() {
		all = append(all, way{m, d, d == p.Database})
	}
	return all
}

func (w way) servers() []haproxy.Server {
	if p := w.at.Proxy().Proxy(w.d.Backend); p != nil {
		return p.Servers
	}
	return nil
}

func (w way) table() *haproxy.Table {
	if p := w.at.Proxy().Proxy(w.d.Backend); p != nil {
		return p.Table
	}
	return nil
}

// where names the way for people: the backend where it is not the usual one.
func (w way) where() string {
	if w.main {
		return "HAProxy on " + w.at.Name
	}
	return fmt.Sprintf("HAProxy on %s, backend %s", w.at.Name, w.d.Backend)
}

// behind are the controllers that a server of the way means. Those of the main way were named once for all; a pool may
// have its own names, and servers that are none of the hosts.
func (c *Traffic) behind(w way, s haproxy.Server) []*topology.Member {
	if w.main {
		return c.Matching(func(m *topology.Member) bool { return m.Server != "" && m.Server == s.Name })
	}
	return c.Owners(s)
}

// isKnown says that it is known which host a server means: one of ours, or by its address none of them.
func (c *Traffic) isKnown(w way, s haproxy.Server) bool {
	if len(c.behind(w, s)) > 0 {
		return true
	}
	a, ok := topology.Address(s.Address)
	return ok && a != "0.0.0.0" && a != "::"
}

// concerns says that a way may lead to a controller: a pool whose servers are all another cluster's does not.
func (c *Traffic) concerns(w way) bool {
	servers := w.servers()
	return w.main || len(servers) == 0 || slices.ContainsFunc(servers, func(s haproxy.Server) bool {
		return len(c.behind(w, s)) > 0 || !c.isKnown(w, s)
	})
}

// poolWords are the words of all pools of all HAProxies about the sessions of a controller.
func (c *Traffic) poolWords(m *topology.Member) []Statement {
	var words []Statement
	for _, h := range c.Members {
		if h.Proxy() == nil || c.proxyProblem(h, Rules{}) != "" {
			continue // which the word about the main way tells
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
			text := fmt.Sprintf("%s: nothing tells which host its server %s is", w.where(), topology.DescribeServer(s))
			words = append(words, Statement{Says: decision.Unknown, Text: text})
		}
	}
	return words
}

// entrances are the ways by which the next client may come: through the HAProxy that has the VIP. Where it is not known
// which one that is for a pool, it may be any.
func (c *Traffic) entrances(o Rules) []way {
	var all []way
	for _, h := range c.Members {
		if h.Proxy() == nil || c.proxyProblem(h, o) != "" {
			continue
		}
		for _, w := range ways(h) {
			holder := c.VIP.Holder
			if !w.main {
				holder = c.poolHolder(w.d.Backend, o)
			}
			unreached := !w.main && w.d.Frontend == "" && w.d.Config != ""
			if !unreached && (h == holder || !w.main && holder == nil) {
				all = append(all, w)
			}
		}
	}
	return all
}

// poolHolder is the host with the address on which HAProxy listens for a pool; nil when that is not known.
func (c *Traffic) poolHolder(backend string, o Rules) *topology.Member {
	v := c.findVIP(func(p *haproxy.Facts) *haproxy.Database {
		for i := range p.Pools {
			if p.Pools[i].Backend == backend {
				return &p.Pools[i]
			}
		}
		return nil
	}, nil)
	return v.Holder
}
