// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/topology"
)

// way is one backend of the database at one host's HAProxy.
type way struct {
	at   *topology.Member
	d    *haproxy.Database
	main bool // the one that the database's VIP leads to; the others are pools, such as of readers
}

// ways returns all ways through the HAProxy of a host.
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

func (w way) servers() []stats.Server {
	if p := w.at.Proxy().Proxy(w.d.Backend); p != nil {
		return p.Servers
	}
	return nil
}

func (w way) table() *stats.Table {
	if p := w.at.Proxy().Proxy(w.d.Backend); p != nil {
		return p.Table
	}
	return nil
}

// where names the way for people: the backend if it is not the usual one.
func (w way) where() string {
	if w.main {
		return "HAProxy on " + w.at.Name
	}
	return fmt.Sprintf("HAProxy on %s, backend %s", w.at.Name, w.d.Backend)
}

// behind returns the controllers that a server of the way means. Those of the main way were named once for all; a pool
// may have its own names, and servers that are not one of the hosts.
func (c *Traffic) behind(w way, s stats.Server) []*topology.Member {
	if w.main {
		return c.Matching(func(m *topology.Member) bool { return m.Server != "" && m.Server == s.Name })
	}
	return c.Owners(s)
}

// isKnown reports that it is known which host a server means: one of ours, or by its address none of them.
func (c *Traffic) isKnown(w way, s stats.Server) bool {
	if len(c.behind(w, s)) > 0 {
		return true
	}
	a, ok := topology.Address(s.Address)
	return ok && a != "0.0.0.0" && a != "::"
}

// concerns reports that a way may lead to a controller: a pool whose servers are all another cluster's does not.
func (c *Traffic) concerns(w way) bool {
	servers := w.servers()
	return w.main || len(servers) == 0 || slices.ContainsFunc(servers, func(s stats.Server) bool {
		return len(c.behind(w, s)) > 0 || !c.isKnown(w, s)
	})
}
