// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// maxRows is how many rows are read; the counts of a server with more are not used. The rows have no order, and users
// that come and go in a part of them would look like new ones.
const maxRows = 10_000

var (
	accountsQuery = fmt.Sprintf("SELECT 'account', user, host, total_connections FROM performance_schema.accounts"+
		" WHERE user IS NOT NULL AND host IS NOT NULL LIMIT %d", maxRows+1)
	userstatQuery = fmt.Sprintf("SELECT 'user', user, '', total_connections FROM information_schema.user_statistics"+
		" UNION ALL SELECT 'host', '', client, total_connections FROM information_schema.client_statistics LIMIT %d",
		maxRows+1)
	// A user without an account may come as an anonymous one, from wherever that may.
	onlyLocalQuery = fmt.Sprintf("SELECT user FROM mysql.user GROUP BY user HAVING SUM(host <> '%s') = 0 AND NOT"+
		" EXISTS (SELECT 1 FROM mysql.user WHERE user = '' AND host <> '%[1]s') LIMIT %d", FromSocket, maxRows)
)

// Read reads how many logins of each user the server has counted. If it counts none, or not for this account, the
// counter is NotCounted; an error is one of the connection. userstat needs PROCESS, and performance_schema needs
// SELECT ON performance_schema.accounts; with userstat, more logins are found with SELECT ON mysql.user. It costs the
// server about as much as reading its status, and a tenth of that if neither is on.
func Read(ctx context.Context, c *mariadb.Client) (Totals, error) {
	none := Totals{Counter: NotCounted}
	switches, err := c.Rows(ctx, "SELECT @@GLOBAL.performance_schema, @@GLOBAL.userstat")
	if err != nil || len(switches) != 1 {
		return none, beyondServer(err)
	}
	for i, source := range []struct {
		counter Counter
		query   string
	}{{ByAccount, accountsQuery}, {ByUser, userstatQuery}} {
		if on, _ := mariadb.OnOff(switches[0][i]); !on {
			continue
		}
		rows, err := c.Rows(ctx, source.query)
		if err := beyondServer(err); err != nil {
			return none, err
		}
		if err != nil || len(rows) == 0 || len(rows) > maxRows {
			continue
		}
		var onlyLocal []string
		if source.counter == ByUser {
			if onlyLocal, err = readOnlyLocal(ctx, c); err != nil {
				return none, err
			}
		}
		return parse(source.counter, rows, onlyLocal)
	}
	return none, nil
}

// readOnlyLocal returns the users all of whose accounts are for the socket; none if they may not be read.
func readOnlyLocal(ctx context.Context, c *mariadb.Client) ([]string, error) {
	rows, err := c.Rows(ctx, onlyLocalQuery)
	if err := beyondServer(err); err != nil {
		return nil, err
	}
	users := []string{}
	for _, row := range rows {
		users = append(users, row[0])
	}
	return users, nil
}

// beyondServer returns an error unless the server itself refused the query: it lacks the table, or forbids it.
func beyondServer(err error) error {
	if err == nil || mariadb.ErrorNumber(err) != 0 {
		return nil
	}
	return fmt.Errorf("read the counts of logins: %w", err)
}

func parse(counter Counter, rows [][]string, onlyLocal []string) (Totals, error) {
	totals := Totals{Counter: counter, Accounts: map[Account]int64{}, Users: map[string]int64{}}
	for _, row := range rows {
		n, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			return Totals{Counter: NotCounted}, fmt.Errorf("read the counts of logins: %q is not a number",
				excerpt.Of(row[3]))
		}
		switch row[0] {
		case "account":
			totals.Accounts[Account{row[1], row[2]}] = n
		case "user":
			totals.addUser(row[1], n, slices.Contains(onlyLocal, row[1]))
		case "host":
			totals.addHost(row[2], n)
		}
	}
	return totals, nil
}
