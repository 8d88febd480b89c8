// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

// requiredPrivileges lists the privileges ON *.* without which a backup fails late or, worse, loses things silently: a
// dump without TRIGGER has no triggers and one without SELECT ON mysql.proc no routines, both with exit status 0;
// mariadb-backup --galera-info without BINLOG MONITOR fails after everything is read. PROCESS shows the sessions of
// others.
func requiredPrivileges(m tool.Method, desync bool) []string {
	list := []string{"RELOAD", "PROCESS", "BINLOG MONITOR"}
	if m == tool.Logical {
		list = []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "PROCESS"}
	}
	if desync {
		list = append(list, "SUPER")
	}
	return list
}

// privilegesMissing returns the error for missing privileges, with the statement that grants them.
func (j *Job) privilegesMissing(c *mariadb.Client, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(namesFor(j.server, missing), ", ")
	return fmt.Errorf("the database account %q lacks %s: GRANT %s ON *.* TO it", c.Reached().User, list, list)
}

// namesFor returns privileges as a server calls them: BINLOG MONITOR was REPLICATION CLIENT before 10.5.
func namesFor(s galera.Server, privileges []string) []string {
	names := slices.Clone(privileges)
	if i := slices.Index(names, "BINLOG MONITOR"); i >= 0 && tool.Older(s, 10, 5) {
		names[i] = "REPLICATION CLIENT"
	}
	return names
}
