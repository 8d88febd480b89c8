// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
)

// choice is a server and the rule that named it.
type choice struct {
	server stats.Server
	rule   string
}

// takesClients reports that HAProxy may send a session here. "UP 1/3" is on its way down and still accepts some. A
// server without weight, or in DRAIN, accepts only pinned ones.
func takesClients(s stats.Server) bool {
	return s.Weight > 0 && (s.Usable() || s.Status == stats.StatusGoing && strings.HasPrefix(s.Raw, "UP"))
}

// pinnable reports that HAProxy sends a pinned client here: unless it is down, and with "option persist" even then.
func (w way) pinnable(s stats.Server) bool {
	return w.d.Persist || s.Status != stats.StatusDown && s.Status != stats.StatusMaint
}

func hadSession(s stats.Server) bool {
	return s.LastSession >= 0 || s.TotalSessions > 0 || s.CurrentSessions > 0
}

func usable(w way) []stats.Server {
	return slices.DeleteFunc(slices.Clone(w.servers()), func(s stats.Server) bool { return !takesClients(s) })
}

func byTable(w way, t *stats.Table) []choice {
	var found []choice
	for _, s := range w.servers() {
		i := slices.IndexFunc(t.Entries, func(e stats.Entry) bool { return e.Server == s.Name })
		if i >= 0 && w.pinnable(s) {
			found = append(found, choice{s, "its stick table pins " + t.Entries[i].Key})
		}
	}
	return found
}

// byUseServer returns the servers of use-server rules, which take precedence over all others. A name that is made for
// each connection may be any.
func byUseServer(w way) []choice {
	var found []choice
	for _, s := range w.servers() {
		for _, name := range w.d.UseServers {
			if (name == s.Name || strings.Contains(name, "%")) && w.pinnable(s) {
				found = append(found, choice{s, "a rule use-server may name it"})
				break
			}
		}
	}
	return found
}

// seen returns the servers that clients may be pinned to: those that had sessions.
func seen(w way) []choice {
	var found []choice
	for _, s := range w.servers() {
		if hadSession(s) && w.pinnable(s) {
			found = append(found, choice{s, "it had sessions, and a stick table that cannot be read may pin them"})
		}
	}
	return found
}

// byLastSession returns the server whose last session is the youngest, all of them if several are equal.
func byLastSession(servers []stats.Server) []choice {
	youngest := int64(-1)
	for _, s := range servers {
		if s.LastSession >= 0 && (youngest < 0 || s.LastSession < youngest) {
			youngest = s.LastSession
		}
	}
	var found []choice
	for _, s := range servers {
		if youngest >= 0 && s.LastSession == youngest {
			found = append(found, choice{s, fmt.Sprintf("it had the last session, %d s ago", youngest)})
		}
	}
	return found
}

// byOrder returns the servers for a client that is not pinned: those that are not backups, whatever the algorithm,
// otherwise the first backup, or with "option allbackups" all of them. With "balance first" it is the first of these by
// its id, and the ones after it only when it is full.
func byOrder(d *haproxy.Database, servers []stats.Server) []choice {
	var active, backups []stats.Server
	for _, s := range servers {
		switch {
		case !takesClients(s):
		case s.Backup:
			backups = append(backups, s)
		default:
			active = append(active, s)
		}
	}
	rule := "it is up and not a backup"
	switch {
	case len(active) > 0:
	case len(backups) == 0:
		return nil
	case !d.AllBackups:
		return []choice{{backups[0], "it is the first server that is up"}}
	default:
		active, rule = backups, "it is a backup that is up, with option allbackups"
	}
	if d.Balance == "first" {
		active, rule = untilFull(active), rule+", with balance first"
	}
	var found []choice
	for _, s := range active {
		found = append(found, choice{s, rule})
	}
	return found
}

// untilFull returns the servers in the order of their ids, up to the first that accepts any number of sessions.
func untilFull(servers []stats.Server) []stats.Server {
	sorted := slices.Clone(servers)
	slices.SortStableFunc(sorted, func(a, b stats.Server) int { return a.ID - b.ID })
	if i := slices.IndexFunc(sorted, func(s stats.Server) bool { return s.Limit == 0 }); i >= 0 {
		return sorted[:i+1]
	}
	return sorted
}
