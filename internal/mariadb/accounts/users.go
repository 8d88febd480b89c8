// SPDX-License-Identifier: GPL-3.0-or-later

// Package accounts reads the users, roles and privileges of a server, and writes the statements that recreate them.
package accounts

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// User is one account or role of the server.
type User struct {
	Name, Host string
	Role       bool
	// DefaultRole is empty if there is none.
	DefaultRole string
	// Create is SHOW CREATE USER, empty for roles and before MariaDB 10.4; After is the rest of its answer, in rows of
	// its own.
	Create string
	// Login says how the account logs in, as in CREATE USER, if Create is empty.
	Login string
	After []string
	// Grants are the lines of SHOW GRANTS.
	Grants []string
}

// publicRole is all accounts (MariaDB 10.11 and later). It is never created, only granted to.
const publicRole = "PUBLIC"

// account returns the user or role as statements name it.
func (u User) account() string {
	switch {
	case u.Name == publicRole && u.Role:
		return publicRole
	case u.Role:
		return mariadb.QuoteName(u.Name)
	}
	return mariadb.QuoteName(u.Name) + "@" + mariadb.QuoteName(u.Host)
}

// plain returns the account as in Grant.To.
func (u User) plain() string {
	if u.Role {
		return u.Name
	}
	return u.Name + "@" + u.Host
}

// UserStatements orders the statements: roles and users first, since a grant names both ends, then grants, then each
// user's properties once more. These come last for two reasons: a user that exists already (root) was not created, and
// a GRANT that repeats the password would revert PASSWORD EXPIRE.
func UserStatements(users []User) ([]string, error) {
	var create, grant, packages, alter, roles []string
	for _, u := range users {
		if u.account() != publicRole {
			create = append(create, u.create())
		}
		own, err := u.ownGrants()
		if err != nil {
			return nil, err
		}
		for _, line := range own {
			if onPackage(line) {
				packages = append(packages, line)
			} else {
				grant = append(grant, line)
			}
		}
		if tail, found := strings.CutPrefix(u.Create, "CREATE USER "); found {
			alter = append(alter, "ALTER USER "+tail) // 10.2 and 10.3 have no IF EXISTS
		}
		alter = append(alter, u.After...)
		if u.DefaultRole != "" {
			roles = append(roles, "SET DEFAULT ROLE "+mariadb.QuoteName(u.DefaultRole)+" FOR "+u.account())
		}
	}
	if len(packages) > 0 {
		// Servers before MariaDB 11.4 know packages in this mode only.
		packages = slices.Concat([]string{"SET sql_mode = 'ORACLE'"}, packages, []string{"SET sql_mode = ''"})
	}
	return slices.Concat(create, grant, packages, alter, roles), nil
}

// onPackage reports whether a line of SHOW GRANTS is about a package or its body. A role may have such words in its
// name: its grant works in the other mode, too.
func onPackage(line string) bool {
	return strings.Contains(line, " ON PACKAGE ")
}

func (u User) create() string {
	if u.Role {
		return "CREATE ROLE IF NOT EXISTS " + u.account()
	}
	if tail, found := strings.CutPrefix(u.Create, "CREATE USER "); found {
		return "CREATE USER IF NOT EXISTS " + tail
	}
	return "CREATE USER IF NOT EXISTS " + u.account() + u.Login
}

// ownGrants leaves out the lines that a role shows of the roles granted to it, and SET DEFAULT ROLE, which newer
// servers show here and older ones do not. The server's order follows its hash tables and may repeat a line: ours is
// sorted.
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
