// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"net"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// parseGalera reads the primitive of ocf:heartbeat:galera; outer are the collectives around it, outermost first.
// Its check_passwd is not read.
func parseGalera(e *etree.Element, outer []*etree.Element) (*Galera, error) {
	set := settings(e, "instance_attributes")
	hosts, err := parseHostMap(set["cluster_host_map"])
	if err != nil {
		return nil, err
	}
	g := &Galera{
		Resource: e.SelectAttrValue("id", ""), ClusterAddress: parseClusterAddress(set["wsrep_cluster_address"]),
		HostMap: hosts.names, Managed: managed(e), CheckUser: set["check_user"], Socket: set["socket"], Datadir: set["datadir"],
	}
	g.Nodes = append([]string{}, hosts.order...)
	if len(g.Nodes) == 0 {
		g.Nodes = append(g.Nodes, g.ClusterAddress...)
	}
	for i, c := range outer {
		if i == 0 {
			g.Parent = c.SelectAttrValue("id", "")
		}
		g.Managed = g.Managed && managed(c)
	}
	return g, nil
}

// managed is what the configuration of one resource says: is-managed=false and maintenance=true both take it away.
func managed(e *etree.Element) bool {
	meta := settings(e, "meta_attributes")
	text, set := meta["is-managed"]
	return (!set || isTrue(text)) && !isTrue(meta["maintenance"])
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
			return m, fmt.Errorf("cluster_host_map: node %q stands twice", excerpt.Of(node))
		}
		m.names[node] = name
		m.order = append(m.order, node)
	}
	return m, nil
}
