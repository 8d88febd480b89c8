// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy"
)

// nextWords names the controllers to which the VIP holder's HAProxy would send the next client. They count as active,
// clients or not: a backup must not be what the first client of the morning meets. With a stick table that is where
// the last client went, not the first server in the list: there is no fail-back.
func (c *cluster) nextWords(o Options) map[*member][]word {
	h := c.vip.holder
	if h == nil || c.proxyProblem(h, o) != "" {
		return nil
	}
	words := map[*member][]word{}
	for _, n := range next(h.proxy()) {
		for _, m := range c.matching(func(m *member) bool { return m.server != "" && m.server == n.server }) {
			words[m] = append(words[m], word{says: Active, text: fmt.Sprintf("HAProxy on %s would send the next client here: %s", h.name, n.rule)})
		}
	}
	return words
}

// choice is a server and the rule that named it.
type choice struct{ server, rule string }

// next applies the rules in their order: the stick entries where they can be read; else the last session; else, with
// no session on any server, the order of the servers. Where nothing sticks the order holds, whoever was last: both are
// named then.
func next(p *haproxy.Facts) []choice {
	servers := slices.DeleteFunc(slices.Clone(p.DatabaseServers()), func(s haproxy.Server) bool { return !takesClients(s) })
	t := table(p)
	if stuck := byTable(t, servers); len(stuck) > 0 {
		return stuck
	}
	latest := byLastSession(servers)
	if hidden := pins(p, t) && (t == nil || !t.Readable); hidden {
		if len(latest) > 0 || slices.ContainsFunc(p.DatabaseServers(), busy) {
			return latest
		}
	}
	return append(latest, byOrder(servers)...)
}

// pins says that clients stay where they are. A table of type ip has no room for an IPv6 address: puppet-tripleo writes one
// whatever the VIP is, and where that is an IPv6 address nothing sticks (HAProxy 2.6.12 goes on showing "used:0").
func pins(p *haproxy.Facts, t *haproxy.Table) bool {
	if (t == nil || t.Type == "ip") && slices.ContainsFunc(p.Database.Binds, isIPv6) {
		return false
	}
	return p.Database.Sticky || t != nil
}

// isIPv6 says that clients may come by an IPv6 address: "[fd00::10]:3306", "[::]:3306".
func isIPv6(bind string) bool { return strings.HasPrefix(bind, "[") }

// takesClients says that HAProxy may send a session here. "UP 1/3" is on its way down and still takes some.
func takesClients(s haproxy.Server) bool {
	return s.Usable() || s.Status == haproxy.StatusGoing && strings.HasPrefix(s.Raw, "UP")
}

func busy(s haproxy.Server) bool { return s.CurrentSessions > 0 || s.NewSessions > 0 }

func table(p *haproxy.Facts) *haproxy.Table {
	for i := range p.Proxies {
		if p.Proxies[i].Name == p.Database.Backend {
			return p.Proxies[i].Table
		}
	}
	return nil
}

func byTable(t *haproxy.Table, servers []haproxy.Server) []choice {
	if t == nil || !t.Readable {
		return nil
	}
	var found []choice
	for _, s := range servers {
		if i := slices.IndexFunc(t.Entries, func(e haproxy.Entry) bool { return e.Server == s.Name }); i >= 0 {
			found = append(found, choice{s.Name, "its stick table pins " + t.Entries[i].Key})
		}
	}
	return found
}

// byLastSession is the server whose last session is the youngest, all of them when several are alike.
func byLastSession(servers []haproxy.Server) []choice {
	youngest := int64(-1)
	for _, s := range servers {
		if s.LastSession >= 0 && (youngest < 0 || s.LastSession < youngest) {
			youngest = s.LastSession
		}
	}
	var found []choice
	for _, s := range servers {
		if youngest >= 0 && s.LastSession == youngest {
			found = append(found, choice{s.Name, fmt.Sprintf("it had the last session, %d s ago", youngest)})
		}
	}
	return found
}

// byOrder are the servers that are no backup, all of them, else the first backup.
func byOrder(servers []haproxy.Server) []choice {
	var found []choice
	for _, s := range servers {
		if !s.Backup {
			found = append(found, choice{s.Name, "it is up and no backup"})
		}
	}
	if len(found) == 0 && len(servers) > 0 {
		found = append(found, choice{servers[0].Name, "it is the first server that is up"})
	}
	return found
}
