// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

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
