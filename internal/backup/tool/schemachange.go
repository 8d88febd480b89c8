// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"regexp"
	"strconv"
)

// Galera applies a statement that changes the schema on every node at the same time, and ends what is in its way there,
// a dump or a backup lock included. Error numbers of a tool whose reading was ended like that, or that no longer found
// what it had listed:
var schemaChanged = map[int]string{
	1049: "a schema" + IsGone, 1051: "a table" + IsGone, 1146: "a table" + IsGone, 1305: "a routine" + IsGone,
	1356: "a view's table or column" + IsGone, 1412: "a table's definition changed",
	1205: "a lock was waited for too long", 1213: "the applier went first (deadlock)", 1317: "the statement was " +
		"interrupted",
	1927: "the connection was killed", 2006: "the connection was lost", 2013: "the connection was lost",
}

// IsGone is the end of a cause of SchemaChange if something that the tool had listed no longer exists.
const IsGone = " is gone"

// errorNumber finds the numbers in the messages of mariadb-dump (the first two lines) and mysqldump (the third).
//
//	mariadb-dump: Error 1412: Table definition has changed, please retry transaction when dumping table `t` at row: 0
//	mariadb-dump: Couldn't execute 'SHOW CREATE TABLE `t`': Table 'nova.t' doesn't exist (1146)
//	mysqldump: Got error: 1049: "Unknown database 'nova'" when selecting the database
var errorNumber = regexp.MustCompile(`(?m)(?:Error|error:) (\d{4}):|\((\d{4})\)$`)

// aborted are messages of mariadb-backup.
var aborted = []struct {
	message *regexp.Regexp
	cause   string
}{
	// [00] FATAL ERROR: 2026-11-23 09:00:00 Unexpected DDL operation detected in the late phase of backup while
	// executing ...
	{regexp.MustCompile(`DDL operation detected in the late phase of backup`),
		"a statement changed the schema at the end"},
	{regexp.MustCompile(`Can't handle DDL operation on tablespace`), "a statement changed a table"},
	// Before 10.4, and of servers with innodb_log_optimize_ddl.
	{regexp.MustCompile(`optimized \(without redo logging\) DDL operation|ALTER TABLE or OPTIMIZE TABLE was being` +
		` executed`), "a table was rebuilt"},
	// With wsrep_mode=BF_ABORT_MARIABACKUP and from BACKUP STAGE on: the applier goes first.
	{regexp.MustCompile(`failed to execute query .*: (Deadlock found|Lock wait timeout|Query execution was` +
		` interrupted|Connection was killed|Lost connection|(MySQL s|S)erver has gone away)`),
		"the applier went first"},
}

// SchemaChange returns how a statement that changed the schema broke a tool, by the tool's own messages; empty if none
// did.
func SchemaChange(text string) string {
	for _, a := range aborted {
		if a.message.MatchString(text) {
			return a.cause
		}
	}
	for _, m := range errorNumber.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1] + m[2])
		if cause := schemaChanged[n]; cause != "" {
			return cause
		}
	}
	return ""
}
