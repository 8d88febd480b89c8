// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
)

// vip is the address that the clients of the database use, and who has it.
type vip struct {
	address string
	holder  *member // nil when it is unknown
	problem string  // why it is unknown
}

// findVIP looks for the one host that has an address on which HAProxy listens for the database: by the hosts' own
// addresses and by Pacemaker's word. Only the HAProxy of that host carries clients.
func (c *cluster) findVIP() vip {
	addrs := c.binds()
	if len(addrs) == 0 {
		return vip{problem: "no HAProxy told the address on which it listens for the database"}
	}
	v := vip{address: strings.Join(addrs, ", ")}
	var holders []*member
	for _, a := range addrs {
		found, outside := c.holders(a)
		if outside != "" {
			v.problem = fmt.Sprintf("Pacemaker has the VIP %s on %s, which is none of the hosts", a, outside)
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
		v.problem = fmt.Sprintf("nobody holds the VIP %s", v.address)
	case 1:
		v.holder = holders[0]
	default:
		v.problem = fmt.Sprintf("the VIP %s is held by more than one: %s", v.address, nameList(holders))
	}
	return v
}

// binds are the addresses of the database's frontend. Where Pacemaker moves some of them, the others are fixed
// addresses of a host and carry no clients of ours; a wildcard stands for all the VIPs.
func (c *cluster) binds() []string {
	found, wildcard := map[string]bool{}, false
	for _, m := range c.members {
		p := m.proxy()
		if p == nil || p.Database == nil {
			continue
		}
		for _, b := range p.Database.Binds {
			a, ok := bindAddress(b)
			if !ok {
				wildcard = true
				continue
			}
			found[a] = true
		}
	}
	moved := c.movedBy(found, wildcard)
	if len(moved) > 0 {
		return sortedBools(moved)
	}
	return sortedBools(found)
}

// movedBy are those of the addresses that Pacemaker moves: all it moves, for a wildcard.
func (c *cluster) movedBy(found map[string]bool, wildcard bool) map[string]bool {
	moved := map[string]bool{}
	if c.view == nil {
		return moved
	}
	for _, v := range c.view.VIPs {
		if a, ok := address(v.Address); ok && (wildcard || found[a]) {
			moved[a] = true
		}
	}
	return moved
}

// bindAddress is the address of host:port; not ok for a wildcard.
func bindAddress(bind string) (string, bool) {
	host := bind
	if _, ok := address(bind); !ok {
		if i := strings.LastIndexByte(bind, ':'); i >= 0 {
			host = bind[:i]
		}
	}
	a, ok := address(host)
	if !ok || a == "0.0.0.0" || a == "::" {
		return "", false
	}
	return a, true
}

// holders are the members that have an address. outside is a node that has it and is no member.
func (c *cluster) holders(a string) (found []*member, outside string) {
	found = c.matching(func(m *member) bool { return m.silent == "" && m.addrs[a] })
	if c.view == nil {
		return found, ""
	}
	for _, v := range c.view.VIPs {
		if canonical, ok := address(v.Address); !ok || canonical != a || v.Node == "" {
			continue
		}
		nodes := c.matching(func(m *member) bool { return lower(m.node) == lower(v.Node) })
		if len(nodes) == 0 {
			return nil, v.Node
		}
		found = append(found, nodes...)
	}
	return found, ""
}

func sortedBools(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}
