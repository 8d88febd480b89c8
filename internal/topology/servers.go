// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/haproxy/stats"
)

// servers returns the database servers of every HAProxy of the cluster, each name and address once.
func (c *Cluster) servers() []stats.Server {
	type line struct{ name, address string }
	seen := map[line]bool{}
	var all []stats.Server
	for _, m := range c.Members {
		if m.Host.HAProxy == nil || m.Host.Unreachable {
			continue
		}
		for _, s := range m.Host.HAProxy.DatabaseServers() {
			if l := (line{s.Name, s.Address}); !seen[l] {
				seen[l] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// Owners returns the members that a server line could mean: by its complete name, otherwise by its first label; and by
// its address, which must not contradict.
func (c *Cluster) Owners(s stats.Server) []*Member {
	name := Lower(s.Name)
	owners := c.Matching(func(m *Member) bool {
		return name == m.self || name == Lower(m.Node) || m.mapped != "" && name == Lower(m.mapped)
	})
	if len(owners) == 0 {
		owners = c.Matching(func(m *Member) bool {
			return label(name) == label(m.self) || m.Node != "" && label(name) == label(Lower(m.Node))
		})
	}
	for _, text := range []string{s.Address, s.Name} {
		a, ok := Address(text)
		if !ok {
			continue
		}
		for _, m := range c.Matching(func(m *Member) bool { return m.Addrs[a] }) {
			if !slices.Contains(owners, m) {
				owners = append(owners, m)
			}
		}
	}
	return owners
}

// DescribeServer names a server of HAProxy, with its address.
func DescribeServer(s stats.Server) string {
	if s.Address == "" {
		return s.Name
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Address)
}
