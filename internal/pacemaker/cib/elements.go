// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// AgentIPaddr2 is the agent of virtual IPs.
const AgentIPaddr2 = "ocf:heartbeat:IPaddr2"

// parseConfig returns the configuration of a CIB, and its properties.
func parseConfig(b []byte) (root, config *etree.Element, err error) {
	if root, err = xmldoc.Parse(b, "cib", "configuration"); err != nil {
		return nil, nil, err
	}
	if root.Tag == "cib" {
		if root = root.SelectElement("configuration"); root == nil {
			return nil, nil, errors.New("<cib> has no <configuration>")
		}
	}
	if config = root.SelectElement("crm_config"); config == nil {
		return nil, nil, errors.New("<configuration> has no <crm_config> or no <resources>")
	}
	return root, config, nil
}

// pairs returns the name and value of the nvpairs right below e; of two with one name the first counts.
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

// agentOf returns class:provider:type of a primitive or template, class:type if there is no provider.
func agentOf(e *etree.Element) string {
	parts := []string{e.SelectAttrValue("class", "")}
	if provider := e.SelectAttrValue("provider", ""); provider != "" {
		parts = append(parts, provider)
	}
	return strings.Join(append(parts, e.SelectAttrValue("type", "")), ":")
}

// engines run the containers of bundles.
var engines = []string{"podman", "docker", "rkt"}

// canonical returns the canonical text of an address, without prefix length.
func canonical(text string) (string, error) {
	bare, _, _ := strings.Cut(strings.TrimSpace(text), "/")
	addr, err := netip.ParseAddr(bare)
	if err != nil {
		return "", fmt.Errorf("is %q, expected an IPv4 or IPv6 address", excerpt.Of(text))
	}
	return addr.Unmap().String(), nil
}

// IsTrue reads a boolean as Pacemaker does: true, on, yes, y, 1, in any case.
func IsTrue(text string) bool {
	switch strings.ToLower(text) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}

// AgentGalera is the agent of Galera clusters.
const AgentGalera = "ocf:heartbeat:galera"

// Kinds of sets of name-value pairs.
const (
	instanceAttributes = "instance_attributes"
	metaAttributes     = "meta_attributes"
	propertySet        = "cluster_property_set"
)
