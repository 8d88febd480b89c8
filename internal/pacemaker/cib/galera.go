// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// galera reads the primitive of ocf:heartbeat:galera; outer are the collectives around it, outermost first. Its
// check_passwd is not read.
func (r *references) galera(e *etree.Element, outer []*etree.Element) (*Galera, error) {
	set := r.settings(e, outer, instanceAttributes)
	err := set.err
	text := func(name string) string {
		value, unsure := set.certain(name)
		err = errors.Join(err, unsure)
		return value
	}
	hosts, wrong := parseHostMap(text("cluster_host_map"))
	g := &Galera{
		Resource: e.SelectAttrValue("id", ""), ClusterAddress: parseClusterAddress(text("wsrep_cluster_address")),
		HostMap: hosts.names, Managed: r.managed(e, outer),
		CheckUser: text("check_user"), Socket: text("socket"), Datadir: text("datadir"),
	}
	if err = errors.Join(err, wrong); err != nil {
		return nil, excerpt.Join(err)
	}
	g.Nodes = append([]string{}, hosts.order...)
	if len(g.Nodes) == 0 {
		g.Nodes = append(g.Nodes, g.ClusterAddress...)
	}
	if len(outer) > 0 {
		g.Parent = outer[0].SelectAttrValue("id", "")
	}
	return g, nil
}

// managed returns what the configuration says about one resource: is-managed=false and maintenance=true both make it
// unmanaged. Its own setting takes precedence over that of what is around it, and this over the cluster's defaults. A
// bundle's containers are resources of their own. A rule that may make it unmanaged counts.
func (r *references) managed(e *etree.Element, outer []*etree.Element) bool {
	unmanaged := func(text string) bool { return text != "default" && !IsTrue(text) }
	meta := r.settings(e, outer, metaAttributes)
	if meta.err != nil || meta.any("is-managed", unmanaged) || meta.any("maintenance", IsTrue) {
		return false
	}
	for i, around := range outer {
		if around.Tag == "bundle" && !r.managed(around, outer[:i]) {
			return false
		}
	}
	return true
}

// IsReplica reports whether a name of HostMap is that of a bundle's replica, which is a guest node: galera-bundle-0,
// and not one of the cluster's own nodes.
func (g *Galera) IsReplica(name string) bool {
	number, ok := strings.CutPrefix(name, g.Parent+"-")
	return ok && g.Parent != "" && g.HostMap[name] != "" && number != "" && strings.Trim(number, "0123456789") == ""
}

// parseClusterAddress splits gcomm://a,b:4567,[fd00::1]:4567?options into a, b and fd00::1.
func parseClusterAddress(text string) []string {
	members := []string{}
	text = strings.TrimPrefix(strings.TrimSpace(text), "gcomm://")
	text, _, _ = strings.Cut(text, "?")
	for _, member := range strings.Split(text, ",") {
		member = strings.TrimSpace(member)
		if host, _, err := net.SplitHostPort(member); err == nil {
			member = host
		}
		if member = strings.Trim(member, "[]"); member != "" {
			members = append(members, member)
		}
	}
	return members
}

type hostMap struct {
	names map[string]string
	order []string
}

// parseHostMap reads cluster_host_map: controller-0:controller-0.internalapi.localdomain;controller-1:...
func parseHostMap(text string) (hostMap, error) {
	m := hostMap{names: map[string]string{}}
	for _, entry := range strings.Split(text, ";") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		node, name, ok := strings.Cut(entry, ":")
		if node, name = strings.TrimSpace(node), strings.TrimSpace(name); !ok || node == "" || name == "" {
			return m, fmt.Errorf("cluster_host_map: %q, expected node:name", excerpt.Of(entry))
		}
		if _, twice := m.names[node]; twice {
			return m, fmt.Errorf("cluster_host_map: node %q is listed twice", excerpt.Of(node))
		}
		m.names[node] = name
		m.order = append(m.order, node)
	}
	return m, nil
}

// Galera is the galera resource's configuration.
type Galera struct {
	Resource string `json:"resource"` // the primitive
	Parent   string `json:"parent"`   // galera-master, galera-bundle
	// ClusterAddress lists the members of wsrep_cluster_address, without gcomm://.
	ClusterAddress []string `json:"cluster_address"`
	// HostMap is cluster_host_map: Pacemaker node to Galera name; empty if it is not set.
	HostMap map[string]string `json:"cluster_host_map"`
	// Nodes lists the nodes that run it or should: the members of HostMap, otherwise those of ClusterAddress, otherwise
	// where it is placed.
	Nodes []string `json:"nodes"`
	// PromotedMax is promoted-max or master-max, 0 if it is not set.
	PromotedMax int `json:"promoted_max"`
	// Managed is false if the resource or its parent is unmanaged; that of a single instance is in its Resource.
	Managed   bool   `json:"managed"`
	CheckUser string `json:"check_user"`
	Socket    string `json:"socket"`
	Datadir   string `json:"datadir"`
}
