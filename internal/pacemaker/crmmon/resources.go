// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// Kinds of Resource.ParentKind.
const (
	KindClone      = "clone"
	KindPromotable = "promotable"
	KindGroup      = "group"
	KindBundle     = "bundle"
)

// collective is the outermost clone, group or bundle around a primitive; the zero value is none.
type collective struct {
	id, kind    string
	managed     bool
	maintenance bool
}

func (s *Status) readResources(root *etree.Element) error {
	for _, section := range root.SelectElements("resources") {
		for _, e := range section.ChildElements() {
			found, err := parseResource(e, collective{managed: true})
			if err != nil {
				return err
			}
			s.Resources = append(s.Resources, found...)
		}
	}
	s.placeGuests()
	s.markSingletons()
	return nil
}

// parseResource reads a primitive or a collective into its instances.
func parseResource(e *etree.Element, in collective) ([]Resource, error) {
	switch e.Tag {
	case "resource":
		return parsePrimitive(e, in)
	case "clone", "group":
		inner, err := in.enter(e)
		if err != nil {
			return nil, err
		}
		return parseMembers(e, inner)
	case "bundle":
		inner, err := in.enter(e)
		if err != nil {
			return nil, err
		}
		return parseBundle(e, inner)
	}
	return nil, fmt.Errorf("<%s> among the resources is not known", excerpt.Of(e.Tag))
}

// enter returns the collective that applies to the content of e: the outermost stays. Members of a clone or group have
// flags of their own, which take precedence over those around them and are printed with them; a bundle's are of its
// containers, too.
func (c collective) enter(e *etree.Element) (collective, error) {
	a := xmldoc.Attributes{Of: e}
	id := a.Text("id")
	managed, maintenance := a.OptionalFlag("managed", true), a.OptionalFlag("maintenance", false)
	if e.Tag == "bundle" {
		c.managed, c.maintenance = managed && c.managed, maintenance || c.maintenance
	}
	promotable := a.OptionalFlag("multi_state", false)
	if c.id == "" {
		c.id, c.kind = id, e.Tag
		if promotable {
			c.kind = KindPromotable
		}
	}
	return c, a.Err
}

func parseMembers(e *etree.Element, in collective) ([]Resource, error) {
	var all []Resource
	for _, member := range e.ChildElements() {
		found, err := parseResource(member, in)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func parseBundle(e *etree.Element, in collective) ([]Resource, error) {
	var all []Resource
	for _, replica := range e.SelectElements("replica") {
		members, err := parseMembers(replica, in)
		if err != nil {
			return nil, fmt.Errorf("bundle %q: %w", excerpt.Of(in.id), err)
		}
		placeReplica(members)
		all = append(all, members...)
	}
	return all, nil
}

// placeReplica moves what runs inside of a replica to the host of its container. A replica lists, in 1.1 and 2.x,
//
//	galera                   on the guest node galera-bundle-0
//	galera-bundle-podman-0   on the real node
//	galera-bundle-0          the connection to the guest (ocf:pacemaker:remote), on a real node
func placeReplica(members []Resource) {
	var container Resource
	for _, r := range members {
		if IsContainer(r.Agent) {
			container = r
		}
	}
	for i := range members {
		r := &members[i]
		r.Container = container.ID
		if isInside(*r) && r.Node != "" && r.Node != container.Node {
			r.Guest, r.Node = r.Node, container.Node
		}
	}
}

// IsContainer reports whether an agent runs containers.
func IsContainer(agent string) bool {
	return agent == "ocf:heartbeat:podman" || agent == "ocf:heartbeat:docker" || agent == "ocf:heartbeat:rkt"
}

// isInside reports whether a replica's member is the service itself and not what carries it.
func isInside(r Resource) bool {
	return !IsContainer(r.Agent) && r.Agent != "ocf:pacemaker:remote" && r.Agent != cib.AgentIPaddr2
}

// parsePrimitive reads one <resource>. It runs on one node, or on none; if it runs on several (which is a failure of
// the cluster), it is one entry per node.
func parsePrimitive(e *etree.Element, in collective) ([]Resource, error) {
	a := xmldoc.Attributes{Of: e}
	r := Resource{
		ID: a.Text("id"), Agent: strings.Replace(a.Text("resource_agent"), "::", ":", 1),
		Role: ParseRole(a.Text("role")), Target: ParseRole(a.Optional("target_role")),
		Parent: in.id, ParentKind: in.kind,
		Active: a.Flag("active"), Managed: a.Flag("managed") && in.managed, Failed: a.Flag("failed"),
		// removed is the word of 3.0 for orphaned; blocked came with 1.1.13.
		Orphaned: a.OptionalFlag("orphaned", false) || a.OptionalFlag("removed", false),
		Blocked:  a.OptionalFlag("blocked", false), FailureIgnored: a.OptionalFlag("failure_ignored", false),
		Maintenance: a.OptionalFlag("maintenance", false) || in.maintenance, Pending: a.Optional("pending"),
	}
	if in.kind == KindPromotable && r.Role == RoleStarted {
		r.Role = RoleUnpromoted // before 1.1.12 a slave was printed as Started
	}
	nodes := e.SelectElements("node")
	all := make([]Resource, 0, 1)
	for _, n := range nodes {
		on := xmldoc.Attributes{Of: n}
		r.Node = on.Text("name")
		if on.Err != nil {
			return nil, on.Err
		}
		all = append(all, r)
	}
	if len(nodes) == 0 {
		all = append(all, r)
	}
	return all, a.Err
}

// placeGuests sets the hosts of guest nodes, and moves what runs on them there.
func (s *Status) placeGuests() {
	on := map[string]string{}
	for _, r := range s.Resources {
		if r.Active {
			on[r.ID] = r.Node
		}
	}
	host := map[string]string{}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Type == NodeGuest {
			n.ContainerOn = on[n.ContainerID]
			host[n.Name] = n.ContainerOn
		}
	}
	for i := range s.Resources {
		r := &s.Resources[i]
		if real, guest := host[r.Node]; guest {
			r.Guest, r.Node = r.Node, real
		}
	}
}

// markSingletons finds what the cluster runs once. Of a promotable resource that is the promoted instance if there is
// no other; of a bundle with one replica the service, or the container if nothing is managed inside.
func (s *Status) markSingletons() {
	promoted := map[string]int{}
	replicas := map[string]map[string]bool{}
	inside := map[string]bool{}
	for _, r := range s.Resources {
		if r.Role == RolePromoted {
			promoted[r.Parent]++
		}
		if r.ParentKind == KindBundle {
			if replicas[r.Parent] == nil {
				replicas[r.Parent] = map[string]bool{}
			}
			replicas[r.Parent][r.Container] = true
			inside[r.Parent] = inside[r.Parent] || isInside(r)
		}
	}
	for i := range s.Resources {
		r := &s.Resources[i]
		switch {
		case r.Role == RolePromoted:
			r.Singleton = promoted[r.Parent] == 1
		case r.ParentKind == KindBundle:
			r.Singleton = len(replicas[r.Parent]) == 1 && isInside(*r) == inside[r.Parent] &&
				(isInside(*r) || IsContainer(r.Agent))
		default:
			r.Singleton = r.ParentKind == "" || r.ParentKind == KindGroup
		}
	}
}
