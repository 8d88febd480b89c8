// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/topology"
)

// VIP is the address that the clients of the database use, and its holder.
type VIP struct {
	Address string
	Holder  *topology.Member // nil if it is unknown
	Problem string           // why it is unknown
	moves   bool             // nobody has it for now, because Pacemaker is about to start it
}

// findVIP looks for the one host that has an address on which HAProxy listens for the database: by the hosts' own
// addresses and by Pacemaker's report. Only the HAProxy of that host carries clients. of picks the frontend, given are
// the addresses if the operator names them.
func (c *Traffic) findVIP(of func(*haproxy.Facts) *haproxy.Database, given []string) VIP {
	b := c.binds(of)
	addrs := b.vips()
	if len(given) > 0 {
		addrs = canonical(given)
	} else if b.unread != "" {
		return VIP{Problem: b.unread}
	}
	if len(addrs) == 0 {
		return VIP{Problem: b.problem()}
	}
	v := VIP{Address: strings.Join(addrs, ", ")}
	var holders []*topology.Member
	for _, a := range addrs {
		found, outside := c.holders(a)
		if outside != "" {
			v.Problem = fmt.Sprintf("Pacemaker has the VIP %s on %s, which is not one of the hosts", a, outside)
			return v
		}
		for _, m := range found {
			if !slices.Contains(holders, m) {
				holders = append(holders, m)
			}
		}
	}
	switch len(holders) {
	case 0:
		v.Problem, v.moves = fmt.Sprintf("nobody holds the VIP %s", v.Address), c.movesVIP(addrs)
	case 1:
		v.Holder = holders[0]
	default:
		v.Problem = fmt.Sprintf("the VIP %s is held by more than one: %s", v.Address, topology.NameList(holders))
		if len(b.every) > 0 && len(given) == 0 {
			v.Problem += "; " + nameVIP
		}
	}
	return v
}

// nameVIP is the remedy if the addresses by themselves do not show the VIP.
const nameVIP = "name the VIP of the database with controller_backup_vip"

// binds says where the HAProxies of a cluster listen for the database.
type binds struct {
	// shared may be VIPs; own are addresses that each HAProxy has for its own host; moved are those that Pacemaker
	// moves.
	shared, own, moved map[string]bool
	// every are the binds that stand for all addresses of a host, or for a name.
	every  map[string]bool
	unread string // why not all of them are known
}

// vips returns the addresses that may be the VIP. If Pacemaker moves some of them, the others are fixed addresses of a
// host and carry no clients of ours; a wildcard stands for all the VIPs.
func (b binds) vips() []string {
	if len(b.moved) > 0 {
		return sorted(b.moved)
	}
	return sorted(b.shared)
}

// problem describes the addresses if none can be the VIP.
func (b binds) problem() string {
	switch own := strings.Join(sorted(b.own), ", "); {
	case len(b.every) > 0:
		all := strings.Join(sorted(b.every), ", ")
		return fmt.Sprintf("HAProxy listens for the database on %s, which is every address of a host or a name: %s",
			all, nameVIP)
	case own != "":
		return fmt.Sprintf("each HAProxy listens for the database only on addresses of its own host (%s): %s",
			own, nameVIP)
	}
	return "no HAProxy reported the address on which it listens for the database"
}

// binds sorts the addresses. One that a single HAProxy listens on, and that only its host has, is that host's own: a
// VIP is in the configuration of all of them. So is a loopback address, wherever it is.
func (c *Traffic) binds(of func(*haproxy.Facts) *haproxy.Database) binds {
	b := binds{shared: map[string]bool{}, own: map[string]bool{}, moved: map[string]bool{}, every: map[string]bool{}}
	by, proxies := map[string][]*topology.Member{}, 0
	for _, m := range c.Members {
		p := m.Proxy()
		if p == nil || of(p) == nil {
			continue
		}
		if d := of(p); len(d.Unread) > 0 && b.unread == "" {
			b.unread = fmt.Sprintf("a part of HAProxy's configuration on %s was not understood: %s", m.Name,
				d.Unread[0])
		}
		proxies++
		for _, bind := range of(p).Binds {
			a, ok := bindAddress(bind)
			if !ok {
				b.every[bind] = true
			} else if !slices.Contains(by[a], m) {
				by[a] = append(by[a], m)
			}
		}
	}
	for a, listeners := range by {
		have := c.Matching(func(m *topology.Member) bool { return m.Silent == "" && m.Addrs[a] })
		ip, err := netip.ParseAddr(a)
		alone := proxies > 1 && len(listeners) == 1 && len(have) == 1 && have[0] == listeners[0]
		if err == nil && ip.IsLoopback() || alone {
			b.own[a] = true
		} else {
			b.shared[a] = true
		}
	}
	c.move(&b)
	return b
}

// move finds those of the addresses that Pacemaker moves: for a wildcard, all that it moves.
func (c *Traffic) move(b *binds) {
	if c.View == nil {
		return
	}
	for _, v := range c.View.VIPs {
		if a, ok := topology.Address(v.Address); ok && (len(b.every) > 0 || b.shared[a] || b.own[a]) {
			b.moved[a] = true
		}
	}
}

func canonical(addresses []string) []string {
	set := map[string]bool{}
	for _, text := range addresses {
		if a, ok := topology.Address(text); ok {
			set[a] = true
		}
	}
	return sorted(set)
}

// bindAddress returns the address of host:port; not ok for a wildcard.
func bindAddress(bind string) (string, bool) {
	host := bind
	if _, ok := topology.Address(bind); !ok {
		if i := strings.LastIndexByte(bind, ':'); i >= 0 {
			host = bind[:i]
		}
	}
	a, ok := topology.Address(host)
	if !ok || a == "0.0.0.0" || a == "::" {
		return "", false
	}
	return a, true
}

// holders returns the members that have an address. outside is a node that has it and is not a member.
func (c *Traffic) holders(a string) (found []*topology.Member, outside string) {
	found = c.Matching(func(m *topology.Member) bool { return m.Silent == "" && m.Addrs[a] })
	if c.View == nil {
		return found, ""
	}
	for _, v := range c.View.VIPs {
		if canonical, ok := topology.Address(v.Address); !ok || canonical != a || v.Node == "" {
			continue
		}
		nodes := c.Matching(func(m *topology.Member) bool { return topology.Lower(m.Node) == topology.Lower(v.Node) })
		if len(nodes) == 0 {
			return nil, v.Node
		}
		found = append(found, nodes...)
	}
	return found, ""
}

// movesVIP reports that Pacemaker starts one of the addresses soon: it says so, or has just lost a host. An
// address that is stopped for good, or that Pacemaker must leave alone, is a matter for an operator.
func (c *Traffic) movesVIP(addrs []string) bool {
	if c.View == nil || !c.View.Quorum {
		return false
	}
	lost := slices.ContainsFunc(c.Members, c.Away)
	for _, v := range c.View.VIPs {
		if a, ok := topology.Address(v.Address); !ok || !slices.Contains(addrs, a) {
			continue
		}
		for _, r := range c.View.Resources {
			idle := r.Maintenance || r.Blocked || !r.Managed || r.Target == crmmon.RoleStopped
			if r.ID == v.Resource && !idle && (lost || r.Pending != "") {
				return true
			}
		}
	}
	return false
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
