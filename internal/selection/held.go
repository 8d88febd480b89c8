// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/topology"
)

// held returns the VIPs and singletons that Pacemaker has on a member: a bundle or group counts once, fencing devices
// and the database itself do not.
func (j *judgement) held(m *topology.Member) []string {
	if j.Cluster.View == nil || m.Node == "" {
		return nil
	}
	found := map[string]bool{}
	for _, r := range j.Cluster.View.Resources {
		if topology.Lower(r.Node) != topology.Lower(m.Node) || !r.Active || j.Cluster.View.IsGalera(r) ||
			strings.HasPrefix(r.Agent, "stonith:") {
			continue
		}
		if r.Singleton || j.onlyPromoted(r) {
			found[collective(r)] = true
		}
	}
	for _, v := range j.Cluster.View.VIPs {
		if topology.Lower(v.Node) == topology.Lower(m.Node) && !j.inGroup(v.Resource, found) {
			found[v.Resource] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func collective(r crmmon.Resource) string {
	if (r.ParentKind == "bundle" || r.ParentKind == "group") && r.Parent != "" {
		return r.Parent
	}
	return r.ID
}

// inGroup reports that a resource was counted as part of its group already.
func (j *judgement) inGroup(id string, found map[string]bool) bool {
	return slices.ContainsFunc(j.Cluster.View.Resources, func(r crmmon.Resource) bool {
		return r.ID == id &&
			found[collective(r)]
	})
}

// onlyPromoted reports that an instance is the promoted one of several, as with redis and ovn.
func (j *judgement) onlyPromoted(r crmmon.Resource) bool {
	if r.Role != crmmon.RolePromoted {
		return false
	}
	promoted := 0
	for _, other := range j.Cluster.View.Resources {
		if other.ID == r.ID && other.Parent == r.Parent && other.Role == crmmon.RolePromoted {
			promoted++
		}
	}
	return promoted == 1
}
