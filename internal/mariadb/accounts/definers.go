// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"context"
	"slices"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// Beyond returns the first grant by which accounts with a user's name may do more than with the schemas named; empty if
// there is none. A server runs a program as whichever of them fits its definer's host, or as an anonymous one. The
// account needs SELECT ON mysql.*.
func Beyond(ctx context.Context, c *mariadb.Client, user string, schemas ...string) (string, error) {
	rows, err := c.Rows(ctx, "SELECT User, Host, is_role FROM mysql.user WHERE User = ? OR User = ''", user)
	if err != nil {
		return "", err
	}
	d := &describing{Client: c}
	if err := d.prepare(ctx); err != nil {
		return "", err
	}
	for _, row := range rows {
		u := User{Name: row[0], Host: row[1], Role: row[2] == "Y"}
		known, err := d.describe(ctx, &u)
		if err != nil {
			return "", err
		}
		if !known {
			return "what nobody can read of " + u.account(), nil
		}
		for _, grant := range u.Grants {
			confined, err := confinedTo(grant, schemas)
			if err != nil {
				return "", err
			}
			if line, _, _ := strings.Cut(grant, " IDENTIFIED "); !confined {
				return line, nil
			}
		}
	}
	return "", nil
}

// confinedTo reports that a grant gives nothing beyond schemas. A role may give anything.
func confinedTo(line string, schemas []string) (bool, error) {
	g, err := parseGrant(line)
	if err != nil {
		return false, err
	}
	if g.Scope == "" {
		return strings.HasPrefix(line, "SET DEFAULT ROLE "), nil
	}
	if len(g.Privileges) == 1 && g.Privileges[0] == "USAGE" && !strings.Contains(line, " WITH GRANT OPTION") {
		return true, nil
	}
	scope := strings.TrimPrefix(strings.TrimPrefix(g.Scope, "PROCEDURE "), "FUNCTION ")
	return slices.ContainsFunc(schemas, func(schema string) bool {
		// The name is a pattern, in which "_" is any letter, unless it is escaped.
		exact := strings.ReplaceAll(schema, "_", `\_`)
		return strings.HasPrefix(scope, mariadb.QuoteName(schema)+".") ||
			strings.HasPrefix(scope, mariadb.QuoteName(exact)+".")
	}), nil
}
