// SPDX-License-Identifier: GPL-3.0-or-later

// Package topology joins the reports of the hosts of an inventory into clusters: which hosts belong together, which of
// them run the database, their names in Pacemaker, HAProxy and Galera, and which members of a cluster did not answer.
// It is pure. An ambiguous name is a conflict, never a guess.
package topology

import (
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// Host is one host of the inventory with what was read of it.
type Host struct {
	// Name is the inventory's name for it: a short name, an FQDN, an alias or an address.
	Name string
	// Unreachable says that Ansible could not reach it; its facts, if there are any, are ignored.
	Unreachable bool
	// A document that was not gathered is nil.
	Galera    *galera.Facts
	Pacemaker *pacemaker.Facts
	HAProxy   *haproxy.Facts
	// Errors are documents that were given and could not be understood.
	Errors []reading.Error
}
