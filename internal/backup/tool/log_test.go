// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"strings"
	"testing"
)

func TestTheReasonIsTheLineOfTheError(t *testing.T) {
	for name, tt := range map[string]struct{ log, want string }{
		"a server that went away": {
			"[00] copying\n[00] FATAL ERROR: 2026-11-23 09:20:58 failed to execute query BACKUP STAGE FLUSH: Server" +
				" has gone away\n" +
				"2026-11-23  9:20:58 0 [Note] InnoDB: Starting shutdown...\n",
			"Server has gone away"},
		"a password that was changed": {
			"[00] 2026-11-23 09:52:42 Failed to connect to MariaDB server: Access denied for user 'b'@'localhost'" +
				" (using password: YES).\n" +
				"2026-11-23 10:30:39 0 [Note] InnoDB: Starting shutdown after no error\n",
			"(using password: YES)."},
		"the last of two": {"[ERROR] one\n[ERROR] two\nbye\n", "[ERROR] two"},
		"a dump": {"mariadb-dump: Got error: 1049: \"Unknown database 'x'\" when selecting the database\n",
			"when selecting the database"},
		"no such line":     {"one\ntwo\n", "two"},
		"nothing":          {"", ""},
		"without its end":  {"[ERROR] cut", "[ERROR] cut"},
		"[ERROR] is a log": {"x\n[00] 2026 [ERROR] InnoDB: file\nlast\n", "InnoDB: file"},
	} {
		l := newLog(func(s string) string { return s }, nil)
		_, _ = l.Write([]byte(tt.log))
		if got := lastLine(l.reason()); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
