// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// pools are the backends beside the database's that lead to its servers, and those that the caller names.
func (f finder) pools(d *Database, want []string) ([]Database, error) {
	var pools []Database
	taken := []string{d.Backend}
	add := func(p *Proxy, evidence string) error {
		pool, err := f.pair(p, evidence)
		if err == nil && !slices.Contains(taken, pool.Backend) {
			taken = append(taken, pool.Backend)
			pools = append(pools, *pool)
		}
		return err
	}
	for _, name := range want[min(1, len(want)):] {
		p := f.proxy(name)
		if p == nil {
			return nil, fmt.Errorf("there is no proxy %q; HAProxy has %s", excerpt.Of(name), f.names())
		}
		if err := add(p, "option"); err != nil {
			return nil, err
		}
	}
	own, siblings := f.proxy(d.Backend), f.siblings(d.Backend)
	for _, name := range f.hidden(own) {
		d.unmodel(fmt.Sprintf("%s, which leads to the same servers and is not in the statistics", name))
	}
	for i := range f.proxies {
		p := &f.proxies[i]
		if p.Backend == nil || !isTCP(p) || !f.alike(own, p) && !f.maybe(own, p) && !slices.Contains(siblings, p.Name) {
			continue
		}
		if err := add(p, "servers"); err != nil {
			return nil, err
		}
	}
	return pools, nil
}

// hidden are the backends of the configuration that have a server of the database's and that the statistics lack:
// "stats scope" leaves them out of a page, and HAProxy itself those that it has not loaded.
func (f finder) hidden(database *Proxy) (names []string) {
	if f.config == nil {
		return nil
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; f.proxy(s.Name) == nil && f.fronts(s, database) {
			names = append(names, s.Name)
		}
	}
	return names
}

// fronts says that a section leads to a server of a backend.
func (f finder) fronts(s *Section, backend *Proxy) bool {
	p := Proxy{Name: s.Name, Mode: s.mode()}
	for _, c := range s.Servers {
		p.Servers = append(p.Servers, Server{Name: c.Name, Address: c.Address, Port: c.Port})
	}
	return s.Kind != "frontend" && !s.disabled && isTCP(&p) && backend != nil && f.alike(backend, &p)
}

// siblings are the backends to which the frontends of a backend lead as well.
func (f finder) siblings(backend string) (names []string) {
	if f.config == nil {
		return nil
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.leadsTo(backend) {
			names = append(names, s.Backends...)
		}
	}
	return names
}

// alike says that two backends have a server in common, by address and port; where an address is not known, by name.
func (f finder) alike(a, b *Proxy) bool {
	for _, s := range f.targets(a) {
		for _, o := range f.targets(b) {
			if s.Address != "" && o.Address != "" {
				if s.Address == o.Address && (s.Port == o.Port || s.Port <= 0 || o.Port <= 0) {
					return true
				}
			} else if s.Name != "" && s.Name == o.Name {
				return true
			}
		}
	}
	return false
}

// maybe says that a backend may lead to the database by other addresses of its hosts: a server has the port of the
// database's, or it is the database's by its name or bind and does not tell the addresses.
func (f finder) maybe(database, p *Proxy) bool {
	ports := []int{3306}
	for _, s := range database.Servers {
		ports = append(ports, s.Port)
	}
	for _, s := range f.targets(p) {
		if s.Port > 0 && slices.Contains(ports, s.Port) || s.Address == "" && f.evidence(p) != "" {
			return true
		}
	}
	return false
}

// targets are the servers of a backend, and the address to which it dispatches without one.
func (f finder) targets(p *Proxy) []Server {
	all := slices.Clone(p.Servers)
	if s := f.config.section("backend", p.Name); s != nil && s.dispatch != "" {
		d := Server{}
		d.Address, d.Port = serverAddress(s.dispatch)
		all = append(all, d)
	}
	return all
}

// describe adds what the configuration says. Several frontends may lead to the backend: clients come by all of them.
func (f finder) describe(d *Database) {
	if f.config.section("backend", d.Backend) == nil {
		d.unmodel(fmt.Sprintf("no configuration was read that has the backend %s", d.Backend))
	}
	if f.config == nil {
		return
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.leadsTo(d.Backend) {
			d.Binds = append(d.Binds, s.Binds...)
			d.note(s)
		}
	}
	front, back := f.config.section("frontend", d.Frontend), f.config.section("backend", d.Backend)
	if back != nil {
		f.rules(d, back)
		d.note(back)
		d.Config = back.File
	}
	if front != nil {
		d.Config = front.File
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.anyBackend && !s.disabled {
			d.note(s) // it may lead here
		}
	}
	p := f.proxy(d.Backend)
	if p == nil {
		return
	}
	if p.Mode == "http" {
		d.unmodel("mode http")
	}
	for _, s := range p.Servers {
		if a, err := netip.ParseAddr(s.Address); err == nil && a.IsUnspecified() && s.Status != StatusMaint {
			d.unmodel(fmt.Sprintf("server %s at %s, which is where the client wanted to go", s.Name, s.Address))
		}
	}
}

// rules takes over what decides about the next client.
func (f finder) rules(d *Database, s *Section) {
	d.Sticky, d.Balance, d.AllBackups, d.Persist = s.Sticky, s.balance, s.allBackups, s.persist
	d.UseServers = append(d.UseServers, s.useServers...)
	for i, r := range s.sticks {
		if i == 0 && len(s.sticks) == 1 && !r.conditional && r.table == d.Backend && !s.loose {
			d.StickKey = r.key
		}
		if r.table != s.Table {
			d.unmodel("stick with several tables")
		}
		if other := f.sharer(s, r.table); other != "" {
			d.unmodel(fmt.Sprintf("a stick table that %s uses, too", other))
		}
		d.StickPeers = max(d.StickPeers, f.peersOf(r.table))
		if t := f.config.section("backend", r.table); t == nil || t.table == nil || t.table.expires {
			d.StickExpires = true
		}
	}
}

// sharer is another section that keeps its clients in a table, which may pin ours to a server that they never met.
func (f finder) sharer(s *Section, table string) string {
	for i := range f.config.Sections {
		if o := &f.config.Sections[i]; o != s && !o.disabled && slices.Contains(o.stored, table) {
			return o.Name
		}
	}
	return ""
}

// peersOf is how many peers share a table: one of a section ("stick-table ... peers NAME"), or one that is the peers
// section's own ("NAME/TABLE").
func (f finder) peersOf(table string) int {
	name, _, own := strings.Cut(table, "/")
	if own {
		return f.config.peers[name]
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.Name == table && s.table != nil && s.table.peers != "" {
			return max(1, f.config.peers[s.table.peers])
		}
	}
	return 0
}

// note takes over what of a section was not understood or is not modelled. A bind line says nothing of the servers.
func (d *Database) note(s *Section) {
	for _, o := range s.unmodelled {
		d.unmodel(o)
	}
	if s.loose {
		d.StickKey = ""
	}
	for _, e := range s.unread {
		if strings.HasPrefix(e.Err.Error(), "server-template: ") {
			continue // the statistics have its servers
		}
		text := fmt.Sprintf("%s %v", e.File, e)
		if !slices.Contains(d.Unread, text) {
			d.Unread = append(d.Unread, text)
		}
		if !strings.HasPrefix(e.Err.Error(), "bind: ") {
			d.unmodel(text)
		}
	}
}

func (d *Database) unmodel(what string) {
	if !slices.Contains(d.Unmodelled, what) {
		d.Unmodelled = append(d.Unmodelled, what)
	}
}
