// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// LoginTotals is how many logins a server has counted, since it started or was told to count anew.
type LoginTotals struct {
	Counter LoginCounter
	// Accounts are those of LoginsByAccount; Users, who may come over the network, and Sums those of LoginsByUser.
	Accounts map[Account]int64
	Users    map[string]int64
	Sums
}

// Account is a user and where it logs in from: fromSocket, a name or an address.
type Account struct{ User, Host string }

// Login is a number of logins of one user; Host is empty if it is not known.
type Login struct {
	Account
	Count int64
}

// Sums are the logins of all users together, with LoginsByUser, which does not say where a user came from.
type Sums struct {
	// Remote came over the network, Local through the socket: together all that the server has counted by host.
	Remote int64 `json:"remote"`
	Local  int64 `json:"local"`
	// OnlyLocal are those of users who cannot come over the network, and All those of all users: by user.
	OnlyLocal int64 `json:"only_local"`
	All       int64 `json:"all"`
}

// maxLogins is how many rows are read; the counts of a server with more are not used. The rows have no order, and users
// that come and go in a part of them would look like new ones.
const maxLogins = 10_000

var (
	accountsQuery = fmt.Sprintf("SELECT 'account', user, host, total_connections FROM performance_schema.accounts"+
		" WHERE user IS NOT NULL AND host IS NOT NULL LIMIT %d", maxLogins+1)
	userstatQuery = fmt.Sprintf("SELECT 'user', user, '', total_connections FROM information_schema.user_statistics"+
		" UNION ALL SELECT 'host', '', client, total_connections FROM information_schema.client_statistics LIMIT %d",
		maxLogins+1)
	// A user without an account may come as an anonymous one, from wherever that may.
	onlyLocalQuery = fmt.Sprintf("SELECT user FROM mysql.user GROUP BY user HAVING SUM(host <> '%s') = 0 AND NOT EXISTS"+
		" (SELECT 1 FROM mysql.user WHERE user = '' AND host <> '%[1]s') LIMIT %d", fromSocket, maxLogins)
)

// ReadLogins reads how many logins of each user the server has counted. If it counts none, or not for this account, the
// counter is LoginsNotCounted; an error is one of the connection. userstat needs PROCESS, and performance_schema needs
// SELECT ON performance_schema.accounts; with userstat, more logins are found with SELECT ON mysql.user. It costs the
// server about as much as reading its status, and a tenth of that if neither is on.
func ReadLogins(ctx context.Context, c *mariadb.Client) (LoginTotals, error) {
	none := LoginTotals{Counter: LoginsNotCounted}
	switches, err := c.Rows(ctx, "SELECT @@GLOBAL.performance_schema, @@GLOBAL.userstat")
	if err != nil || len(switches) != 1 {
		return none, beyondServer(err)
	}
	for i, source := range []struct {
		counter LoginCounter
		query   string
	}{{LoginsByAccount, accountsQuery}, {LoginsByUser, userstatQuery}} {
		if on, _ := mariadb.OnOff(switches[0][i]); !on {
			continue
		}
		rows, err := c.Rows(ctx, source.query)
		if err := beyondServer(err); err != nil {
			return none, err
		}
		if err != nil || len(rows) == 0 || len(rows) > maxLogins {
			continue
		}
		var onlyLocal []string
		if source.counter == LoginsByUser {
			if onlyLocal, err = readOnlyLocal(ctx, c); err != nil {
				return none, err
			}
		}
		return parseLogins(source.counter, rows, onlyLocal)
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

func parseLogins(counter LoginCounter, rows [][]string, onlyLocal []string) (LoginTotals, error) {
	totals := LoginTotals{Counter: counter, Accounts: map[Account]int64{}, Users: map[string]int64{}}
	for _, row := range rows {
		n, err := strconv.ParseInt(row[3], 10, 64)
		if err != nil {
			return LoginTotals{Counter: LoginsNotCounted}, fmt.Errorf("read the counts of logins: %q is not a number",
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

func (t *LoginTotals) addUser(user string, n int64, onlyLocal bool) {
	if t.All += n; onlyLocal {
		t.OnlyLocal += n
	} else {
		t.Users[user] = n
	}
}

func (t *LoginTotals) addHost(host string, n int64) {
	if host == fromSocket {
		t.Local += n
	} else {
		t.Remote += n
	}
}

// Since returns the logins of clients since an earlier reading, by user and host. Left out are those through the socket
// (of health checks, the resource agent and tools of this host), those of ownUser and of ignored users, and, where the
// host of a user is not known, those of root and mysql.
//
// It never reports too many: counts that were reset, or a server that was started again, only hide logins. Where the
// host of a user is not known, a login counts only if it cannot have come through the socket: those of a user beyond
// all logins through the socket, without the ones of users who have no other way. Whoever else comes over the network
// in the meantime, ignored or not, lends none of its logins to a user of the socket.
func (t LoginTotals) Since(before LoginTotals, ownUser string, ignore []string) []Login {
	if t.Counter != before.Counter {
		return nil
	}
	var logins []Login
	for account, n := range growth(before.Accounts, t.Accounts) {
		if client(account.User, ownUser, ignore) && account.Host != fromSocket {
			logins = append(logins, Login{account, n})
		}
	}
	if local, known := t.perhapsLocal(before); known {
		for user, n := range growth(before.Users, t.Users) {
			if client(user, ownUser, ignore) && !oftenLocal(user) && n > local {
				logins = append(logins, Login{Account{User: user}, n - local})
			}
		}
	}
	slices.SortFunc(logins, func(a, b Login) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host))
	})
	return logins
}

// perhapsLocal returns how many logins through the socket, since an earlier reading, were those of users who may also
// come over the network. It is not known if counts were reset, or accounts changed, or if somebody logged in between
// the server's two tables: the sums by user and by host do not grow alike then.
func (t LoginTotals) perhapsLocal(before LoginTotals) (int64, bool) {
	for user, n := range before.Users {
		if t.Users[user] < n {
			return 0, false
		}
	}
	now, then := t.Sums, before.Sums
	remote, local, only := now.Remote-then.Remote, now.Local-then.Local, now.OnlyLocal-then.OnlyLocal
	alike := now.All-then.All == remote+local
	return local - only, alike && remote >= 0 && only >= 0 && local >= only
}

// client reports a user that is none of ours, of the server's and of the ignored.
func client(user, ownUser string, ignore []string) bool {
	return user != "" && user != ownUser && user != systemUser && !serverThread(Process{User: user}) &&
		!slices.Contains(ignore, user)
}

// oftenLocal reports a user whose logins are no client's unless they are known to come over the network.
func oftenLocal(user string) bool { return user == "root" || user == "mysql" }

// systemUser is the name under which userstat counts the threads of the server.
const systemUser = "#mysql_system_user#"

// growth returns what has grown. A key that is new has grown from zero.
func growth[K comparable](before, after map[K]int64) map[K]int64 {
	grown := map[K]int64{}
	for key, n := range after {
		if more := n - before[key]; more > 0 {
			grown[key] = more
		}
	}
	return grown
}
