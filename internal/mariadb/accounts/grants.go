// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/token"
)

// Grants are the effective privileges of an account: its own, those of its enabled role and those of PUBLIC.
type Grants []Grant

// Grant is one line of SHOW GRANTS that gives privileges.
type Grant struct {
	// Privileges in capitals, without column lists, such as "SELECT", "BINLOG MONITOR", "ALL PRIVILEGES".
	Privileges []string
	// Scope is the part after ON, such as "*.*", "`nova`.*", "PROCEDURE `sys`.`diagnostics`".
	Scope string
	// Columns says that a privilege is granted only for some columns.
	Columns bool
	// To is the account or role without quotes: "root@localhost", "nova_reader", "PUBLIC".
	To string
}

// everything is the scope of privileges on all schemas.
const everything = "*.*"

// ReadGrants reads the privileges of the connected account.
func ReadGrants(ctx context.Context, c *mariadb.Client) (Grants, error) {
	rows, err := c.Rows(ctx, "SHOW GRANTS")
	if err != nil {
		return nil, fmt.Errorf("read our grants: %w", err)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = row[0]
	}
	return ParseGrants(lines)
}

// ParseGrants reads the lines of SHOW GRANTS. Lines that grant a role, and SET DEFAULT ROLE, contain no privilege and
// are skipped; anything else is an error.
func ParseGrants(lines []string) (Grants, error) {
	var grants Grants
	for _, line := range lines {
		g, err := parseGrant(line)
		if err != nil {
			return nil, fmt.Errorf("read the grant %q: %w", excerpt.Of(line), err)
		}
		if g.Scope != "" {
			grants = append(grants, g)
		}
	}
	return grants, nil
}

// Missing lists which of the required privileges (such as "RELOAD", "BINLOG MONITOR") are not granted ON *.*, in the
// given order. A server before MariaDB 10.5 has REPLICATION CLIENT where later ones have BINLOG MONITOR and SLAVE
// MONITOR.
func (g Grants) Missing(wanted ...string) []string {
	var missing []string
	for _, privilege := range wanted {
		names := append(olderNames[privilege], privilege, "ALL PRIVILEGES", "ALL")
		if !g.holdAny(names) {
			missing = append(missing, privilege)
		}
	}
	return missing
}

var olderNames = map[string][]string{
	"BINLOG MONITOR": {"REPLICATION CLIENT"},
	"SLAVE MONITOR":  {"REPLICATION CLIENT", "REPLICA MONITOR"},
}

func (g Grants) holdAny(names []string) bool {
	return slices.ContainsFunc(g, func(grant Grant) bool {
		return grant.Scope == everything && slices.ContainsFunc(grant.Privileges, func(p string) bool {
			return slices.Contains(names, p)
		})
	})
}

// parseGrant reads one line, such as
//
//	GRANT SELECT (`user`, `host`), INSERT ON `mysql`.`user` TO `a``b`@`10.%` WITH GRANT OPTION
//	GRANT `nova_reader` TO `reporter`@`10.%`
//
// Names stand in backticks, in double quotes under ANSI_QUOTES. Before MariaDB 10.4 those of accounts stand in single
// quotes, in which nothing is escaped, and a role that is given is not quoted at all:
//
//	GRANT it's, or TO TO 'o'brien'@'%'
//
// Such a line contains no privilege if it cannot be read.
func parseGrant(line string) (Grant, error) {
	tokens, open := token.Split(line)
	if len(tokens) > 2 && tokens[0].Is("SET") && tokens[1].Is("DEFAULT") {
		return Grant{}, nil
	}
	if len(tokens) == 0 || !tokens[0].Is("GRANT") {
		return Grant{}, fmt.Errorf("it does not begin with GRANT")
	}
	on, to, second := parts(tokens)
	switch {
	case on < 0 && (open != nil || to < 0 && len(tokens) > 1), on >= 0 && second:
		return Grant{}, nil // a role whose name is not quoted
	case open != nil && (to < 0 || !strings.HasPrefix(line[tokens[to].End:], " '")):
		return Grant{}, open
	case to < 0 || to == len(tokens)-1 && open == nil || on > to:
		return Grant{}, fmt.Errorf("it does not name the grantee (TO)")
	}
	g := Grant{To: strings.TrimSpace(line[tokens[to].End:])}
	if open == nil {
		g.To = account(tokens[to+1:])
	}
	if on < 0 {
		return g, nil
	}
	g.Scope = join(tokens[on+1 : to])
	g.Privileges, g.Columns = privileges(tokens[1:on])
	if g.Scope == "" || len(g.Privileges) == 0 {
		return Grant{}, fmt.Errorf("it does not name the privilege and its object (ON)")
	}
	return g, nil
}

// parts finds the words ON and TO, -1 if there is none. second reports that there is another TO.
func parts(tokens []token.Token) (on, to int, second bool) {
	on, to = -1, -1
	for i, t := range tokens {
		switch {
		case t.Is("ON") && on < 0:
			on = i
		case t.Is("TO") && to < 0:
			to = i
		case t.Is("TO"):
			second = true
		}
	}
	return on, to, second
}

// privileges joins the words between commas and leaves out column lists.
func privileges(tokens []token.Token) (list []string, columns bool) {
	depth := 0
	var words []string
	flush := func() {
		if len(words) > 0 {
			list = append(list, strings.Join(words, " "))
		}
		words = nil
	}
	for _, t := range tokens {
		switch {
		case t.Symbol('('):
			depth++
			columns = true
		case t.Symbol(')'):
			depth--
		case depth > 0:
		case t.Symbol(','):
			flush()
		default:
			words = append(words, strings.ToUpper(t.Text))
		}
	}
	flush()
	return list, columns
}

// account is user@host, or a role's name alone.
func account(tokens []token.Token) string {
	if len(tokens) > 2 && tokens[1].Symbol('@') {
		return tokens[0].Text + "@" + tokens[2].Text
	}
	return tokens[0].Text
}

// join writes a scope back with backticks, with a space only after a word: "PROCEDURE `a`.`b`".
func join(tokens []token.Token) string {
	var b strings.Builder
	for i, t := range tokens {
		switch {
		case t.Quoted:
			b.WriteString(mariadb.QuoteName(t.Text))
		default:
			b.WriteString(t.Text)
			if i+1 < len(tokens) && len(t.Text) > 1 && (tokens[i+1].Quoted || len(tokens[i+1].Text) > 1) {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}
