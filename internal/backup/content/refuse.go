// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"strings"
)

// refuseEvents refuses events that the tool never dumps, or dumps wrongly.
func refuseEvents(events []string) error {
	if len(events) == 0 {
		return nil
	}
	return fmt.Errorf("mariadb-dump cannot dump the events %q: two semicolons in a row in an event make it loop "+
		"forever, and quotes or backslashes in "+
		"the schema's name make it fail; change or drop them, or take a physical backup", events)
}

// refuseNonTransactional refuses tables that a dump's snapshot does not cover: they change while it reads them, and
// Galera does not replicate them.
func refuseNonTransactional(tables []string, warn bool) (warning string, err error) {
	if len(tables) == 0 {
		return "", nil
	}
	names := strings.Join(tables, ", ")
	if warn {
		return "not in the dump's snapshot, because they are not InnoDB: " + names, nil
	}
	return "", fmt.Errorf("tables are not InnoDB and would not be consistent in a dump: %s; "+
		"convert them, take a physical backup, or set non_transactional to warn", names)
}
