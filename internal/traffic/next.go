// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/topology"
)

// nextStatements names the controllers to which HAProxy would send the next client, by each way. They count as active,
// with or without clients: a backup must not run where the first client of the morning goes. With a stick table that is
// where the last client went, not the first server in the list: there is no fail-back. If the rules of HAProxy do not
// determine it, all controllers behind that way are unknown.
func (c *Traffic) nextStatements(o Rules) map[*topology.Member][]Statement {
	words := map[*topology.Member][]Statement{}
	for _, w := range c.entrances(o) {
		if !c.concerns(w) {
			continue
		}
		if why := doubt(w); why != "" {
			text := fmt.Sprintf("%s: where its next client goes cannot be determined: %s", w.where(), why)
			for _, m := range c.Members {
				words[m] = append(words[m], Statement{Says: decision.Unknown, Text: text, passes: learns(w)})
			}
			continue
		}
		for _, n := range firstRules(next(w)) {
			text := fmt.Sprintf("%s would send the next client here: %s", w.where(), n.rule)
			for _, m := range c.behind(w, n.server) {
				words[m] = append(words[m], Statement{Says: decision.Active, Text: text})
			}
		}
		for _, s := range w.servers() {
			for _, m := range c.behind(w, s) {
				if s.Status == stats.StatusUnknown {
					text := fmt.Sprintf("%s: the status %q of its server %s is not known", w.where(), s.Raw, s.Name)
					words[m] = append(words[m], Statement{Says: decision.Unknown, Text: text})
				}
			}
		}
	}
	return words
}

// Learning is how long, in seconds, a new process may take to learn its stick tables from the one that it replaced (5
// s) and then from other hosts (5 s).
const Learning = 15

// doubt returns why it is not known where the next client of a way goes; empty if it is known.
func doubt(w way) string {
	if len(w.d.Unmodelled) > 0 {
		return strings.Join(w.d.Unmodelled, ", ")
	}
	t := w.table()
	if learns(w) {
		return fmt.Sprintf("the stick table has peers, and HAProxy started %d s ago (limit %d s): "+
			"it may still learn the entries", w.at.Proxy().Uptime, Learning)
	}
	if !pins(w) || t != nil && (t.Readable || t.Used == 0) {
		return ""
	}
	const hint = "; a stats socket of level operator shows its entries"
	used := "it cannot be read"
	if t != nil {
		used = fmt.Sprintf("its %s cannot be read", quantity.Count(int64(t.Used), "entry"))
	}
	switch {
	case w.d.StickPeers > 1, w.d.StickPeers > 0 && !oneKey(w):
		return fmt.Sprintf("the stick table has peers, and %s%s", used, hint)
	case !slices.ContainsFunc(w.servers(), hadSession) && (t != nil || w.d.StickPeers > 0):
		return fmt.Sprintf("the stick table is older than the sessions that are counted, and %s%s", used, hint)
	}
	return ""
}

// learns reports a HAProxy that has just started, whose peers may still send it the entries of its stick table. Lines
// that are not modelled stay so.
func learns(w way) bool {
	return w.d.StickPeers > 0 && w.at.Proxy().Uptime < Learning && len(w.d.Unmodelled) == 0
}

// next returns the servers that the next client may reach. Each rule adds those that it may choose: the stick entries
// if they can be read, otherwise those that had sessions; the rules use-server; and the order of the servers for a
// client that is not pinned. A client is certainly pinned if all of them have one key, the destination, and it has an
// entry.
func next(w way) []choice {
	chosen := byUseServer(w)
	t := w.table()
	order := byOrder(w.d, w.servers())
	switch {
	case !pins(w):
		return slices.Concat(chosen, byLastSession(usable(w)), order)
	case t != nil && t.Readable:
		stuck := byTable(w, t)
		if len(stuck) > 0 && oneKey(w) && covered(w, t) {
			return append(chosen, stuck...)
		}
		if len(stuck) == 0 {
			stuck = byLastSession(usable(w))
		}
		return slices.Concat(chosen, stuck, order)
	case t != nil && t.Used == 0:
		return slices.Concat(chosen, byLastSession(usable(w)), order)
	case oneKey(w) && (t == nil || t.Used == 1):
		if last := byLastSession(w.servers()); len(last) > 0 && all(last, w.pinnable) {
			return append(chosen, last...)
		}
	}
	return slices.Concat(chosen, seen(w), order)
}

// firstRules leaves each server only the first of the rules that name it.
func firstRules(list []choice) []choice {
	var kept []choice
	for _, c := range list {
		if !slices.ContainsFunc(kept, func(k choice) bool { return k.server.Name == c.server.Name }) {
			kept = append(kept, c)
		}
	}
	return kept
}

func all(list []choice, is func(stats.Server) bool) bool {
	return !slices.ContainsFunc(list, func(c choice) bool { return !is(c.server) })
}

// pins reports that clients stay on their server. A table of type ip has no room for an IPv6 address: puppet-tripleo
// writes one whatever the VIP is, and if that is an IPv6 address nothing sticks (HAProxy 2.6.12 continues to show
// "used:0").
func pins(w way) bool {
	t := w.table()
	ip := (t == nil || t.Type == "ip") && !slices.ContainsFunc(w.d.Binds, IsIPv4)
	if ip && len(w.d.Binds) > 0 && (t == nil || t.Used == 0) {
		return false
	}
	return w.d.Sticky || t != nil
}

// IsIPv4 reports that clients may come by an IPv4 address: not "[fd00::10]:3306", nor "[::]:3306".
func IsIPv4(bind string) bool { return !strings.HasPrefix(bind, "[") }

// oneKey reports that all clients have the same entry in the stick table: it is kept by destination, and there is one.
func oneKey(w way) bool {
	return w.d.StickKey == "dst" && !w.d.StickExpires && len(destinations(w.d)) == 1
}

// destinations returns the addresses that clients come to. A wildcard is at least two, of which neither is known.
func destinations(d *haproxy.Database) map[string]bool {
	found := map[string]bool{}
	for _, b := range d.Binds {
		a, ok := bindAddress(b)
		if !ok {
			return map[string]bool{"*": true, b: true}
		}
		found[a] = true
	}
	return found
}

// covered reports that the one destination has an entry with a server that accepts its clients.
func covered(w way, t *stats.Table) bool {
	return slices.ContainsFunc(t.Entries, func(e stats.Entry) bool {
		a, ok := topology.Address(e.Key)
		return ok && destinations(w.d)[a] && slices.ContainsFunc(w.servers(), func(s stats.Server) bool {
			return s.Name == e.Server && w.pinnable(s)
		})
	})
}

// entrances returns the ways by which the next client may come: through the HAProxy that has the VIP. If that is not
// known for a pool, it may be any.
func (c *Traffic) entrances(o Rules) []way {
	var all []way
	for _, h := range c.Members {
		if h.Proxy() == nil || c.proxyProblem(h, o) != "" {
			continue
		}
		for _, w := range ways(h) {
			holder := c.VIP.Holder
			if !w.main {
				holder = c.poolHolder(w.d.Backend, o)
			}
			unreached := !w.main && w.d.Frontend == "" && w.d.Config != ""
			if !unreached && (h == holder || !w.main && holder == nil) {
				all = append(all, w)
			}
		}
	}
	return all
}

// poolHolder returns the host with the address on which HAProxy listens for a pool; nil if that is not known.
func (c *Traffic) poolHolder(backend string, o Rules) *topology.Member {
	v := c.findVIP(func(p *haproxy.Facts) *haproxy.Database {
		for i := range p.Pools {
			if p.Pools[i].Backend == backend {
				return &p.Pools[i]
			}
		}
		return nil
	}, nil)
	return v.Holder
}
