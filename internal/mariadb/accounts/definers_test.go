// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestAGrantIsWithinSchemasOrNot(t *testing.T) {
	schemas := []string{"nova", "nova_api", "a`b"}
	for line, want := range map[string]bool{
		"GRANT USAGE ON *.* TO `n`@`%` IDENTIFIED BY PASSWORD '*X'": true,
		"GRANT USAGE ON *.* TO `n`@`%` WITH GRANT OPTION":           false,
		"SET DEFAULT ROLE `r` FOR `n`@`%`":                          true,
		"GRANT `r` TO `n`@`%`":                                      false,
		"GRANT ALL PRIVILEGES ON `nova`.* TO `n`@`%`":               true,
		"GRANT ALL PRIVILEGES ON `nova\\_api`.* TO `n`@`%`":         true,
		"GRANT SELECT ON `nova_api`.`t` TO `n`@`%`":                 true,
		"GRANT SELECT (`i`) ON `a``b`.`t` TO `n`@`%`":               true,
		"GRANT EXECUTE ON PROCEDURE `nova`.`p` TO `n`@`%`":          true,
		"GRANT EXECUTE ON FUNCTION `nova`.`f` TO `n`@`%`":           true,
		"GRANT EXECUTE ON PROCEDURE `glance`.`p` TO `n`@`%`":        false,
		"GRANT SELECT ON `novax`.* TO `n`@`%`":                      false,
		"GRANT SELECT ON `nov%`.* TO `n`@`%`":                       false,
		"GRANT SELECT ON `%`.* TO `n`@`%`":                          false,
		"GRANT SELECT ON `nova``.*` TO `n`@`%`":                     false,
		"GRANT SELECT ON *.* TO `n`@`%`":                            false,
		"GRANT PROXY ON `nova`@`%` TO `n`@`%`":                      false,
	} {
		got, err := confinedTo(line, schemas)
		if refused := strings.Contains(line, "``.*`"); got != want || (err != nil) && !refused {
			t.Errorf("%s: %t, %v", line, got, err)
		}
	}
	if _, err := confinedTo("REVOKE ALL ON `nova`.* FROM `n`@`%`", schemas); err == nil {
		t.Error("a line that grants nothing is taken")
	}
}

// A server runs a program as any account that fits its definer's host, also as an anonymous one.
func TestAccountsThatMayDoMoreThanTheirSchemasAreFound(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE bey", "CREATE DATABASE ond", "CREATE USER b@localhost IDENTIFIED BY 'x'",
		"GRANT ALL ON bey.* TO b@localhost", "CREATE USER b@'10.%' IDENTIFIED BY 'x'")
	defer mariadbtest.Exec(t, c, "DROP DATABASE bey", "DROP DATABASE ond", "DROP USER b@localhost, b@'10.%'",
		"DROP USER IF EXISTS ''@'192.%'", "DROP ROLE IF EXISTS ber", "DELETE FROM mysql.global_priv WHERE User = 'bad'",
		"FLUSH PRIVILEGES")
	check := func(user, want string, schemas ...string) {
		t.Helper()
		got, err := Beyond(t.Context(), c, user, schemas...)
		if err != nil || got != want || strings.Contains(got, "IDENTIFIED") {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	check("b", "", "bey")
	check("nobody", "", "bey")
	check("b", "GRANT ALL PRIVILEGES ON `bey`.* TO `b`@`localhost`", "ond")
	mariadbtest.Exec(t, c, "GRANT SELECT ON ond.* TO b@'10.%'")
	check("b", "", "bey", "ond")
	check("b", "GRANT SELECT ON `ond`.* TO `b`@`10.%`", "bey")
	mariadbtest.Exec(t, c, "REVOKE SELECT ON ond.* FROM b@'10.%'", "GRANT PROCESS ON *.* TO b@'10.%'")
	check("b", "GRANT PROCESS ON *.* TO `b`@`10.%`", "bey")
	mariadbtest.Exec(t, c, "REVOKE PROCESS ON *.* FROM b@'10.%'", "CREATE ROLE ber", "GRANT ber TO b@'10.%'")
	check("b", "GRANT `ber` TO `b`@`10.%`", "bey")
	mariadbtest.Exec(t, c, "REVOKE ber FROM b@'10.%'", "CREATE USER ''@'192.%'", "GRANT SELECT ON ond.* TO ''@'192.%'")
	check("b", "GRANT SELECT ON `ond`.* TO ``@`192.%`", "bey")
	mariadbtest.Exec(t, c, "DROP USER ''@'192.%'",
		`INSERT INTO mysql.global_priv VALUES ('%', 'bad', '{"access":"x"}')`)
	check("bad", "what nobody can read of `bad`@`%`", "bey")
}
