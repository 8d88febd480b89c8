// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"slices"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/topology"
)

// Observe finds out for every controller with a database whether it serves clients.
func Observe(joined *topology.Cluster, o Rules) *Traffic {
	c := &Traffic{Cluster: joined, Statements: map[*topology.Member][]Statement{}}
	c.VIP = c.findVIP(func(p *haproxy.Facts) *haproxy.Database { return p.Database }, o.VIP)
	next := c.nextStatements(o)
	for _, m := range c.Members {
		if m.RunsDatabase {
			c.Statements[m] = slices.Concat([]Statement{c.holderStatement(m, o)}, next[m], c.lingering(m),
				c.poolStatements(m),
				c.databaseStatements(m))
		}
	}
	return c
}

// Backend returns the server of a controller at the HAProxy that has the VIP, nil if that is not known, and the host of
// that HAProxy.
func (c *Traffic) Backend(m *topology.Member, o Rules) (*stats.Server, string) {
	h := c.VIP.Holder
	if h == nil || c.proxyProblem(h, o) != "" || m.Server == "" {
		return nil, ""
	}
	return h.Proxy().Server(m.Server), h.Name
}
