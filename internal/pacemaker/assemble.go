// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
)

// sources is what was read; nil or empty if a source did not answer.
type sources struct {
	status   *crmmon.Status
	cib      *cib.CIB
	corosync *Corosync
	local    string // crm_node -n
	host     string // uname -n
}

// assemble joins the sources into facts. It adds nothing to what they reported.
func assemble(s sources) Facts {
	f := Facts{
		Properties: map[string]string{}, Nodes: []crmmon.Node{}, Resources: []crmmon.Resource{},
		Failures:   []crmmon.Failure{},
		FailCounts: []crmmon.FailCount{},
		Bans:       []crmmon.Ban{}, VIPs: []VIP{}, Locks: []cib.Lock{}, Fencing: []crmmon.FencingEvent{},
		Corosync: Corosync{Members: []CorosyncMember{}},
	}
	if s.cib != nil {
		f.addCIB(s.cib)
	}
	if s.status != nil {
		f.addStatus(s.status)
	}
	if s.status != nil && s.cib != nil {
		refineSingletons(f.Resources, s.cib.PromotedMax)
	}
	if s.status != nil {
		f.VIPs = holders(f.Resources, s.cib)
		f.Errors = append(f.Errors, unknownVIPs(f.VIPs, s.cib)...)
		placeGalera(f.Galera, f.Nodes, f.Resources)
	}
	if s.corosync != nil {
		f.addCorosync(*s.corosync)
	}
	f.LocalNode = localNode(s.local, s.host, f.Nodes)
	return f
}

// addCIB adds the content of the CIB; crm_mon's report on the same thing is added later and takes precedence.
func (f *Facts) addCIB(c *cib.CIB) {
	f.Properties, f.Galera = cib.ShownValues(c.Properties), c.Galera
	f.Locks = append(f.Locks, c.Locks...)
	f.ClusterName = c.Properties["cluster-name"]
	f.Version = c.Properties["dc-version"]
	f.takeOptions(c.Properties, true)
	f.Errors = append(f.Errors, leftOut(c)...)
}

func (f *Facts) addStatus(s *crmmon.Status) {
	f.Connected, f.DC, f.Quorum = true, s.DC, s.Quorum
	if s.Version != "" {
		f.Version = s.Version
	}
	f.takeOptions(s.Options, false)
	f.Nodes = append(f.Nodes, s.Nodes...)
	f.Resources = append(f.Resources, s.Resources...)
	f.Failures = append(f.Failures, s.Failures...)
	f.FailCounts = append(f.FailCounts, s.FailCounts...)
	f.Bans = append(f.Bans, s.Bans...)
	f.Fencing = append(f.Fencing, s.Fencing...)
}

// takeOptions reads the cluster options that decide. In the CIB an option that is not set has Pacemaker's default;
// crm_mon prints some of them in some versions, and then prints the values in force.
func (f *Facts) takeOptions(options map[string]string, defaults bool) {
	flag := func(to *bool, byDefault bool, names ...string) {
		if defaults {
			*to = byDefault
		}
		for _, name := range names {
			if text, set := options[name]; set {
				*to = cib.IsTrue(text)
				return
			}
		}
	}
	flag(&f.MaintenanceMode, false, "maintenance-mode")
	flag(&f.StopAll, false, "stop-all-resources")
	flag(&f.Symmetric, true, "symmetric-cluster")
	flag(&f.Stonith, true, "stonith-enabled", "fencing-enabled")
	if policy, set := options["no-quorum-policy"]; set {
		f.NoQuorumPolicy = policy
	} else if defaults {
		f.NoQuorumPolicy = "stop"
	}
}

// refineSingletons replaces the count of promoted instances by the configured number: a galera with one survivor is not
// a singleton.
func refineSingletons(all []crmmon.Resource, promotedMax map[string]int) {
	for i := range all {
		r := &all[i]
		if most, set := promotedMax[r.Parent]; set && r.Role == crmmon.RolePromoted {
			r.Singleton = most == 1
		}
	}
}

// holders returns the virtual addresses and their holders: one entry each, or one per node if several hold it.
func holders(all []crmmon.Resource, configured *cib.CIB) []VIP {
	vips := []VIP{}
	listed := map[string]int{}
	for _, r := range all {
		if r.Agent != cib.AgentIPaddr2 {
			continue
		}
		vip := VIP{Resource: r.ID, Address: addressOf(r.ID, configured)}
		if r.Active {
			vip.Node = r.Node
		}
		i, has := listed[r.ID]
		switch {
		case has && vip.Node == "":
		case has && vips[i].Node == "":
			vips[i] = vip
		default:
			listed[r.ID] = len(vips)
			vips = append(vips, vip)
		}
	}
	return vips
}

// Sources of the errors about the CIB. If nothing of it could be read the source is SourceCIB, which rejects every
// controller; parts that were left out have sourcePart.
const (
	SourceCIB  = "cibadmin"
	sourcePart = "cib"
)

// leftOut describes what is odd in the CIB.
func leftOut(configured *cib.CIB) []reading.Error {
	var errs []reading.Error
	for _, what := range slices.Sorted(maps.Keys(configured.Odd)) {
		errs = append(errs, reading.Error{
			Source: sourcePart, Where: excerpt.Of(what), Message: configured.Odd[what],
			Hint: "it is left out; correct it with pcs, or leave it if the database does not need it",
		})
	}
	return errs
}

// unknownVIPs are addresses that are held and not known: one of them may be the database's.
func unknownVIPs(vips []VIP, configured *cib.CIB) []reading.Error {
	if configured == nil {
		return nil
	}
	for _, v := range vips {
		if odd := configured.Odd[v.Resource]; v.Address == "" && v.Node != "" && odd != "" {
			return []reading.Error{{
				Source: SourceCIB, Where: excerpt.Of(v.Resource),
				Message: fmt.Sprintf("it is active on %s, and its address is not known: %s", excerpt.Of(v.Node), odd),
				Hint:    "give the resource a plain ip, or a name that ends in it, as ip-10.0.0.5",
			}}
		}
	}
	return nil
}

// addressOf returns the address in the CIB, otherwise the one in the resource's name: TripleO's ip-10.0.0.5 and
// ip-fd00.fd00..5 (dots for colons), a bundle's own NAME-ip-192.168.122.131. Empty if neither has it.
func addressOf(resource string, configured *cib.CIB) string {
	if configured != nil && configured.Addresses[resource] != "" {
		return configured.Addresses[resource]
	}
	i := strings.LastIndex(resource, "ip-")
	if i < 0 {
		return ""
	}
	for _, text := range []string{resource[i+3:], strings.ReplaceAll(resource[i+3:], ".", ":")} {
		if addr, err := netip.ParseAddr(text); err == nil {
			return addr.Unmap().String()
		}
	}
	return ""
}

// placeGalera turns the configured members into nodes of the cluster, and clears Managed if crm_mon saw no managed
// instance: a single blocked one counts as unmanaged and says nothing about the others. Members that are not a node's
// name stay as they are.
func placeGalera(g *cib.Galera, nodes []crmmon.Node, all []crmmon.Resource) {
	if g == nil {
		return
	}
	for i, member := range g.Nodes {
		g.Nodes[i] = HostOf(g, member, nodes)
	}
	placed := map[string]bool{}
	instances, unmanaged := 0, 0
	for _, r := range all {
		if r.ID != g.Resource {
			continue
		}
		instances++
		if !r.Managed {
			unmanaged++
		}
		if len(g.HostMap) == 0 && len(g.ClusterAddress) == 0 && r.Node != "" && !placed[r.Node] {
			placed[r.Node] = true
			g.Nodes = append(g.Nodes, r.Node)
		}
	}
	g.Managed = g.Managed && (instances == 0 || unmanaged < instances)
}

// HostOf returns the node that a configured member, such as a key of HostMap, means. The replica of a bundle, which the
// map of OSP 12 uses (galera-bundle-0:overcloud-controller-0), stands for the host of its container; if it has none,
// for its Galera name. Members that are not a node's name stay as they are.
func HostOf(g *cib.Galera, member string, nodes []crmmon.Node) string {
	at := slices.IndexFunc(nodes, func(n crmmon.Node) bool { return n.Name == member })
	switch guest := at >= 0 && nodes[at].Type == crmmon.NodeGuest; {
	case guest && nodes[at].ContainerOn != "":
		return nodes[at].ContainerOn
	case guest, at < 0 && g.IsReplica(member):
		return nodeFor(cmp.Or(g.HostMap[member], member), nodes)
	}
	return nodeFor(member, nodes)
}

// nodeFor returns the node that a Galera name means: the same name, otherwise the same first DNS label if only one has
// it.
func nodeFor(name string, nodes []crmmon.Node) string {
	match := ""
	for _, n := range nodes {
		if strings.EqualFold(n.Name, name) {
			return n.Name
		}
		if sameLabel(n.Name, name) {
			if match != "" {
				return name
			}
			match = n.Name
		}
	}
	if match == "" {
		return name
	}
	return match
}

// sameLabel compares two host names by their first label; an address has none.
func sameLabel(a, b string) bool {
	if _, err := netip.ParseAddr(b); err == nil {
		return false
	}
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return a != "" && strings.EqualFold(a, b)
}

// addCorosync joins members and nodes by their id, which is the same in both.
func (f *Facts) addCorosync(c Corosync) {
	f.Corosync = c
	for i := range f.Corosync.Members {
		m := &f.Corosync.Members[i]
		for j := range f.Nodes {
			if n := &f.Nodes[j]; n.ID == m.ID && n.Type == crmmon.NodeMember {
				m.Name, n.CorosyncVote = n.Name, m.Votes
			}
		}
	}
}

// localNode returns the answer of crm_node, otherwise the node that has this host's name.
func localNode(reported, host string, nodes []crmmon.Node) string {
	if reported != "" {
		return reported
	}
	for _, n := range nodes {
		if n.Type == crmmon.NodeMember && host != "" && n.Name == nodeFor(host, nodes) {
			return n.Name
		}
	}
	return ""
}
