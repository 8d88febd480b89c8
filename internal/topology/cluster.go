// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
)

// Cluster is one Galera cluster with the hosts that belong to it.
type Cluster struct {
	Members []*Member
	// View is the Pacemaker document that speaks for the cluster; nil if none can be trusted.
	View *pacemaker.Facts
	// Conflicts are ambiguous names. With one of them nobody is chosen.
	Conflicts []string
	// Absent lists, one line each, who belongs to the cluster and did not answer.
	Absent []string
	// distinct says that no other cluster has its name.
	distinct bool
}

// Matching returns the members for which want is true.
func (c *Cluster) Matching(want func(*Member) bool) []*Member {
	var found []*Member
	for _, m := range c.Members {
		if want(m) {
			found = append(found, m)
		}
	}
	return found
}

// config returns the galera resource, nil if Pacemaker has none or was not read.
func (c *Cluster) config() *cib.Galera {
	if c.View == nil {
		return nil
	}
	return c.View.Galera
}

func (c *Cluster) hostMap() map[string]string {
	if g := c.config(); g != nil {
		return g.HostMap
	}
	return nil
}

// mappedName looks a Pacemaker node up in cluster_host_map, ignoring case.
func mappedName(hostMap map[string]string, node string) string {
	if name, ok := hostMap[node]; ok {
		return name
	}
	for _, key := range sortedKeys(hostMap) {
		if Lower(key) == Lower(node) {
			return hostMap[key]
		}
	}
	return ""
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// NameList names members for people: "controller-0 or controller-1".
func NameList(members []*Member) string {
	names := []string{}
	for _, m := range members {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}
