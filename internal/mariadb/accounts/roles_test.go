// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

// An account has its own privileges, those of its enabled role, and those of the roles granted to that role.
func TestOurOwnPrivilegesAreTheEffectiveOnes(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE ROLE outer_role", "CREATE ROLE inner_role", "GRANT inner_role TO outer_role",
		"GRANT PROCESS ON *.* TO inner_role", "GRANT RELOAD ON *.* TO outer_role",
		"CREATE USER eff@localhost IDENTIFIED BY 'x'", "GRANT outer_role TO eff@localhost",
		"GRANT SHOW DATABASES ON *.* TO eff@localhost", "SET DEFAULT ROLE outer_role FOR eff@localhost")
	defer mariadbtest.Exec(t, root, "DROP USER eff@localhost", "DROP ROLE outer_role, inner_role")
	c := s.Open(t, mariadb.Login{Socket: s.Socket, User: "eff", Password: "x"})
	missing := func() string {
		t.Helper()
		grants, err := ReadGrants(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(grants.Missing("PROCESS", "RELOAD", "SHOW DATABASES", "SUPER"), " ")
	}
	if got := missing(); got != "SUPER" {
		t.Errorf("with its role it lacks %s", got)
	}
	mariadbtest.Exec(t, c, "SET ROLE NONE")
	if got := missing(); got != "PROCESS RELOAD SUPER" {
		t.Errorf("without its role it lacks %s", got)
	}
}

// Grants to PUBLIC and on packages exist on some servers only, and need another statement or another mode.
func TestGrantsToPublicAndOnPackagesAreMadeAgain(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	if version, err := c.Value(t.Context(), "SELECT VERSION()"); err != nil || olderVersion(version, 10, 11) {
		t.Skip("this server has no PUBLIC: ", version, err)
	}
	mariadbtest.Exec(t, c, "CREATE DATABASE pkg", "SET sql_mode = 'ORACLE'",
		"CREATE PACKAGE pkg.p AS FUNCTION f RETURN INT; END",
		"CREATE PACKAGE BODY pkg.p AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END",
		"CREATE ROLE `ON PACKAGE`", "CREATE USER pk@localhost", "GRANT EXECUTE ON PACKAGE pkg.p TO pk@localhost",
		"GRANT EXECUTE ON PACKAGE BODY pkg.p TO pk@localhost", "SET sql_mode = ''",
		"GRANT `ON PACKAGE` TO pk@localhost",
		"GRANT SELECT ON pkg.* TO PUBLIC")
	revoke := func() {
		mariadbtest.Exec(t, c, "DROP USER pk@localhost", "DROP ROLE `ON PACKAGE`", "REVOKE SELECT ON pkg.* FROM PUBLIC")
	}
	defer mariadbtest.Exec(t, c, "DROP DATABASE pkg")
	before, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	revoke()
	defer revoke()
	mariadbtest.Exec(t, c, before...)
	after, err := statements(t, c)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("%v\nbefore:\n%s\nafter:\n%s", err, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	for _, want := range []string{"GRANT SELECT ON `pkg`.* TO PUBLIC", "SET sql_mode = 'ORACLE'",
		"GRANT EXECUTE ON PACKAGE BODY `pkg`.`p` TO `pk`@`localhost`", "SET sql_mode = ''"} {
		if !slices.Contains(before, want) {
			t.Errorf("%s is missing in\n%s", want, strings.Join(before, "\n"))
		}
	}
	if mode, err := c.Value(t.Context(), "SELECT @@sql_mode"); err != nil || mode != "" {
		t.Errorf("the session's mode is %q, %v", mode, err)
	}
}

// An account that may not ask about others must not get a list with all of them left out.
func TestAccountsThatMayNotBeReadAreAnError(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE USER few@localhost IDENTIFIED BY 'x'")
	defer mariadbtest.Exec(t, root, "DROP USER few@localhost")
	c := s.Open(t, mariadb.Login{Socket: s.Socket, User: "few", Password: "x"})
	for _, c2 := range []struct{ grant, want string }{
		{"USAGE ON *.*", "list the users: "}, {"SELECT ON mysql.user", "describe the user "},
	} {
		mariadbtest.Exec(t, root, "GRANT "+c2.grant+" TO few@localhost")
		if got, err := ReadUsers(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), c2.want) ||
			len(got.Statements) > 0 {
			t.Errorf("%s: %q, %v", c2.grant, got.Statements, err)
		}
		if got, err := Beyond(t.Context(), c, "root", "nova"); err == nil {
			t.Errorf("%s: root may do no more than %q", c2.grant, got)
		}
	}
}
