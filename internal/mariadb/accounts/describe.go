// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"context"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// describing asks a server for its accounts, one by one, and takes what it does not report from the tables of the
// schema mysql.
type describing struct {
	*mariadb.Client
	// unescaped says that the server's statements cannot be parsed: before MariaDB 10.4 nothing is escaped in the names
	// of accounts, and those of roles and columns are not even quoted.
	unescaped bool
	// tables is read when the first account needs it.
	tables *privilegeTables
	// asleep are the accounts that the server ignores, lost those that could not be written, and without those whose
	// plugin is not loaded.
	asleep, lost, without []string
}

// prepare reads what all accounts need.
func (d *describing) prepare(ctx context.Context) error {
	version, err := d.Value(ctx, "SELECT VERSION()")
	if err != nil {
		return fmt.Errorf("read the server's version: %w", err)
	}
	d.unescaped = olderVersion(version, 10, 4)
	rows, err := d.Rows(ctx, "SELECT User, Host, plugin FROM mysql.user WHERE plugin <> '' AND plugin NOT IN"+
		" (SELECT plugin_name FROM information_schema.plugins WHERE plugin_status = 'ACTIVE') ORDER BY User, Host")
	if err != nil {
		return fmt.Errorf("list the accounts whose plugin is not loaded: %w", err)
	}
	for _, row := range rows {
		d.without = append(d.without, User{Name: row[0], Host: row[1]}.account()+" ("+row[2]+")")
	}
	return nil
}

// olderVersion reports whether a server's version, such as 10.2.11-MariaDB, is older than another one, or not known.
func olderVersion(version string, major, minor int) bool {
	var first, second int
	n, _ := fmt.Sscanf(version, "%d.%d", &first, &second)
	return n != 2 || first < major || first == major && second < minor
}

// describe reads one account's statements. kept is false for an account of which only the name is known.
func (d *describing) describe(ctx context.Context, u *User) (kept bool, err error) {
	err = d.ask(ctx, u)
	if err == nil && !d.unescaped {
		if _, err = u.ownGrants(); err == nil {
			return true, nil
		}
	} else if err != nil && !aboutAccount(err) {
		return false, err
	}
	asleep := err != nil
	u.Create, u.After, u.Grants = "", nil, nil
	if d.tables == nil {
		if d.tables, err = readPrivileges(ctx, d.Client); err != nil {
			return false, err
		}
	}
	if err := d.tables.describe(u); err != nil {
		d.lost = append(d.lost, u.account()+" ("+err.Error()+")")
		return false, nil
	}
	if asleep {
		d.asleep = append(d.asleep, u.account())
	}
	return true, nil
}

// aboutAccount reports whether a server refused a question because of the account that it was about, such as one with a
// host name while skip_name_resolve is ON, or one whose row it cannot read: it knows only what it loaded when it
// started. A server that is shutting down, or a question without permission, is a different case.
func aboutAccount(err error) bool {
	switch mariadb.ErrorNumber(err) {
	case 0, 1044, 1045, 1053, 1142, 1143, 1205, 1227, 1290, 1317, 1927, 1969:
		return false
	}
	return true
}

// ask reads an account's statements from the server.
func (d *describing) ask(ctx context.Context, u *User) error {
	rows, err := d.Rows(ctx, "SHOW GRANTS FOR "+u.account())
	if err != nil {
		return err
	}
	for _, row := range rows {
		u.Grants = append(u.Grants, row[0])
	}
	if u.Role || d.unescaped {
		return nil
	}
	rows, err = d.Rows(ctx, "SHOW CREATE USER "+u.account())
	for i, row := range rows {
		if i == 0 {
			u.Create = row[0]
		} else {
			u.After = append(u.After, row[0])
		}
	}
	return err
}

// warnings name what differs from the original.
func (d *describing) warnings() []string {
	var all []string
	add := func(format string, names []string) {
		if len(names) > 0 {
			all = append(all, fmt.Sprintf(format, excerpt.Names(names)))
		}
	}
	add("the server ignores these accounts (a host name with skip_name_resolve, or a row that it does not"+
		" understand), and they were"+
		" written from the tables of the schema mysql: %s", d.asleep)
	add("these accounts are not in the set, because neither the server nor its tables describe them: %s", d.lost)
	add("the plugin by which these accounts log in is not loaded, and a server without it refuses to create them: %s",
		d.without)
	return all
}
