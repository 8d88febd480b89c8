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

// Logins are the logins of clients that a server has counted, by user: what of LoginTotals is small enough to be kept
// in facts and in a decision, for a later comparison.
type Logins struct {
	Counter LoginCounter `json:"counter"`
	// Reader is the user who read them: it is left out, and another one would be compared with nothing.
	Reader string `json:"reader"`
	// Uptime is that of the server when it was asked, in seconds: its clock cannot be set.
	Uptime int64 `json:"uptime"`
	// Users are those that LoginTotals.Since does not leave out. TooMany says that there are more than MaxLoginUsers;
	// none is listed then.
	Users   []UserLogins `json:"users"`
	TooMany bool         `json:"too_many"`
	Sums
}

// UserLogins is how often a user has logged in; with LoginsByAccount over the network only.
type UserLogins struct {
	User   string `json:"user"`
	Logins int64  `json:"logins"`
}

const (
	// MaxLoginUsers is how many users Logins has; OpenStack has some 20.
	MaxLoginUsers = 200
	// maxUserName is the longest name of a user, in bytes: 128 characters.
	maxUserName = 4 * 128
)

// NoLogins are those of a server that counts none, or was not asked.
func NoLogins(counter LoginCounter) Logins { return Logins{Counter: counter, Users: []UserLogins{}} }

// ClientLogins reads them without those of the account that reads, and of ignored users. The conditions are those of
// ReadLogins.
func ClientLogins(ctx context.Context, c *mariadb.Client, ignore []string) (Logins, error) {
	totals, err := ReadLogins(ctx, c)
	if err != nil || totals.Counter == LoginsNotCounted {
		return NoLogins(totals.Counter), err
	}
	rows, err := c.Rows(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'")
	if err != nil || len(rows) != 1 {
		return NoLogins(LoginsNotCounted), beyondServer(err)
	}
	l := totals.kept(c.Reached().User, ignore)
	if l.Uptime, err = strconv.ParseInt(rows[0][1], 10, 64); err != nil {
		return NoLogins(LoginsNotCounted), fmt.Errorf("read the counts of logins: the uptime %q is not a number",
			excerpt.Of(rows[0][1]))
	}
	return l, nil
}

// kept sums up all that the server has counted, as logins since nothing was.
func (t LoginTotals) kept(ownUser string, ignore []string) Logins {
	l := NoLogins(t.Counter)
	l.Reader, l.Sums = ownUser, t.Sums
	byUser := map[string]int64{}
	for account, n := range t.Accounts {
		if client(account.User, ownUser, ignore) && account.Host != fromSocket {
			byUser[account.User] += n
		}
	}
	for user, n := range t.Users {
		if client(user, ownUser, ignore) && !oftenLocal(user) {
			byUser[user] += n
		}
	}
	if l.TooMany = len(byUser) > MaxLoginUsers; l.TooMany {
		return l
	}
	for user, n := range byUser {
		l.Users = append(l.Users, UserLogins{user, n})
	}
	slices.SortFunc(l.Users, func(a, b UserLogins) int { return cmp.Compare(a.User, b.User) })
	return l
}

// Kept returns what a decision keeps of a host's facts; nil if nothing can be compared with it, or if no server reports
// such values.
func (l Logins) Kept() *Logins {
	strange := func(u UserLogins) bool { return len(u.User) > maxUserName || u.Logins < 0 }
	counts := l.Counter == LoginsByAccount || l.Counter == LoginsByUser
	if !counts || l.TooMany || len(l.Users) > MaxLoginUsers || slices.ContainsFunc(l.Users, strange) ||
		len(l.Reader) > maxUserName || min(l.Uptime, l.Remote, l.Local, l.OnlyLocal, l.All) < 0 {
		return nil
	}
	return &l
}

// Follows reports whether this reading can be compared with an earlier one: of the same counter, by the same user, and
// of a server that has been running for no less time.
func (l Logins) Follows(before Logins) bool {
	return l.Kept() != nil && before.Kept() != nil && l.Counter == before.Counter && l.Reader == before.Reader &&
		l.Uptime >= before.Uptime
}

// Since returns the logins since an earlier reading, by user; none if it does not follow that. Like LoginTotals.Since
// it never reports too many, unless the server was started again and has been running for longer than before.
func (l Logins) Since(before Logins) []Login {
	if !l.Follows(before) {
		return nil
	}
	return l.totals().Since(before.totals(), "", nil)
}

func (l Logins) totals() LoginTotals {
	t := LoginTotals{Counter: l.Counter, Accounts: map[Account]int64{}, Users: map[string]int64{}, Sums: l.Sums}
	for _, u := range l.Users {
		if l.Counter == LoginsByUser {
			t.Users[u.User] = u.Logins
		} else {
			t.Accounts[Account{User: u.User}] = u.Logins
		}
	}
	return t
}
