// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

// These lines are from MariaDB 10.11, 10.4 and 10.1.
const (
	rootLine = "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA mysql_native_password USING" +
		" 'invalid' OR unix_socket WITH GRANT OPTION"
	proxyLine  = "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION"
	columnLine = "GRANT SELECT (`user`, `host`), INSERT ON `mysql`.`user` TO `a b``c`@`10.%`"
	procLine   = "GRANT EXECUTE ON PROCEDURE `sys`.`diagnostics` TO `a b``c`@`10.%` WITH GRANT OPTION"
	oldLine    = "GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO 'backup'@'localhost' IDENTIFIED BY PASSWORD" +
		" '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"
)

func TestParseGrants(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want Grant
	}{
		"everything": {rootLine, Grant{[]string{"ALL PRIVILEGES"}, "*.*", false, "root@localhost"}},
		"several words": {oldLine, Grant{[]string{"RELOAD", "PROCESS", "REPLICATION CLIENT"}, "*.*", false,
			"backup@localhost"}},
		"one schema": {"GRANT ALL PRIVILEGES ON `x\\_y`.* TO `u`@`%`",
			Grant{[]string{"ALL PRIVILEGES"}, "`x\\_y`.*", false, "u@%"}},
		"columns": {columnLine, Grant{[]string{"SELECT", "INSERT"}, "`mysql`.`user`", true, "a b`c@10.%"}},
		"a procedure": {procLine, Grant{[]string{"EXECUTE"}, "PROCEDURE `sys`.`diagnostics`", false,
			"a b`c@10.%"}},
		"to everybody": {"GRANT SELECT ON `sys`.* TO PUBLIC",
			Grant{[]string{"SELECT"}, "`sys`.*", false, "PUBLIC"}},
		"to a role": {"GRANT PROCESS ON *.* TO `r2`", Grant{[]string{"PROCESS"}, "*.*", false, "r2"}},
		"ANSI quotes": {`GRANT SELECT ON "a ""b""".* TO "u"@"h"`,
			Grant{[]string{"SELECT"}, "`a \"b\"`.*", false, "u@h"}},
		"names that are words": {"GRANT SELECT ON ` ON `.` TO ` TO `TO`@`ON`",
			Grant{[]string{"SELECT"}, "` ON `.` TO `", false, "TO@ON"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseGrants([]string{c.line})
			if err != nil || len(got) != 1 {
				t.Fatalf("%v %v", got, err)
			}
			g := got[0]
			if !slices.Equal(g.Privileges, c.want.Privileges) || g.Scope != c.want.Scope ||
				g.Columns != c.want.Columns || g.To != c.want.To {
				t.Errorf("got %+v, want %+v", g, c.want)
			}
		})
	}
}

func TestParseGrantsPassesOverRoles(t *testing.T) {
	got, err := ParseGrants([]string{"GRANT `r1` TO `u`@`h` WITH ADMIN OPTION", "SET DEFAULT ROLE `r1` FOR `u`@`h`"})
	if err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestParseGrantsRefusesTheRest(t *testing.T) {
	for _, line := range []string{"", "SELECT 1", "GRANT", "GRANT SELECT ON *.*", "GRANT SELECT ON *.* TO",
		"GRANT ON *.* TO `u`@`h`",
		"GRANT SELECT ON TO `u`@`h`", "GRANT SELECT ON *.* TO `u", "GRANT `r` TO u ON *.*"} {
		if got, err := ParseGrants([]string{line}); err == nil {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestMissingPrivileges(t *testing.T) {
	wanted := []string{"RELOAD", "PROCESS", "BINLOG MONITOR", "SLAVE MONITOR"}
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"root lacks nothing": {[]string{rootLine, proxyLine}, ""},
		"USAGE grants nothing": {[]string{"GRANT USAGE ON *.* TO `u`@`h`"},
			"RELOAD PROCESS BINLOG MONITOR SLAVE MONITOR"},
		"missing privileges are named": {[]string{"GRANT RELOAD, PROCESS ON *.* TO `u`@`h`"},
			"BINLOG MONITOR SLAVE MONITOR"},
		"the older name": {[]string{oldLine}, ""},
		"all of one schema is not enough": {[]string{"GRANT ALL PRIVILEGES ON `nova`.* TO `u`@`h`"},
			"RELOAD PROCESS BINLOG MONITOR SLAVE MONITOR"},
		"the enabled role counts": {[]string{"GRANT `r` TO `u`@`h`", "GRANT PROCESS ON *.* TO `r`",
			"GRANT RELOAD, BINLOG MONITOR, SLAVE MONITOR ON *.* TO PUBLIC"}, ""},
		"one word of a longer privilege is another privilege": {[]string{
			"GRANT RELOAD, PROCESS, BINLOG ADMIN, REPLICATION SLAVE ON *.*" +
				" TO `u`@`h`"}, "BINLOG MONITOR SLAVE MONITOR"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := ParseGrants(c.lines)
			if got := strings.Join(g.Missing(wanted...), " "); err != nil || got != c.want {
				t.Errorf("got %q %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestErrorsRepeatLittleOfAGrant(t *testing.T) {
	for _, line := range []string{rootLine, columnLine, procLine, oldLine, "GRANT `r1` TO `u`@`h"} {
		messages.Everywhere(t, line, func(b []byte) error { _, err := ParseGrants([]string{string(b)}); return err })
	}
}

func FuzzParseGrants(f *testing.F) {
	for _, line := range []string{rootLine, proxyLine, columnLine, procLine, oldLine,
		"GRANT `r1` TO `u`@`h` WITH ADMIN OPTION"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		grants, err := ParseGrants([]string{line})
		if messages.Check(t, err); err != nil && grants != nil {
			t.Fatal("both")
		}
		for _, g := range grants {
			if g.Scope == "" || len(g.Privileges) == 0 {
				t.Fatalf("nothing granted: %+v", g)
			}
			if len(grants.Missing("PROCESS")) == 0 && !strings.Contains(line, "*") {
				t.Fatalf("global without a *: %+v", g)
			}
		}
	})
}

func TestUserStatementsComeInAnOrderThatWorks(t *testing.T) {
	users := []User{
		{Name: "PUBLIC", Role: true, Grants: []string{"GRANT SELECT ON `sys`.* TO PUBLIC"}},
		{Name: "r1", Role: true, Grants: []string{"GRANT `r2` TO `r1`", "GRANT USAGE ON *.* TO `r1`",
			"GRANT PROCESS ON *.* TO `r2`"}},
		{Name: "r2", Role: true, Grants: []string{"GRANT PROCESS ON *.* TO `r2`"}},
		{Name: "a`b", Host: "10.%", DefaultRole: "r1",
			Create: "CREATE USER `a``b`@`10.%` IDENTIFIED BY PASSWORD '*X' PASSWORD EXPIRE",
			After:  []string{"ALTER USER `a``b`@`10.%` ACCOUNT LOCK"},
			Grants: []string{"GRANT `r1` TO `a``b`@`10.%`",
				"GRANT USAGE ON *.* TO `a``b`@`10.%` IDENTIFIED BY PASSWORD '*X'",
				"SET DEFAULT ROLE `r1` FOR `a``b`@`10.%`"}},
		{Name: "old", Host: "h", Grants: []string{"GRANT USAGE ON *.* TO 'old'@'h' IDENTIFIED BY PASSWORD '*Y'"}},
	}
	got, err := UserStatements(users)
	want := []string{
		"CREATE ROLE IF NOT EXISTS `r1`",
		"CREATE ROLE IF NOT EXISTS `r2`",
		"CREATE USER IF NOT EXISTS `a``b`@`10.%` IDENTIFIED BY PASSWORD '*X' PASSWORD EXPIRE",
		"CREATE USER IF NOT EXISTS `old`@`h`",
		"GRANT SELECT ON `sys`.* TO PUBLIC",
		"GRANT USAGE ON *.* TO `r1`",
		"GRANT `r2` TO `r1`",
		"GRANT PROCESS ON *.* TO `r2`",
		"GRANT USAGE ON *.* TO `a``b`@`10.%` IDENTIFIED BY PASSWORD '*X'",
		"GRANT `r1` TO `a``b`@`10.%`",
		"GRANT USAGE ON *.* TO 'old'@'h' IDENTIFIED BY PASSWORD '*Y'",
		"ALTER USER `a``b`@`10.%` IDENTIFIED BY PASSWORD '*X' PASSWORD EXPIRE",
		"ALTER USER `a``b`@`10.%` ACCOUNT LOCK",
		"SET DEFAULT ROLE `r1` FOR `a``b`@`10.%`",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
