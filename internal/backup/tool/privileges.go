// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"slices"

	"overcloud.backup/internal/galera"
)

// Privileges lists the privileges ON *.* without which a backup fails late or, worse, loses things silently: a dump
// without TRIGGER has no triggers and one without SELECT ON mysql.proc no routines, both with exit status 0;
// mariadb-backup --galera-info without BINLOG MONITOR fails after everything is read. PROCESS shows the sessions of
// others.
func Privileges(m Method, desync bool) []string {
	list := []string{"RELOAD", "PROCESS", "BINLOG MONITOR"}
	if m == Logical {
		list = []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "PROCESS"}
	}
	if desync {
		list = append(list, "SUPER")
	}
	return list
}

// PrivilegeNames returns privileges as a server calls them: BINLOG MONITOR was REPLICATION CLIENT before 10.5.
func PrivilegeNames(s galera.Server, privileges []string) []string {
	names := slices.Clone(privileges)
	if i := slices.Index(names, "BINLOG MONITOR"); i >= 0 && Older(s, 10, 5) {
		names[i] = "REPLICATION CLIENT"
	}
	return names
}
