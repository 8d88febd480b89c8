// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import "strings"

// UUID is the Galera cluster's, from the first member in the order of names that reports it.
func (c *Cluster) UUID() string {
	for _, m := range c.Members {
		if id := m.UUID(); id != "" {
			return id
		}
	}
	return ""
}

// plainName returns the name of the cluster: in Pacemaker, otherwise in Galera.
func (c *Cluster) plainName() string {
	if c.View != nil && c.View.ClusterName != "" {
		return c.View.ClusterName
	}
	for _, m := range c.Members {
		if m.UUID() != "" && m.Host.Galera.Wsrep.ClusterName != "" {
			return m.Host.Galera.Wsrep.ClusterName
		}
	}
	return ""
}

// Title distinguishes clusters of the same name by the beginning of their ids.
func (c *Cluster) Title() string {
	name, id := c.plainName(), c.UUID()
	if c.distinct || id == "" {
		return name
	}
	return strings.TrimPrefix(name+"-"+id[:min(8, len(id))], "-")
}
