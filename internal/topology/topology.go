// SPDX-License-Identifier: GPL-3.0-or-later

// Package topology joins what the hosts of an inventory reported into clusters: which hosts belong together, which of
// them run the database, what Pacemaker, HAProxy and Galera call each, and who of a cluster was not heard. It is pure.
// A name that could mean two hosts is a conflict, never a guess.
package topology

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// Host is one host of the inventory with what was read of it.
type Host struct {
	// Name is the inventory's name for it: a short name, an FQDN, an alias or an address.
	Name string
	// Unreachable says that Ansible could not reach it; facts that are there anyway are not looked at.
	Unreachable bool
	// A document that was not gathered is nil.
	Galera    *galera.Facts
	Pacemaker *pacemaker.Facts
	HAProxy   *haproxy.Facts
	// Errors are documents that were given and could not be understood.
	Errors []reading.Error
}

// Members puts the hosts in the order of their names, so that nothing after depends on the caller's order.
func Members(hosts []Host, now, maxAge float64) ([]*Member, error) {
	members := make([]*Member, 0, len(hosts))
	for _, h := range hosts {
		if h.Name == "" {
			return nil, errors.New("facts: a host has no name; give the inventory's")
		}
		members = append(members, newMember(h, now, maxAge))
	}
	slices.SortFunc(members, func(a, b *Member) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(members); i++ {
		if members[i].Name == members[i-1].Name {
			return nil, fmt.Errorf("facts: host %q is given twice; give each host of the inventory once", members[i].Name)
		}
	}
	return members, nil
}
