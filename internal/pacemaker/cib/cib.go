// SPDX-License-Identifier: GPL-3.0-or-later

// Package cib reads the configuration of a cluster: properties, the galera resource, addresses and the locks of
// backups, with templates and references as Pacemaker 1.1 to 3.0 follows them. It compares configurations and hides
// what may be a secret.
package cib

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// CIB is the content of the cluster's configuration.
type CIB struct {
	Properties map[string]string // crm_config without locks, as Pacemaker reads it
	Locks      []Lock
	Galera     *Galera           // nil when no galera resource is configured; Nodes is as configured
	Addresses  map[string]string // IPaddr2 resource to its address, canonical text
	// PromotedMax is how many instances of a promotable clone or bundle may be promoted, by its id.
	PromotedMax map[string]int
	// Odd describes what was left out, by resource: no address in Addresses, no number in PromotedMax.
	Odd map[string]string

	refer *references
}

// bootstrapOptions is the set of properties that takes precedence in Pacemaker.
const bootstrapOptions = "cib-bootstrap-options"

// Parse reads the XML of `cibadmin --query` (root cib) or of its scope configuration (root configuration). Errors name
// the element that is wrong; no password that the CIB may contain is kept or printed. Odd parts of other resources than
// galera are left out, and named in Odd.
func Parse(b []byte) (*CIB, error) {
	root, config, err := parseConfig(b)
	if err != nil {
		return nil, err
	}
	resources := root.SelectElement("resources")
	if resources == nil {
		return nil, errors.New("<configuration> has no <crm_config> or no <resources>")
	}
	c := &CIB{Addresses: map[string]string{}, PromotedMax: map[string]int{}, Odd: map[string]string{}}
	c.refer = referTo(root)
	if c.Locks, err = readLocks(config); err != nil {
		return nil, err
	}
	if err := c.readProperties(config); err != nil {
		return nil, err
	}
	if err := c.readPrimitives(resources, nil); err != nil {
		return nil, err
	}
	return c, nil
}

// stopping are the properties with which Pacemaker leaves all resources alone, or stops them.
var stopping = []string{"maintenance-mode", "stop-all-resources"}

// readProperties reads the properties. One that a rule may set is left out, but those that stop everything count.
func (c *CIB) readProperties(config *etree.Element) error {
	found := c.refer.own(config, propertySet, bootstrapOptions)
	if errors.Is(found.err, errManyPairs) {
		return found.err
	}
	c.Properties = found.is
	for name := range found.is {
		if strings.HasPrefix(name, lockPairs) {
			delete(found.is, name)
		}
	}
	for name := range found.ruled {
		if _, err := found.certain(name); err != nil {
			delete(found.is, name)
			c.leaveOut("property "+name, err)
		}
	}
	for _, name := range stopping {
		if found.any(name, IsTrue) && len(found.ruled[name]) > 0 {
			found.is[name] = "true"
		}
	}
	if found.err != nil {
		c.leaveOut("crm_config", found.err)
	}
	return nil
}

// maxLeftOut limits the descriptions of a CIB in which everything is odd.
const maxLeftOut = 20

func (c *CIB) leaveOut(what string, err error) {
	if len(c.Odd) < maxLeftOut {
		c.Odd[what] = err.Error()
	}
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
	if _, err := c.refer.definition(e); err != nil {
		c.leaveOut(id, err)
		return nil
	}
	switch c.refer.agent(e) {
	case AgentIPaddr2:
		address, err := c.refer.address(e, outer)
		if errors.Is(err, errManyPairs) {
			return err
		}
		if err != nil {
			c.leaveOut(id, err)
			return nil
		}
		c.Addresses[id] = address
	case AgentGalera:
		if c.Galera != nil {
			return fmt.Errorf("two galera resources, %q and %q: expected one a cluster", excerpt.Of(c.Galera.Resource),
				excerpt.Of(id))
		}
		g, err := c.refer.galera(e, outer)
		if err != nil {
			return fmt.Errorf("primitive %q: %w", excerpt.Of(id), err)
		}
		g.PromotedMax = c.PromotedMax[g.Parent]
		c.Galera = g
	}
	return nil
}

// address returns the address of an IPaddr2.
func (r *references) address(e *etree.Element, outer []*etree.Element) (string, error) {
	set := r.settings(e, outer, instanceAttributes)
	if set.err != nil {
		return "", set.err
	}
	text, err := set.certain("ip")
	if err != nil {
		return "", err
	}
	address, err := canonical(text)
	if err != nil {
		return "", fmt.Errorf("ip %w", err)
	}
	return address, nil
}

// readPromotedMax reads promoted-max, master-max before 2.0; of a bundle it is an attribute of the container element,
// masters in 1.1. Pacemaker's default for a promotable clone is 1, but here an unset value stays unset.
func (c *CIB) readPromotedMax(e *etree.Element) error {
	meta := c.refer.own(e, metaAttributes, "")
	if errors.Is(meta.err, errManyPairs) {
		return meta.err
	}
	id := e.SelectAttrValue("id", "")
	candidates := []string{}
	for _, name := range []string{"promoted-max", "master-max"} {
		text, err := meta.certain(name)
		if err != nil {
			c.leaveOut(id, err)
			return nil
		}
		candidates = append(candidates, text)
	}
	for _, engine := range engines {
		if container := e.SelectElement(engine); container != nil {
			candidates = append(candidates, container.SelectAttrValue("promoted-max", ""),
				container.SelectAttrValue("masters", ""))
		}
	}
	text := cmp.Or(candidates...)
	if text == "" {
		return nil
	}
	n := score(strings.TrimSpace(text))
	if n < 0 || n == 0 && strings.Trim(text, "0 ") != "" {
		c.leaveOut(id, fmt.Errorf("promoted-max is %q, expected a number", excerpt.Of(text)))
		return nil
	}
	c.PromotedMax[id] = n
	return nil
}
