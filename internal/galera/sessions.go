// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
)

// Process is one row of the processlist.
type Process struct {
	ID      int64
	User    string
	Host    string // logins.FromSocket, else host:port
	Command string
}

// Sessions returns the client sessions, and the number of all others. The account needs PROCESS: without it the server
// shows nothing but our own session, so that is an error and not an idle server.
func Sessions(ctx context.Context, c *mariadb.Client, ignore []string) ([]Session, int, error) {
	grants, err := accounts.ReadGrants(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	if missing := grants.Missing("PROCESS"); len(missing) > 0 {
		return nil, 0, fmt.Errorf("%s may not see the sessions of others: it lacks PROCESS ON *.*", c.Reached().User)
	}
	rows, err := c.Rows(ctx, "SELECT id, user, host, command FROM information_schema.processlist")
	if err != nil {
		return nil, 0, fmt.Errorf("read the processlist: %w", err)
	}
	processes := make([]Process, 0, len(rows))
	for _, row := range rows {
		id, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("read the processlist: id %q is not a number", excerpt.Of(row[0]))
		}
		processes = append(processes, Process{ID: id, User: row[1], Host: row[2], Command: row[3]})
	}
	sessions, administrative := CountSessions(processes, c.ID(), c.Reached().User, ignore)
	return sessions, administrative, nil
}

// CountSessions sorts a processlist into client sessions, by user and source in that order, and the number of
// administrative ones: ours (the connection own, and what else our user runs through the socket), those of root and
// mysql through the socket, and those of ignored users. Threads of the server itself, and peers that have not yet
// logged in, are neither. Every other session is a client's, including those through the socket.
func CountSessions(list []Process, own int64, ownUser string, ignore []string) (sessions []Session,
	administrative int) {
	counted := map[[2]string]Session{}
	for _, p := range list {
		switch {
		case serverThread(p):
		case p.ID == own, slices.Contains(ignore, p.User),
			p.Host == logins.FromSocket && (p.User == "root" || p.User == "mysql" || p.User == ownUser):
			administrative++
		default:
			key := [2]string{p.User, source(p.Host)}
			s := counted[key]
			s.User, s.Source = key[0], key[1]
			s.Count++
			if p.Command != "Sleep" {
				s.Active++
			}
			counted[key] = s
		}
	}
	sessions = []Session{}
	for _, s := range counted {
		sessions = append(sessions, s)
	}
	slices.SortFunc(sessions, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Source, b.Source))
	})
	return sessions, administrative
}

// serverThread recognizes what logins.ServerThread does, and the event scheduler, whose name an account may have.
func serverThread(p Process) bool {
	return logins.ServerThread(p.User) || p.User == "event_scheduler" && p.Command == "Daemon"
}

// source returns the peer without its port. An IPv6 address has no brackets: "fd00::12:41522".
func source(host string) string {
	at := strings.LastIndexByte(host, ':')
	if at < 0 {
		return host
	}
	if _, err := strconv.ParseUint(host[at+1:], 10, 16); err != nil {
		return host
	}
	return host[:at]
}
