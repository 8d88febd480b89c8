// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
	"overcloud.backup/internal/process"
)

// statements returns those of all accounts, and fails if an account is ignored.
func statements(t *testing.T, c *mariadb.Client) ([]string, error) {
	t.Helper()
	accounts, err := ReadUsers(t.Context(), c)
	if len(accounts.Warnings) != 0 {
		t.Errorf("warnings: %q", accounts.Warnings)
	}
	return accounts.Statements, err
}

// accountsOfAllKinds are users and roles with every way to log in, every limit and every kind of privilege.
var accountsOfAllKinds = []string{
	"CREATE DATABASE acc", "CREATE TABLE acc.`t``x` (id INT, `c,d` INT)", "CREATE PROCEDURE acc.p() SELECT 1",
	"CREATE FUNCTION acc.f() RETURNS INT RETURN 1",
	"CREATE ROLE `it's`", "CREATE ROLE `to x`", "GRANT SELECT ON acc.* TO `it's`", "GRANT `to x` TO `it's`",
	"GRANT PROCESS ON *.* TO `to x`",
	"CREATE USER `o'brien`@'h%' IDENTIFIED BY 'x'", "GRANT `it's` TO `o'brien`@'h%' WITH ADMIN OPTION",
	"GRANT `to x` TO `o'brien`@'h%'", "SET DEFAULT ROLE `it's` FOR `o'brien`@'h%'",
	"GRANT ALL ON `a\\_b`.* TO `o'brien`@'h%' WITH GRANT OPTION", "GRANT SELECT (`c,d`, id), INSERT, UPDATE (id)," +
		" DELETE, SHOW VIEW, TRIGGER ON acc.`t``x` TO `o'brien`@'h%' WITH GRANT OPTION",
	"GRANT SELECT (id) ON acc.`t``x` TO `it's`", "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE acc.p TO `o'brien`@'h%'",
	"GRANT EXECUTE ON FUNCTION acc.f TO `o'brien`@'h%' WITH GRANT OPTION",
	"GRANT RELOAD, SUPER, REPLICATION SLAVE, REPLICATION CLIENT, CREATE TEMPORARY TABLES, SHOW DATABASES, CREATE" +
		" TABLESPACE ON *.* TO `o'brien`@'h%'",
	"CREATE USER admin@localhost IDENTIFIED BY 'y'", "GRANT ALL ON *.* TO admin@localhost WITH GRANT OPTION",
	"GRANT PROXY ON admin@localhost TO `o'brien`@'h%' WITH GRANT OPTION",
	"CREATE USER plain@localhost", "CREATE USER limited@localhost IDENTIFIED BY 'z'",
}

// laterAccounts are kinds that only MariaDB 10.4 and later have.
var laterAccounts = []string{
	"ALTER USER limited@localhost REQUIRE SUBJECT '/CN=x''y' AND ISSUER '/CN=i' AND CIPHER 'AES' WITH" +
		" MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2" +
		" MAX_CONNECTIONS_PER_HOUR 3 MAX_USER_CONNECTIONS 4 MAX_STATEMENT_TIME 5.5 PASSWORD EXPIRE INTERVAL 9 DAY" +
		" ACCOUNT LOCK",
	"CREATE USER expired@localhost IDENTIFIED BY 'x' REQUIRE SSL PASSWORD EXPIRE",
	"CREATE USER never@localhost REQUIRE X509 PASSWORD EXPIRE NEVER",
	"CREATE USER twice@localhost IDENTIFIED VIA mysql_native_password USING" +
		" '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' OR unix_socket",
}

const dropAccountsOfAllKinds = "DROP USER `o'brien`@'h%', admin@localhost, plain@localhost, limited@localhost"

// The tables describe an account as the server does, so that they also describe an account that the server ignores.
func TestAccountsAreWrittenFromTheTablesAsTheServerWritesThem(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, append(accountsOfAllKinds, laterAccounts...)...)
	const drop = dropAccountsOfAllKinds + ", expired@localhost, never@localhost, twice@localhost"
	defer mariadbtest.Exec(t, c, "DROP DATABASE acc", drop, "DROP ROLE `it's`, `to x`")
	remade(t, c, drop, func() (*privilegeTables, error) { return readPrivileges(t.Context(), c) })
}

// The view mysql.user has the columns of the table that servers before MariaDB 10.4 have.
func TestAccountsAreWrittenFromTheTablesOfOlderServers(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, accountsOfAllKinds...)
	mariadbtest.Exec(t, c, "ALTER USER limited@localhost REQUIRE SUBJECT '/CN=x''y' AND ISSUER '/CN=i' WITH"+
		" MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2 MAX_CONNECTIONS_PER_HOUR 3 MAX_USER_CONNECTIONS 4",
		"ALTER USER plain@localhost REQUIRE SSL", "ALTER USER admin@localhost IDENTIFIED VIA unix_socket REQUIRE X509")
	defer mariadbtest.Exec(t, c, "DROP DATABASE acc", dropAccountsOfAllKinds, "DROP ROLE `it's`, `to x`")
	remade(t, c, dropAccountsOfAllKinds, func() (*privilegeTables, error) {
		tables, err := readPrivileges(t.Context(), c)
		if err != nil {
			return nil, err
		}
		global := func(line string) bool { return strings.Contains(line, " ON *.* TO ") }
		for key, lines := range tables.grants {
			tables.grants[key] = slices.DeleteFunc(lines, global)
		}
		tables.old = true
		return tables, oldGlobalPrivileges(t.Context(), c, tables)
	})
}

// remade writes the accounts from the tables, drops them, makes them again, and compares what the server then says of
// them with what it said before.
func remade(t *testing.T, c *mariadb.Client, drop string, read func() (*privilegeTables, error)) {
	t.Helper()
	// Another test recreates root, which then lacks the PROXY privilege.
	mariadbtest.Exec(t, c, "REPLACE INTO mysql.proxies_priv (Host, User, With_grant) VALUES ('localhost', 'root', 1)",
		"FLUSH PRIVILEGES")
	want, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var users []User
	rows, err := c.Rows(t.Context(), "SELECT User, Host, is_role, default_role FROM mysql.user WHERE User NOT IN"+
		" ('mariadb.sys', 'PUBLIC', 'root') ORDER BY is_role DESC, User, Host")
	for _, row := range rows {
		u := User{Name: row[0], Host: row[1], Role: row[2] == "Y", DefaultRole: row[3]}
		if err := tables.describe(&u); err != nil {
			t.Fatal(err)
		}
		users = append(users, u)
	}
	if err != nil || len(users) < 6 {
		t.Fatalf("%d users, %v", len(users), err)
	}
	written, err := UserStatements(users)
	if err != nil {
		t.Fatal(err)
	}
	mariadbtest.Exec(t, c, drop, "DROP ROLE `it's`, `to x`")
	mariadbtest.Exec(t, c, written...)
	got, err := statements(t, c)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n%s\nwant\n%s\nwritten\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"),
			strings.Join(written, "\n"))
	}
}

// A server drops accounts with a host name when it starts with skip_name_resolve, and those whose row it cannot read:
// these exist only in the tables.
func TestAnAccountThatTheServerIgnoresIsKept(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE USER awake@localhost", "CREATE DATABASE asl", "CREATE TABLE asl.t (id INT)",
		`INSERT INTO mysql.global_priv VALUES ('db1.example.com', 'asleep',`+
			` '{"access":256,"plugin":"mysql_native_password",`+
			`"authentication_string":"*B69027D44F6E5EDC07F1AEAD1477967B16F28227","max_user_connections":7}'),`+
			` ('%', 'odd', '{"access":"x"}')`,
		"INSERT INTO mysql.tables_priv (Host, Db, User, Table_name, Table_priv) VALUES ('db1.example.com', 'asl',"+
			" 'asleep', 't', 'Select,Grant')")
	defer mariadbtest.Exec(t, c, "DELETE FROM mysql.global_priv WHERE User IN ('asleep', 'odd')",
		"DELETE FROM mysql.tables_priv WHERE User = 'asleep'",
		"DROP USER awake@localhost", "DROP DATABASE asl", "FLUSH PRIVILEGES")
	got, err := ReadUsers(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	const account = "`asleep`@`db1.example.com`"
	for _, want := range []string{"CREATE USER IF NOT EXISTS `awake`@`localhost`",
		"CREATE USER IF NOT EXISTS " + account +
			" IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227' WITH MAX_USER_CONNECTIONS 7",
		"GRANT PROCESS ON *.* TO " + account, "GRANT SELECT ON `asl`.`t` TO " + account + " WITH GRANT OPTION"} {
		if !slices.Contains(got.Statements, want) {
			t.Errorf("%s is missing in\n%s", want, strings.Join(got.Statements, "\n"))
		}
	}
	if beyond, err := Beyond(t.Context(), c, "asleep", "asl"); err != nil ||
		beyond != "GRANT PROCESS ON *.* TO "+account {
		t.Errorf("beyond its schema: %q, %v", beyond, err)
	}
	warnings := strings.Join(got.Warnings, "\n")
	if !strings.Contains(warnings, "from the tables of the schema mysql: "+account) ||
		!strings.Contains(warnings, "not in the set, because neither the server nor its tables describe them:"+
			" `odd`@`%`") {
		t.Errorf("%q", got.Warnings)
	}
}

func TestAnAccountWhosePluginIsMissingIsNamed(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c,
		`INSERT INTO mysql.global_priv VALUES`+
			` ('%', 'noplug', '{"access":0,"plugin":"nope","authentication_string":"x"}')`, "FLUSH PRIVILEGES")
	defer mariadbtest.Exec(t, c, "DELETE FROM mysql.global_priv WHERE User = 'noplug'", "FLUSH PRIVILEGES")
	got, err := ReadUsers(t.Context(), c)
	if err != nil || !strings.Contains(strings.Join(got.Warnings, "\n"),
		"is not loaded, and a server without it refuses to create them: `noplug`@`%` (nope)") {
		t.Errorf("%q, %v", got.Warnings, err)
	}
}

// Lines of MariaDB 10.1.23 and 10.2.11, which escape nothing in the names of accounts and do not quote those of roles.
func TestGrantsOfOldServersAreRead(t *testing.T) {
	grants, err := ParseGrants([]string{"GRANT it's TO 'a'@'%'", "GRANT to x TO 'a'@'%'", `GRANT quo"te TO 'a'@'%'`,
		"GRANT it's TO 'o'brien'@'h%' WITH ADMIN OPTION",
		"GRANT ALL PRIVILEGES ON *.* TO 'a'@'%' TO 'a'@'%'", "GRANT PROCESS ON *.* TO 'it's'",
		"GRANT SELECT ON *.* TO 'o'brien'@'h%'"})
	if err != nil || len(grants) != 2 || len(grants.Missing("PROCESS", "SELECT")) != 0 {
		t.Errorf("%v %v", grants, err)
	}
}

// Ten thousand accounts need two queries each: it must be done in seconds.
func TestThousandsOfAccountsAreReadInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	c := mariadbtest.Start(t).Root(t)
	const n = 10_000
	mariadbtest.Exec(t, c, "CREATE DATABASE many",
		fmt.Sprintf(`INSERT INTO mysql.global_priv SELECT '%%', CONCAT('many', seq),`+
			` '{"access":0,"plugin":"mysql_native_password"}' FROM many.seq_1_to_%d`, n),
		fmt.Sprintf("INSERT INTO mysql.db (Host, Db, User, Select_priv) SELECT '%%', 'many', CONCAT('many', seq), 'Y'"+
			" FROM many.seq_1_to_%d", n), "FLUSH PRIVILEGES")
	defer mariadbtest.Exec(t, c, "DELETE FROM mysql.global_priv WHERE User LIKE 'many%'",
		"DELETE FROM mysql.db WHERE User LIKE 'many%'", "DROP DATABASE many", "FLUSH PRIVILEGES")
	begin := time.Now()
	got, err := statements(t, c)
	t.Logf("%d statements in %s", len(got), time.Since(begin))
	if err != nil || len(got) < 4*n || time.Since(begin) > time.Minute {
		t.Errorf("%d statements in %s, %v", len(got), time.Since(begin), err)
	}
}

func TestUsersAreMadeAgainAsTheyWere(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	const hostile = "`a b``c'\"\\`@`10.%`"
	mariadbtest.Exec(t, c, "CREATE ROLE reader", "CREATE ROLE `odd``role`", "GRANT SELECT ON mysql.* TO reader",
		"GRANT PROCESS ON *.* TO `odd``role`", "GRANT `odd``role` TO reader",
		"CREATE USER "+hostile+" IDENTIFIED BY 'it''s \\\\ #1' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5",
		"GRANT reader TO "+hostile+" WITH ADMIN OPTION",
		"SET DEFAULT ROLE reader FOR "+hostile, "GRANT SELECT (host), INSERT ON mysql.user TO "+hostile,
		"GRANT ALL ON `x\\_y`.* TO "+hostile+" WITH GRANT OPTION",
		"CREATE USER expired@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE",
		"CREATE USER locked@localhost IDENTIFIED VIA unix_socket OR mysql_native_password ACCOUNT LOCK",
		"CREATE USER ''@'h'", "GRANT PROXY ON locked@localhost TO expired@localhost")
	drop := func() {
		mariadbtest.Exec(t, c, "DROP USER "+hostile+", expired@localhost, locked@localhost, ''@'h'",
			"DROP ROLE reader, `odd``role`")
	}
	before, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	drop()
	mariadbtest.Exec(t, c, before...)
	after, err := statements(t, c)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("%v\nbefore:\n%s\nafter:\n%s", err, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	drop()
	for _, part := range []string{"mariadb.sys", "CREATE ROLE IF NOT EXISTS `PUBLIC`"} {
		if strings.Contains(strings.Join(before, "\n"), part) {
			t.Errorf("%s is among\n%s", part, strings.Join(before, "\n"))
		}
	}
	for _, part := range []string{"PASSWORD EXPIRE", "ACCOUNT LOCK", "GRANT PROXY", "SET DEFAULT ROLE `reader`",
		"REQUIRE SSL", "`root`@`localhost`", "WITH ADMIN OPTION"} {
		if !strings.Contains(strings.Join(before, "\n"), part) {
			t.Errorf("%s is missing in\n%s", part, strings.Join(before, "\n"))
		}
	}
}

// users.sql is fed to the server's own client, which has its own rules for quotes, backslashes and DELIMITER.
func TestUsersOfAnyNameAreMadeAgainByTheClient(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	var users []string
	for _, name := range append(mariadbtest.HostileNames, strings.Repeat("я", 40)+"'") {
		if len([]rune(name)) > 63 {
			name = name[:40]
		}
		user := mariadb.QuoteName(strings.TrimRight(name, " ")) + "@" + mariadb.QuoteName("10.%")
		mariadbtest.Exec(t, c, "CREATE USER "+user+" IDENTIFIED BY 'it''s \\\\ \\n #1'",
			"CREATE ROLE "+mariadb.QuoteName("r"+name),
			"GRANT "+mariadb.QuoteName("r"+name)+" TO "+user,
			"GRANT SELECT ON "+mariadb.QuoteName(name)+".* TO "+user,
			"SET DEFAULT ROLE "+mariadb.QuoteName("r"+name)+" FOR "+user)
		users = append(users, user, mariadb.QuoteName("r"+name))
	}
	drop := func() {
		for i, name := range users {
			mariadbtest.Exec(t, c, []string{"DROP USER ", "DROP ROLE "}[i%2]+name)
		}
	}
	before, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	drop()
	defer drop()
	feed(t, s, strings.Join(before, ";\n")+";\n")
	if after, err := statements(t, c); err != nil || !slices.Equal(before, after) {
		t.Errorf("%v\nbefore:\n%s\nafter:\n%s", err, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// feed gives statements to the server's client, as a restore does.
func feed(t *testing.T, s *mariadbtest.Server, statements string) {
	t.Helper()
	var out process.Tail
	out.Max = 4096
	cmd := process.Command(t.Context(), "mariadb", "--no-defaults", "--socket="+s.Socket,
		"--default-character-set=utf8mb4")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(statements), &out, &out
	err := process.Explain(t.Context(), "mariadb", cmd.Run(), out.String())
	if errors.Is(err, process.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
