// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// privilegeTables is the content of the tables of the schema mysql about accounts: their privileges as statements, and
// how they log in.
type privilegeTables struct {
	grants map[accountKey][]string
	// login says how accounts log in; more is the rest of CREATE USER from MariaDB 10.4 on, of GRANT USAGE before. bad
	// says why there is none.
	login, more map[accountKey]string
	bad         map[accountKey]error
	// old says that there is nothing more in CREATE USER (before MariaDB 10.2).
	old bool
}

// readPrivileges reads the tables.
func readPrivileges(ctx context.Context, c *mariadb.Client) (*privilegeTables, error) {
	t := &privilegeTables{login: map[accountKey]string{}, more: map[accountKey]string{}, bad: map[accountKey]error{}}
	given, err := givenRoles(ctx, c)
	if err != nil {
		return nil, err
	}
	t.grants = given
	for _, read := range []func(context.Context, *mariadb.Client, *privilegeTables) error{
		globalPrivileges, schemaPrivileges, tablePrivileges, routinePrivileges, proxyPrivileges,
	} {
		if err := read(ctx, c, t); err != nil {
			return nil, fmt.Errorf("read the privileges of accounts: %w", err)
		}
	}
	return t, nil
}

// describe writes an account from the tables.
func (t *privilegeTables) describe(u *User) error {
	key := accountKey{u.Name, u.Host}
	if bad := t.bad[key]; bad != nil {
		return bad
	}
	u.Grants = slices.Clone(t.grants[key])
	switch {
	case u.Role:
	case t.old:
		u.Login = t.login[key]
		u.Grants = append(u.Grants, "GRANT USAGE ON *.* TO "+u.account()+t.login[key]+t.more[key])
	default:
		u.Create = "CREATE USER " + u.account() + t.login[key] + t.more[key]
	}
	return nil
}

// give adds a grant. Privileges that include GRANT OPTION are granted with it.
func (t *privilegeTables) give(user, host string, privileges []string, scope string) {
	option := ""
	if i := slices.Index(privileges, "GRANT"); i >= 0 {
		privileges, option = slices.Delete(slices.Clone(privileges), i, i+1), " WITH GRANT OPTION"
	}
	if len(privileges) == 0 && option == "" {
		return
	}
	if len(privileges) == 0 {
		privileges = []string{"USAGE"}
	}
	to := User{Name: user, Host: host, Role: host == ""}
	key := accountKey{user, host}
	t.grants[key] = append(t.grants[key], "GRANT "+strings.Join(privileges,
		", ")+" ON "+scope+" TO "+to.account()+option)
}

// accessNames are the privileges ON *.* by their bits in mysql.global_priv (10.4 and later). Bits from 30 on are of
// 10.5.2.
var accessNames = []string{
	"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "SHUTDOWN", "PROCESS", "FILE", "GRANT",
	"REFERENCES", "INDEX", "ALTER",
	"SHOW DATABASES", "SUPER", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "REPLICATION SLAVE",
	"REPLICATION CLIENT", "CREATE VIEW",
	"SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "CREATE USER", "EVENT", "TRIGGER", "CREATE TABLESPACE",
	"DELETE HISTORY",
	"SET USER", "FEDERATED ADMIN", "CONNECTION ADMIN", "READ_ONLY ADMIN", "REPLICATION SLAVE ADMIN",
	"REPLICATION MASTER ADMIN", "BINLOG ADMIN",
	"BINLOG REPLAY", "SLAVE MONITOR", "SHOW CREATE ROUTINE",
}

// globalPrivileges reads how accounts log in, and their privileges on everything.
func globalPrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	err := c.Each(ctx, "SELECT User, Host, Priv FROM mysql.global_priv", func(row []*string) error {
		user, host := mariadb.Text(row[0]), mariadb.Text(row[1])
		p, err := parsePriv(mariadb.Text(row[2]))
		if err != nil {
			t.bad[accountKey{user, host}] = err
			return nil
		}
		var names []string
		for bit, name := range accessNames {
			if p.Access>>bit&1 == 1 {
				names = append(names, name)
			}
		}
		t.login[accountKey{user, host}], t.more[accountKey{user, host}] = identifiedBy(p.authentication, p.Or), p.tail()
		t.give(user, host, names, everything)
		return nil
	})
	if mariadb.ErrorNumber(err) != noSuchTable {
		return err
	}
	t.old = true
	return oldGlobalPrivileges(ctx, c, t)
}

// noSuchTable is the server's error number.
const noSuchTable = 1146

// oldGlobalPrivileges reads mysql.user of servers before MariaDB 10.4.
func oldGlobalPrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	kinds := map[string]int{"": 0, "ANY": 1, "X509": 2, "SPECIFIED": 3}
	const more = "Password, plugin, authentication_string, ssl_type, x509_issuer, x509_subject, ssl_cipher," +
		" max_questions, max_updates," +
		" max_connections, max_user_connections, max_statement_time"
	return eachPrivileged(ctx, c, "user", more, func(user, host string, more, privileges []string) {
		own := authentication{Plugin: more[1], String: more[2]}
		if own.Plugin == "" {
			own.String = more[0]
		}
		demanded := required([]string{"", " SSL", " X509"}, kinds[more[3]], more[4], more[5], more[6])
		var numbers []json.Number
		for _, n := range more[7:] {
			numbers = append(numbers, json.Number(n))
		}
		t.login[accountKey{user, host}], t.more[accountKey{user, host}] = identifiedBy(own, nil),
			demanded+limits(numbers...)
		t.give(user, host, privileges, everything)
	})
}

// schemaPrivileges reads mysql.db.
func schemaPrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	return eachPrivileged(ctx, c, "db", "Db", func(user, host string, more, privileges []string) {
		t.give(user, host, privileges, mariadb.QuoteName(more[0])+".*")
	})
}

// privilegeWords are privileges whose column has a different name.
var privilegeWords = map[string]string{"CREATE TMP TABLE": "CREATE TEMPORARY TABLES", "SHOW DB": "SHOW DATABASES",
	"REPL SLAVE": "REPLICATION SLAVE", "REPL CLIENT": "REPLICATION CLIENT", "DELETE VERSIONING ROWS": "DELETE HISTORY"}

// eachPrivileged reads a table with a column for each privilege, such as Create_tmp_table_priv.
func eachPrivileged(ctx context.Context, c *mariadb.Client, table, more string, take func(user, host string, more,
	privileges []string)) error {
	columns, err := c.Rows(ctx, "SHOW COLUMNS FROM mysql."+table+` LIKE '%\_priv'`)
	if err != nil {
		return err
	}
	query, words := "SELECT User, Host, "+more, []string{}
	for _, column := range columns {
		name, _ := strings.CutSuffix(column[0], "_priv")
		query += ", " + mariadb.QuoteName(column[0])
		words = append(words, privilegeWord(strings.ReplaceAll(name, "_", " ")))
	}
	return c.Each(ctx, query+" FROM mysql."+table, func(row []*string) error {
		texts, privileges := []string{}, []string{}
		for _, value := range row {
			texts = append(texts, mariadb.Text(value))
		}
		first := len(row) - len(words)
		for i, word := range words {
			if texts[first+i] == "Y" {
				privileges = append(privileges, word)
			}
		}
		take(texts[0], texts[1], texts[2:first], allOf(privileges, len(words)))
		return nil
	})
}

// allOf writes all privileges of a table as one: later versions have more. GRANT OPTION is not among them.
func allOf(privileges []string, kinds int) []string {
	option := slices.Contains(privileges, "GRANT")
	switch {
	case option && len(privileges) == kinds:
		return []string{"ALL PRIVILEGES", "GRANT"}
	case !option && len(privileges) == kinds-1:
		return []string{"ALL PRIVILEGES"}
	}
	return privileges
}

func privilegeWord(name string) string {
	name = strings.ToUpper(name)
	if word := privilegeWords[name]; word != "" {
		return word
	}
	return name
}

// privilegeSet reads "Select,Create View".
func privilegeSet(text string) []string {
	var words []string
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		words = append(words, privilegeWord(name))
	}
	return words
}

// tablePrivileges reads mysql.tables_priv and mysql.columns_priv.
func tablePrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	type table struct {
		accountKey
		schema, name string
	}
	columns := map[table]map[string][]string{}
	err := c.Each(ctx, "SELECT User, Host, Db, Table_name, Column_name, Column_priv FROM mysql.columns_priv",
		func(row []*string) error {
			at := table{accountKey{mariadb.Text(row[0]), mariadb.Text(row[1])}, mariadb.Text(row[2]),
				mariadb.Text(row[3])}
			if columns[at] == nil {
				columns[at] = map[string][]string{}
			}
			for _, word := range privilegeSet(mariadb.Text(row[5])) {
				columns[at][word] = append(columns[at][word], mariadb.QuoteName(mariadb.Text(row[4])))
			}
			return nil
		})
	if err != nil {
		return err
	}
	return c.Each(ctx, "SELECT User, Host, Db, Table_name, Table_priv FROM mysql.tables_priv",
		func(row []*string) error {
			at := table{accountKey{mariadb.Text(row[0]), mariadb.Text(row[1])}, mariadb.Text(row[2]),
				mariadb.Text(row[3])}
			privileges := privilegeSet(mariadb.Text(row[4]))
			for _, word := range slices.Sorted(maps.Keys(columns[at])) {
				privileges = append(privileges, word+" ("+strings.Join(slices.Sorted(slices.Values(columns[at][word])),
					", ")+")")
			}
			t.give(at.user, at.host, privileges, mariadb.QuoteName(at.schema)+"."+mariadb.QuoteName(at.name))
			return nil
		})
}

// routinePrivileges reads mysql.procs_priv.
func routinePrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	return c.Each(ctx, "SELECT User, Host, Db, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv",
		func(row []*string) error {
			scope := strings.ToUpper(mariadb.Text(row[4])) + " " + mariadb.QuoteName(mariadb.Text(row[2])) + "." +
				mariadb.QuoteName(mariadb.Text(row[3]))
			t.give(mariadb.Text(row[0]), mariadb.Text(row[1]), privilegeSet(mariadb.Text(row[5])), scope)
			return nil
		})
}

// proxyPrivileges reads mysql.proxies_priv.
func proxyPrivileges(ctx context.Context, c *mariadb.Client, t *privilegeTables) error {
	return c.Each(ctx, "SELECT User, Host, Proxied_user, Proxied_host, With_grant FROM mysql.proxies_priv",
		func(row []*string) error {
			privileges := []string{"PROXY"}
			if mariadb.Text(row[4]) == "1" {
				privileges = append(privileges, "GRANT")
			}
			t.give(mariadb.Text(row[0]), mariadb.Text(row[1]), privileges,
				User{Name: mariadb.Text(row[2]), Host: mariadb.Text(row[3])}.account())
			return nil
		})
}

// accountKey is an account as it is in the tables.
type accountKey struct{ user, host string }

// givenRoles are the statements that grant roles, by the grantee.
func givenRoles(ctx context.Context, c *mariadb.Client) (map[accountKey][]string, error) {
	rows, err := c.Rows(ctx, "SELECT User, Host, Role, Admin_option FROM mysql.roles_mapping")
	if err != nil {
		return nil, fmt.Errorf("list the roles that are given: %w", err)
	}
	given := map[accountKey][]string{}
	for _, row := range rows {
		to := User{Name: row[0], Host: row[1], Role: row[1] == ""}
		statement := "GRANT " + mariadb.QuoteName(row[2]) + " TO " + to.account()
		if row[3] == "Y" {
			statement += " WITH ADMIN OPTION"
		}
		key := accountKey{row[0], row[1]}
		given[key] = append(given[key], statement)
	}
	return given, nil
}
