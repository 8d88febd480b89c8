// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// Counted is how many logins of clients a server has counted, by user: the part of Totals that is small enough for
// facts and decisions, in which it is kept for a later comparison. Totals.Since finds more than Counted.Since: hosts of
// clients, and a reset of the counts of users who are left out here.
type Counted struct {
	Counter Counter `json:"counter"`
	// Reader is the user who read them: it is left out, and another one would be compared with nothing.
	Reader string `json:"reader"`
	// Uptime is that of the server when it was asked, in seconds: its clock cannot be set.
	Uptime int64 `json:"uptime"`
	// Users are those that Totals.Since does not leave out. TooMany says that there are more than MaxUsers; none is
	// listed then.
	Users   []User `json:"users"`
	TooMany bool   `json:"too_many"`
	Sums
}

// User is how often a user has logged in; with ByAccount over the network only.
type User struct {
	Name   string `json:"user"`
	Logins int64  `json:"logins"`
}

const (
	// MaxUsers is how many users Counted has; OpenStack has some 20.
	MaxUsers = 200
	// maxUserName is the longest name of a user, in bytes: 128 characters.
	maxUserName = 4 * 128
)

// None is what a server has counted that counts no logins, or was not asked.
func None(counter Counter) Counted { return Counted{Counter: counter, Users: []User{}} }

// OfClients reads the logins of all users except the account that reads, and ignored ones. It has the conditions and
// errors of Read.
func OfClients(ctx context.Context, c *mariadb.Client, ignore []string) (Counted, error) {
	totals, err := Read(ctx, c)
	if err != nil || totals.Counter == NotCounted {
		return None(totals.Counter), err
	}
	rows, err := c.Rows(ctx, "SHOW GLOBAL STATUS LIKE 'Uptime'")
	if err != nil || len(rows) != 1 {
		return None(NotCounted), beyondServer(err)
	}
	l := totals.ofClients(c.Reached().User, ignore)
	if l.Uptime, err = strconv.ParseInt(rows[0][1], 10, 64); err != nil {
		return None(NotCounted), fmt.Errorf("read the counts of logins: the uptime %q is not a number",
			excerpt.Of(rows[0][1]))
	}
	return l, nil
}

// ofClients sums up all that the server has counted, as logins since nothing was.
func (t Totals) ofClients(ownUser string, ignore []string) Counted {
	l := None(t.Counter)
	l.Reader, l.Sums = ownUser, t.Sums
	byUser := map[string]int64{}
	for account, n := range t.Accounts {
		if client(account.User, ownUser, ignore) && account.Host != FromSocket {
			byUser[account.User] += n
		}
	}
	for user, n := range t.Users {
		if client(user, ownUser, ignore) && !oftenLocal(user) {
			byUser[user] += n
		}
	}
	if l.TooMany = len(byUser) > MaxUsers; l.TooMany {
		return l
	}
	for user, n := range byUser {
		l.Users = append(l.Users, User{user, n})
	}
	slices.SortFunc(l.Users, func(a, b User) int { return cmp.Compare(a.Name, b.Name) })
	return l
}

// Kept returns what a decision keeps of a host's facts; nil if nothing can be compared with it, or if no server reports
// such values.
func (c Counted) Kept() *Counted {
	strange := func(u User) bool { return len(u.Name) > maxUserName || u.Logins < 0 }
	counts := c.Counter == ByAccount || c.Counter == ByUser
	if !counts || c.TooMany || len(c.Users) > MaxUsers || slices.ContainsFunc(c.Users, strange) ||
		len(c.Reader) > maxUserName || min(c.Uptime, c.Remote, c.Local, c.OnlyLocal, c.All) < 0 {
		return nil
	}
	return &c
}

// Follows reports whether this reading can be compared with an earlier one: of the same counter, by the same user, and
// of a server that has been running for no less time.
func (c Counted) Follows(before Counted) bool {
	return c.Kept() != nil && before.Kept() != nil && c.Counter == before.Counter && c.Reader == before.Reader &&
		c.Uptime >= before.Uptime
}

// Since returns the logins since an earlier reading, by user; none if it does not follow that. Like Totals.Since it
// never reports too many, unless the server was started again and has been running for longer than before.
func (c Counted) Since(before Counted) []Increase {
	if !c.Follows(before) {
		return nil
	}
	return c.totals().Since(before.totals(), "", nil)
}

func (c Counted) totals() Totals {
	t := Totals{Counter: c.Counter, Accounts: map[Account]int64{}, Users: map[string]int64{}, Sums: c.Sums}
	for _, u := range c.Users {
		if c.Counter == ByUser {
			t.Users[u.Name] = u.Logins
		} else {
			t.Accounts[Account{User: u.Name}] = u.Logins
		}
	}
	return t
}
