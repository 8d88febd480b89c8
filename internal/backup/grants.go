// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"fmt"
	"strings"
)

// wanted lists the privileges ON *.* without which a backup fails late or, worse, loses things in silence: a dump
// without TRIGGER has no triggers and one without SELECT ON mysql.proc no routines, both with exit status 0;
// mariadb-backup --galera-info without BINLOG MONITOR fails after all is read. PROCESS shows other sessions.
func wanted(m Method, desync bool) []string {
	list := []string{"RELOAD", "PROCESS", "BINLOG MONITOR"}
	if m == Logical {
		list = []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "PROCESS"}
	}
	if desync {
		list = append(list, "SUPER")
	}
	return list
}

// describing are the privileges to describe a physical set: users as statements, fingerprint, counts. The set itself
// is whole without them.
var describing = []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"}

// lacks is the error for missing privileges, with the statement that helps.
func lacks(user string, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(missing, ", ")
	return fmt.Errorf("the database account %q lacks %s: GRANT %s ON *.* TO it", user, list, list)
}
