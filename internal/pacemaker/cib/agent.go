// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// Agent describes the galera resource for a restore.
type Agent struct {
	Resource string // the primitive
	// Parent is the outermost clone or bundle, by which it is stopped, started and banned.
	Parent string
	Bundle bool
	// Engine (podman, docker) and Image are those of a bundle's containers.
	Engine, Image string
	// Config, Datadir, User and Group are those of the agent; empty if its default applies.
	Config, Datadir, User, Group string
	// Members are the Pacemaker nodes that it runs on, as the agent knows them.
	Members []string
	// TargetRole is the parent's target-role; empty if it is not set.
	TargetRole string
	// Promote is the time limit of the agent's promotion, within which a controller copies the data of another one; 0
	// if it cannot be read.
	Promote time.Duration
	// Managed is false if the configuration of the primitive or of what is around it says so.
	Managed bool
}

// TargetRole is the meta attribute by which a resource is stopped and started.
const TargetRole = "target-role"

// ErrNoGalera reports that the cluster has no galera resource.
var ErrNoGalera = errors.New("the cluster's configuration has no resource ocf:heartbeat:galera")

// ParseAgent reads the galera resource of a CIB, or of its configuration; ErrNoGalera if there is none.
func ParseAgent(cib []byte) (Agent, error) {
	root, err := xmldoc.Parse(cib, "cib", "configuration")
	if err != nil {
		return Agent{}, err
	}
	refer := referTo(root)
	for _, e := range root.FindElements("//primitive") {
		if refer.agent(e) != AgentGalera {
			continue
		}
		outer := enclosing(e)
		galera, err := refer.galera(e, outer)
		if err != nil {
			return Agent{}, err
		}
		top := append(outer, e)[0]
		set := refer.settings(e, outer, instanceAttributes).is
		engine, image := containersOf(top)
		return Agent{
			Engine: engine, Image: image,
			Members:  members(galera, root),
			Managed:  galera.Managed,
			Promote:  refer.promoteLimit(e, root),
			Resource: galera.Resource, Parent: top.SelectAttrValue("id", ""), Bundle: top.Tag == "bundle",
			Config: set["config"], Datadir: set["datadir"], User: set["user"], Group: set["group"],
			TargetRole: refer.own(top, metaAttributes, "").is[TargetRole],
		}, nil
	}
	return Agent{}, ErrNoGalera
}

// defaultLimit is Pacemaker's for an operation whose timeout is not set; the timeout that the agent advises is not
// used.
const defaultLimit = "20s"

// promoteLimit reads <op name="promote" interval="0s" timeout="300s" on-fail="block"/>, otherwise the operations'
// default.
func (r *references) promoteLimit(primitive, cib *etree.Element) time.Duration {
	text := ""
	for _, op := range r.operations(primitive, "promote") {
		text = cmp.Or(op.SelectAttrValue("timeout", ""), r.own(op, metaAttributes, "").is["timeout"])
	}
	if defaults := cib.FindElement("//op_defaults"); text == "" && defaults != nil {
		text = r.own(defaults, metaAttributes, "").is["timeout"]
	}
	return duration(cmp.Or(text, defaultLimit))
}

// units are those of Pacemaker's times, in which a bare number means seconds.
var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "ms": time.Millisecond, "msec": time.Millisecond,
	"m": time.Minute, "min": time.Minute, "h": time.Hour, "hr": time.Hour,
}

// duration returns 0 for anything but a number with a unit.
func duration(text string) time.Duration {
	text = strings.TrimSpace(text)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * units[strings.TrimSpace(text[len(digits):])]
}

// containersOf returns the engine and the image of a bundle's containers.
//
//	<bundle id="galera-bundle"><podman image="cluster.common.tag/mariadb:pcmklatest" .../>
func containersOf(bundle *etree.Element) (engine, image string) {
	for _, engine := range engines {
		if e := bundle.SelectElement(engine); e != nil && bundle.Tag == "bundle" {
			return engine, e.SelectAttrValue("image", "")
		}
	}
	return "", ""
}

// members returns the Pacemaker nodes among which the agent looks for the newest data. Without a cluster_host_map the
// addresses of Galera are their names, or begin with them; the same applies if it uses the replicas of a bundle.
func members(galera *Galera, cib *etree.Element) (names []string) {
	unames := []string{}
	for _, node := range cib.FindElements("//nodes/node") {
		unames = append(unames, node.SelectAttrValue("uname", ""))
	}
	for _, name := range galera.Nodes {
		if galera.IsReplica(name) && !slices.Contains(unames, name) {
			name = galera.HostMap[name]
		}
		if first, _, _ := strings.Cut(name, "."); !slices.Contains(unames, name) && slices.Contains(unames, first) {
			name = first
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// enclosing returns the clones, groups and bundles around a primitive, outermost first.
func enclosing(e *etree.Element) (outer []*etree.Element) {
	for at := e.Parent(); at != nil && at.Tag != "resources"; at = at.Parent() {
		outer = append(outer, at)
	}
	slices.Reverse(outer)
	return outer
}

// ParseAddresses returns the addresses of the IPaddr2 resources in the XML of a configuration.
func ParseAddresses(configuration []byte) ([]string, error) {
	root, err := xmldoc.Parse(configuration, "configuration")
	if err != nil {
		return nil, err
	}
	return addressesIn(root)
}

// addressesIn leaves out resources without a readable address, unless there are no others.
func addressesIn(root *etree.Element) (addresses []string, err error) {
	refer := referTo(root)
	for _, e := range root.FindElements(".//primitive") {
		if refer.agent(e) != AgentIPaddr2 {
			continue
		}
		address, odd := refer.address(e, enclosing(e))
		switch {
		case odd == nil:
			addresses = append(addresses, address)
		case err == nil:
			err = fmt.Errorf("primitive %q: %w", excerpt.Of(e.SelectAttrValue("id", "")), odd)
		}
	}
	if len(addresses) > 0 {
		err = nil
	}
	return addresses, err
}
