// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// User is one account or role of the server.
type User struct {
	Name, Host string
	Role       bool
	// DefaultRole is empty when there is none.
	DefaultRole string
	// Create is SHOW CREATE USER, empty for roles and before MariaDB 10.2; After what stands behind it in rows of its own.
	Create string
	After  []string
	// Grants are the lines of SHOW GRANTS.
	Grants []string
}

// serverAccounts belong to the server itself: it makes them.
var serverAccounts = []string{"mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema"}

// publicRole is everybody (MariaDB 10.11 and later). It is never created, only granted to.
const publicRole = "PUBLIC"

// syntaxError is the server's word for SHOW CREATE USER before MariaDB 10.2.
const syntaxError = 1064

// Users writes every user and role of the server as statements that make them again, in an order that works on the
// same or a newer version once the data is there, each without a closing semicolon. They hold password hashes: a file
// with them is secret. The account needs SELECT ON mysql.*.
func (c *Client) Users(ctx context.Context) ([]string, error) {
	rows, err := c.Rows(ctx, "SELECT User, Host, is_role, default_role FROM mysql.user ORDER BY is_role DESC, User, Host")
	if err != nil {
		return nil, fmt.Errorf("list the users: %w", err)
	}
	var users []User
	for _, row := range rows {
		u := User{Name: row[0], Host: row[1], Role: row[2] == "Y", DefaultRole: row[3]}
		if slices.Contains(serverAccounts, u.Name) {
			continue
		}
		if err := c.describe(ctx, &u); err != nil {
			return nil, fmt.Errorf("describe the user %s: %w", excerpt.UpTo(300, u.account()), err)
		}
		users = append(users, u)
	}
	return UserStatements(users)
}

// describe asks the server for one account's statements.
func (c *Client) describe(ctx context.Context, u *User) error {
	rows, err := c.Rows(ctx, "SHOW GRANTS FOR "+u.account())
	if err != nil {
		return err
	}
	for _, row := range rows {
		u.Grants = append(u.Grants, row[0])
	}
	if u.Role {
		return nil
	}
	rows, err = c.Rows(ctx, "SHOW CREATE USER "+u.account())
	if ErrorNumber(err) == syntaxError {
		return nil
	}
	for i, row := range rows {
		if i == 0 {
			u.Create = row[0]
		} else {
			u.After = append(u.After, row[0])
		}
	}
	return err
}

// account is the user or role as it stands in statements.
func (u User) account() string {
	switch {
	case u.Name == publicRole && u.Role:
		return publicRole
	case u.Role:
		return quoteName(u.Name)
	}
	return quoteName(u.Name) + "@" + quoteName(u.Host)
}

// plain is the account as Grant.To has it.
func (u User) plain() string {
	if u.Role {
		return u.Name
	}
	return u.Name + "@" + u.Host
}

// UserStatements orders the statements: roles and users first, since a grant names both ends, then grants, then each
// user's properties once more. These come last for two reasons: a user that exists already (root) was not created, and
// a GRANT that repeats the password would take back PASSWORD EXPIRE.
func UserStatements(users []User) ([]string, error) {
	var create, grant, alter, roles []string
	for _, u := range users {
		if u.account() != publicRole {
			create = append(create, u.create())
		}
		own, err := u.ownGrants()
		if err != nil {
			return nil, err
		}
		grant = append(grant, own...)
		if tail, found := strings.CutPrefix(u.Create, "CREATE USER "); found {
			alter = append(alter, "ALTER USER IF EXISTS "+tail)
		}
		alter = append(alter, u.After...)
		if u.DefaultRole != "" {
			roles = append(roles, "SET DEFAULT ROLE "+quoteName(u.DefaultRole)+" FOR "+u.account())
		}
	}
	return slices.Concat(create, grant, alter, roles), nil
}

func (u User) create() string {
	if u.Role {
		return "CREATE ROLE IF NOT EXISTS " + u.account()
	}
	if tail, found := strings.CutPrefix(u.Create, "CREATE USER "); found {
		return "CREATE USER IF NOT EXISTS " + tail
	}
	return "CREATE USER IF NOT EXISTS " + u.account()
}

// ownGrants leaves out the lines that a role shows of the roles it holds, and SET DEFAULT ROLE, which newer servers
// show here and older ones do not. The server's order follows its hash tables and may repeat a line: ours is sorted.
func (u User) ownGrants() ([]string, error) {
	var own []string
	for _, line := range u.Grants {
		if strings.HasPrefix(line, "SET DEFAULT ROLE ") {
			continue
		}
		g, err := parseGrant(line)
		if err != nil {
			return nil, fmt.Errorf("read a grant of %s: %w", excerpt.UpTo(300, u.account()), err)
		}
		if g.To == u.plain() {
			own = append(own, line)
		}
	}
	slices.Sort(own)
	return slices.Compact(own), nil
}
