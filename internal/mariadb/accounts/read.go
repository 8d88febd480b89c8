// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// serverAccounts belong to the server itself, which creates them.
var serverAccounts = []string{"mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema"}

// Accounts are all users and roles of a server.
type Accounts struct {
	// Statements recreate them, in an order that works on the same or a newer version: CREATE USER and CREATE ROLE
	// first, without the data, the others after the data is loaded. None has a closing semicolon. They contain password
	// hashes: a file with them is secret.
	Statements []string
	// Warnings name accounts that may differ from the original.
	Warnings []string
}

// ReadUsers reads every user and role of the server. One that the server itself ignores, such as one with a host name
// if it does not resolve any, is written from the tables of the schema mysql. The account needs SELECT ON mysql.*.
func ReadUsers(ctx context.Context, c *mariadb.Client) (Accounts, error) {
	rows, err := c.Rows(ctx, "SELECT User, Host, is_role, default_role FROM mysql.user ORDER BY is_role DESC, User,"+
		" Host")
	if err != nil {
		return Accounts{}, fmt.Errorf("list the users: %w", err)
	}
	d := &describing{Client: c}
	if err := d.prepare(ctx); err != nil {
		return Accounts{}, err
	}
	var users []User
	for _, row := range rows {
		u := User{Name: row[0], Host: row[1], Role: row[2] == "Y", DefaultRole: row[3]}
		if slices.Contains(serverAccounts, u.Name) {
			continue
		}
		kept, err := d.describe(ctx, &u)
		if err != nil {
			return Accounts{}, fmt.Errorf("describe the user %s: %w", excerpt.UpTo(300, u.account()), err)
		}
		if kept {
			users = append(users, u)
		}
	}
	statements, err := UserStatements(users)
	return Accounts{Statements: statements, Warnings: d.warnings()}, err
}
