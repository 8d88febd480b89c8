// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// Configuration is the configuration of a CIB: what operators write, without status, without our locks.
type Configuration struct{ root *etree.Element }

// ParseConfiguration reads a complete CIB or only its configuration.
func ParseConfiguration(cib []byte) (Configuration, error) {
	root, err := xmldoc.Parse(cib, "cib", "configuration")
	if err != nil {
		return Configuration{}, err
	}
	if root.Tag == "cib" {
		if root = root.SelectElement("configuration"); root == nil {
			return Configuration{}, errors.New("the CIB has no configuration")
		}
	}
	root = root.Copy()
	for _, set := range root.FindElements("crm_config/cluster_property_set") {
		if strings.HasPrefix(set.SelectAttrValue("id", ""), LockPrefix) {
			set.Parent().RemoveChild(set)
		}
	}
	return Configuration{root}, nil
}

// Equal compares all of it, including secrets. The order in which Pacemaker keeps things counts.
func (c Configuration) Equal(other Configuration) (bool, error) {
	a, err := write(c.root)
	if err != nil {
		return false, err
	}
	b, err := write(other.root)
	return a == b, err
}

// OfAnother says how a configuration differs from the live one such that it belongs to another cluster: its nodes, or
// its virtual IPs if the live one has any. Empty if it does not.
func (c Configuration) OfAnother(live Configuration) (string, error) {
	if theirs, ours := c.nodes(), live.nodes(); !slices.Equal(theirs, ours) {
		return fmt.Sprintf("the nodes %s, and this one has %s", excerpt.UpTo(500, strings.Join(theirs, ", ")),
			excerpt.UpTo(500, strings.Join(ours, ", "))), nil
	}
	theirs, err := addressesIn(c.root)
	if err != nil {
		return "", err
	}
	ours, err := addressesIn(live.root)
	if err != nil || len(ours) == 0 {
		return "", err
	}
	slices.Sort(theirs)
	slices.Sort(ours)
	if !slices.Equal(theirs, ours) {
		return fmt.Sprintf("the virtual IPs %s, and this one has %s", excerpt.UpTo(500, strings.Join(theirs, ", ")),
			excerpt.UpTo(500, strings.Join(ours, ", "))), nil
	}
	return "", nil
}

// XML returns the configuration as text, indented, including secrets.
func (c Configuration) XML() (string, error) { return write(c.root) }

func (c Configuration) nodes() (names []string) {
	for _, node := range c.root.FindElements("nodes/node") {
		names = append(names, node.SelectAttrValue("uname", ""))
	}
	slices.Sort(names)
	return names
}

func write(e *etree.Element) (string, error) {
	doc := etree.NewDocument()
	doc.SetRoot(e.Copy())
	doc.Indent(2)
	return doc.WriteToString()
}
