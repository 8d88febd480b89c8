// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

const agentIPaddr2 = "ocf:heartbeat:IPaddr2"

// CIB is what the cluster's configuration says.
type CIB struct {
	Properties map[string]string // crm_config without locks; the first of two sets with one name wins
	Locks      []Lock
	Galera     *Galera           // nil when no galera resource is configured; Nodes is as configured
	Addresses  map[string]string // IPaddr2 resource to its address, canonical text
	// PromotedMax is how many instances of a promotable clone or bundle may be promoted, by its id.
	PromotedMax map[string]int
}

// ParseCIB reads the XML of `cibadmin --query` (root cib) or of its scope configuration (root configuration).
// Errors name the element that is wrong; no password that the CIB may hold is kept or printed.
func ParseCIB(b []byte) (*CIB, error) {
	root, err := document(b, "cib", "configuration")
	if err != nil {
		return nil, err
	}
	if root.Tag == "cib" {
		if root = root.SelectElement("configuration"); root == nil {
			return nil, errors.New("<cib> has no <configuration>")
		}
	}
	config, resources := root.SelectElement("crm_config"), root.SelectElement("resources")
	if config == nil || resources == nil {
		return nil, errors.New("<configuration> has no <crm_config> or no <resources>")
	}
	c := &CIB{Properties: map[string]string{}, Addresses: map[string]string{}, PromotedMax: map[string]int{}}
	if err := c.readProperties(config); err != nil {
		return nil, err
	}
	if err := c.readPrimitives(resources, nil); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *CIB) readProperties(config *etree.Element) error {
	for _, set := range config.SelectElements("cluster_property_set") {
		id := set.SelectAttrValue("id", "")
		values := pairs(set)
		if cluster, ok := strings.CutPrefix(id, LockPrefix); ok {
			lock, err := parseLock(cluster, values)
			if err != nil {
				return fmt.Errorf("lock %q: %w", excerpt.Of(id), err)
			}
			c.Locks = append(c.Locks, lock)
			continue
		}
		for name, value := range values {
			if _, has := c.Properties[name]; !has {
				c.Properties[name] = value
			}
		}
	}
	return nil
}

// pairs are the name and value of the nvpairs right below e; the first of two with one name wins.
func pairs(e *etree.Element) map[string]string {
	values := map[string]string{}
	for _, p := range e.SelectElements("nvpair") {
		name := p.SelectAttrValue("name", "")
		if _, has := values[name]; !has && name != "" {
			values[name] = p.SelectAttrValue("value", "")
		}
	}
	return values
}

// settings are the nvpairs of all sets of one kind: instance_attributes or meta_attributes.
func settings(e *etree.Element, kind string) map[string]string {
	values := map[string]string{}
	for _, set := range e.SelectElements(kind) {
		for name, value := range pairs(set) {
			if _, has := values[name]; !has {
				values[name] = value
			}
		}
	}
	return values
}

// readPrimitives walks resources, groups, clones, masters (1.1) and bundles; outer lists the collectives around e.
func (c *CIB) readPrimitives(e *etree.Element, outer []*etree.Element) error {
	for _, child := range e.ChildElements() {
		var err error
		switch child.Tag {
		case "primitive":
			err = c.readPrimitive(child, outer)
		case "group", "clone", "master", "bundle":
			inside := append(outer[:len(outer):len(outer)], child)
			if err = c.readPromotedMax(child); err == nil {
				err = c.readPrimitives(child, inside)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *CIB) readPrimitive(e *etree.Element, outer []*etree.Element) error {
	id := e.SelectAttrValue("id", "")
	switch agentOf(e) {
	case agentIPaddr2:
		address, err := canonical(settings(e, "instance_attributes")["ip"])
		if err != nil {
			return fmt.Errorf("primitive %q: ip %w", excerpt.Of(id), err)
		}
		c.Addresses[id] = address
	case agentGalera:
		if c.Galera != nil {
			return fmt.Errorf("two galera resources, %q and %q: expected one a cluster", excerpt.Of(c.Galera.Resource),
				excerpt.Of(id))
		}
		g, err := parseGalera(e, outer)
		if err != nil {
			return fmt.Errorf("primitive %q: %w", excerpt.Of(id), err)
		}
		g.PromotedMax = c.PromotedMax[g.Parent]
		c.Galera = g
	}
	return nil
}

// agentOf is class:provider:type of a primitive, class:type where there is no provider.
func agentOf(e *etree.Element) string {
	parts := []string{e.SelectAttrValue("class", "")}
	if provider := e.SelectAttrValue("provider", ""); provider != "" {
		parts = append(parts, provider)
	}
	return strings.Join(append(parts, e.SelectAttrValue("type", "")), ":")
}

// engines make the containers of bundles.
var engines = []string{"podman", "docker", "rkt"}

// readPromotedMax reads promoted-max, master-max before 2.0; of a bundle it is an attribute of the container element,
// masters in 1.1. Pacemaker's default for a promotable clone is 1, but here what is not set stays unset.
func (c *CIB) readPromotedMax(e *etree.Element) error {
	meta := settings(e, "meta_attributes")
	candidates := []string{meta["promoted-max"], meta["master-max"]}
	for _, engine := range engines {
		if container := e.SelectElement(engine); container != nil {
			candidates = append(candidates, container.SelectAttrValue("promoted-max", ""), container.SelectAttrValue("masters", ""))
		}
	}
	for _, text := range candidates {
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%s %q: promoted-max is %q, expected a number", e.Tag, excerpt.Of(e.SelectAttrValue("id", "")),
				excerpt.Of(text))
		}
		c.PromotedMax[e.SelectAttrValue("id", "")] = n
		return nil
	}
	return nil
}

// canonical is an address in its one text form, without prefix length.
func canonical(text string) (string, error) {
	bare, _, _ := strings.Cut(strings.TrimSpace(text), "/")
	addr, err := netip.ParseAddr(bare)
	if err != nil {
		return "", fmt.Errorf("is %q, expected an IPv4 or IPv6 address", excerpt.Of(text))
	}
	return addr.Unmap().String(), nil
}

// isTrue reads a boolean as Pacemaker does: true, on, yes, y, 1, in any case.
func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}
