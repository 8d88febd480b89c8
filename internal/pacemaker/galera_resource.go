// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker/crmmon"
)

// IsGalera reports whether an instance belongs to the galera resource, by its agent or by the configuration. Without
// facts nothing is known from the configuration.
func (p *Facts) IsGalera(r crmmon.Resource) bool {
	return strings.HasSuffix(r.Agent, ":galera") || p != nil && p.Galera != nil && p.Galera.Resource != "" &&
		r.ID == p.Galera.Resource
}

// ManagesGalera reports whether Pacemaker has a galera resource, by its configuration or in crm_mon's list.
func (p *Facts) ManagesGalera() bool {
	return p != nil && (p.Galera != nil || slices.ContainsFunc(p.Resources, p.IsGalera))
}

// GaleraOn returns the instances of the galera resource on a node.
func (p *Facts) GaleraOn(node string) (found []crmmon.Resource) {
	if p == nil || node == "" {
		return nil
	}
	for _, r := range p.Resources {
		if strings.EqualFold(strings.TrimSpace(r.Node), strings.TrimSpace(node)) && p.IsGalera(r) {
			found = append(found, r)
		}
	}
	return found
}

// GaleraNames returns the names under which constraints and failures know the galera resource.
func (p *Facts) GaleraNames() map[string]bool {
	names := map[string]bool{}
	if p == nil {
		return names
	}
	if g := p.Galera; g != nil {
		names[g.Resource], names[g.Parent] = true, true
	}
	for _, r := range p.Resources {
		if p.IsGalera(r) {
			names[r.ID], names[r.Parent] = true, true
		}
	}
	delete(names, "")
	return names
}

// IsProxy recognizes HAProxy's resource by its agent (systemd:haproxy, ocf:heartbeat:haproxy), or as TripleO's
// haproxy-bundle.
func IsProxy(id, parent, agent string) bool {
	return strings.HasSuffix(agent, ":haproxy") || id == "haproxy" || parent == "haproxy-bundle"
}
