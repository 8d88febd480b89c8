// SPDX-License-Identifier: GPL-3.0-or-later

// Package logins reads who logs in to a server, and tells clients from health checks and from tools of the host: by the
// server's own counters, which show clients that come and go too fast for a list of sessions. It never reports too many
// logins; what cannot be known only hides some.
package logins

import (
	"cmp"
	"slices"
)

// Counter is what counts the logins of each user on a server. The zero value is unknown.
type Counter string

// The sources that may count logins. Both are off by default, and only the operator switches them on.
const (
	NotCounted Counter = "none"
	ByAccount  Counter = "performance_schema" // by user and host
	ByUser     Counter = "userstat"           // by user, and by host
)

// FromSocket is how the server names the peer of a connection through its unix socket.
const FromSocket = "localhost"

// Totals is how many logins a server has counted, since it started or was told to count anew: of everybody, by host and
// however many. Arrivals compares such readings. Counted is a type of its own because facts and decisions hold only a
// part of this: no hosts, no health checks, at most MaxUsers.
type Totals struct {
	Counter Counter
	// Accounts are those of ByAccount; Users, who may come over the network, and Sums those of ByUser.
	Accounts map[Account]int64
	Users    map[string]int64
	Sums
}

// Account is a user and where it logs in from: FromSocket, a name or an address.
type Account struct{ User, Host string }

// Increase is how many logins of a user were counted between two readings; Host is empty if it is not known.
type Increase struct {
	Account
	Logins int64
}

// Sums are the logins of all users together, with ByUser, which does not say where a user came from.
type Sums struct {
	// Remote came over the network, Local through the socket: together all that the server has counted by host.
	Remote int64 `json:"remote"`
	Local  int64 `json:"local"`
	// OnlyLocal are those of users who cannot come over the network, and All those of all users: by user.
	OnlyLocal int64 `json:"only_local"`
	All       int64 `json:"all"`
}

func (t *Totals) addUser(user string, n int64, onlyLocal bool) {
	if t.All += n; onlyLocal {
		t.OnlyLocal += n
	} else {
		t.Users[user] = n
	}
}

func (t *Totals) addHost(host string, n int64) {
	if host == FromSocket {
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
func (t Totals) Since(before Totals, ownUser string, ignore []string) []Increase {
	if t.Counter != before.Counter {
		return nil
	}
	var more []Increase
	for account, n := range growth(before.Accounts, t.Accounts) {
		if client(account.User, ownUser, ignore) && account.Host != FromSocket {
			more = append(more, Increase{account, n})
		}
	}
	if local, known := t.perhapsLocal(before); known {
		for user, n := range growth(before.Users, t.Users) {
			if client(user, ownUser, ignore) && !oftenLocal(user) && n > local {
				more = append(more, Increase{Account{User: user}, n - local})
			}
		}
	}
	slices.SortFunc(more, func(a, b Increase) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host))
	})
	return more
}

// perhapsLocal returns how many logins through the socket, since an earlier reading, were those of users who may also
// come over the network. It is not known if counts were reset, or accounts changed, or if somebody logged in between
// the server's two tables: the sums by user and by host do not grow alike then.
func (t Totals) perhapsLocal(before Totals) (int64, bool) {
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
	return user != "" && user != ownUser && user != systemUser && !ServerThread(user) && !slices.Contains(ignore, user)
}

// ServerThread recognizes names under which the server runs its own threads, appliers and replication for example, and
// under which it lists connections that are still logging in. No account has them.
func ServerThread(user string) bool { return user == "system user" || user == "unauthenticated user" }

// oftenLocal reports a user whose logins are no client's unless they are known to come over the network.
func oftenLocal(user string) bool { return user == "root" || user == "mysql" }

// systemUser is the name under which userstat counts the threads of the server.
const systemUser = "#mysql_system_user#"

// growth returns what has grown. A key that is new has grown from zero.
func growth[K comparable](before, after map[K]int64) map[K]int64 {
	grown := map[K]int64{}
	for key, n := range after {
		if by := n - before[key]; by > 0 {
			grown[key] = by
		}
	}
	return grown
}
