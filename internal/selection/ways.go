// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/haproxy"
)

// way is one backend of the database at one host's HAProxy.
type way struct {
	at   *member
	d    *haproxy.Database
	main bool // the one that the database's VIP leads to; the others are pools, as of readers
}

// ways are all ways through the HAProxy of a host.
func ways(m *member) []way {
	p := m.proxy()
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
	if p := w.at.proxy().Proxy(w.d.Backend); p != nil {
		return p.Servers
	}
	return nil
}

func (w way) table() *haproxy.Table {
	if p := w.at.proxy().Proxy(w.d.Backend); p != nil {
		return p.Table
	}
	return nil
}

// where names the way for people: the backend where it is not the usual one.
func (w way) where() string {
	if w.main {
		return "HAProxy on " + w.at.name
	}
	return fmt.Sprintf("HAProxy on %s, backend %s", w.at.name, w.d.Backend)
}

// behind are the controllers that a server of the way means. Those of the main way were named once for all; a pool may
// have its own names, and servers that are none of the hosts.
func (c *cluster) behind(w way, s haproxy.Server) []*member {
	if w.main {
		return c.matching(func(m *member) bool { return m.server != "" && m.server == s.Name })
	}
	return c.owners(s)
}

// placed says that it is known which host a server means: one of ours, or by its address none of them.
func (c *cluster) placed(w way, s haproxy.Server) bool {
	if len(c.behind(w, s)) > 0 {
		return true
	}
	a, ok := address(s.Address)
	return ok && a != "0.0.0.0" && a != "::"
}

// concerns says that a way may lead to a controller: a pool whose servers are all another cluster's does not.
func (c *cluster) concerns(w way) bool {
	servers := w.servers()
	return w.main || len(servers) == 0 || slices.ContainsFunc(servers, func(s haproxy.Server) bool {
		return len(c.behind(w, s)) > 0 || !c.placed(w, s)
	})
}

// poolWords are the words of all pools of all HAProxies about the sessions of a controller.
func (c *cluster) poolWords(m *member) []word {
	var words []word
	for _, h := range c.members {
		if h.proxy() == nil || c.proxyProblem(h, Options{}) != "" {
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

func (c *cluster) poolSessions(w way, m *member) []word {
	var words []word
	for _, s := range w.servers() {
		switch {
		case slices.Contains(c.behind(w, s), m):
			words = append(words, sessions(w.where(), s, w.at.proxy().Window))
		case !c.placed(w, s):
			text := fmt.Sprintf("%s: nothing tells which host its server %s is", w.where(), describeServer(s))
			words = append(words, word{says: Unknown, text: text})
		}
	}
	return words
}

// entrances are the ways by which the next client may come: through the HAProxy that has the VIP. Where it is not known
// which one that is for a pool, it may be any.
func (c *cluster) entrances(o Options) []way {
	var all []way
	for _, h := range c.members {
		if h.proxy() == nil || c.proxyProblem(h, o) != "" {
			continue
		}
		for _, w := range ways(h) {
			holder := c.vip.holder
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
func (c *cluster) poolHolder(backend string, o Options) *member {
	v := c.findVIP(func(p *haproxy.Facts) *haproxy.Database {
		for i := range p.Pools {
			if p.Pools[i].Backend == backend {
				return &p.Pools[i]
			}
		}
		return nil
	}, nil)
	return v.holder
}
