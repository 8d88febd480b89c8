// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
)

// DatabaseDown reports that a server which did not answer does not run, rather than being out of our reach.
func (c *Cluster) DatabaseDown(m *Member) bool {
	g := m.Database()
	if !g.Present || g.Grastate != nil && g.Grastate.Seqno >= 0 { // a running server has -1 in it
		return true
	}
	if rs := c.View.GaleraOn(m.Node); c.View.ManagesGalera() {
		return !slices.ContainsFunc(rs, func(r crmmon.Resource) bool {
			return r.Active &&
				r.Role != crmmon.RoleStarting
		})
	}
	return len(g.Errors) == 0
}

// MissingDocument says why a host has no such facts.
func MissingDocument(m *Member, name string) string {
	for _, e := range m.Host.Errors {
		if e.Source == name {
			return fmt.Sprintf("%s_facts cannot be used: %s", name, e.Message)
		}
	}
	return fmt.Sprintf("%s_facts were not gathered on %s", name, m.Name)
}

// FirstError returns the first error of a document, in brackets; empty if there is none.
func FirstError(h reading.Header) string {
	if len(h.Errors) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s: %s)", h.Errors[0].Source, h.Errors[0].Message)
}
