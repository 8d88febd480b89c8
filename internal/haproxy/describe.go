// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
)

// describe adds the content of the configuration. Several frontends may lead to the backend: clients come by all of
// them.
func (f finder) describe(d *Database) {
	if f.config.Section("backend", d.Backend) == nil {
		d.addUnmodelled(fmt.Sprintf("no configuration was read that has the backend %s", d.Backend))
	}
	if f.config == nil {
		return
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.LeadsTo(d.Backend) {
			d.Binds = append(d.Binds, s.Binds...)
			d.note(s)
		}
	}
	front, back := f.config.Section("frontend", d.Frontend), f.config.Section("backend", d.Backend)
	if back != nil {
		f.rules(d, back)
		d.note(back)
		d.Config = back.File
	}
	if front != nil {
		d.Config = front.File
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.AnyBackend && !s.Disabled {
			d.note(s) // it may lead here
		}
	}
	p := f.proxy(d.Backend)
	if p == nil {
		return
	}
	if p.Mode == "http" {
		d.addUnmodelled("mode http")
	}
	for _, s := range p.Servers {
		if a, err := netip.ParseAddr(s.Address); err == nil && a.IsUnspecified() && s.Status != stats.StatusMaint {
			d.addUnmodelled(fmt.Sprintf("server %s at %s, which is where the client wanted to go", s.Name, s.Address))
		}
	}
}

// rules copies what decides about the next client.
func (f finder) rules(d *Database, s *cfg.Section) {
	d.Sticky, d.Balance, d.AllBackups, d.Persist = s.Sticky, s.Balance, s.AllBackups, s.Persist
	d.UseServers = append(d.UseServers, s.UseServers...)
	for i, r := range s.StickRules {
		if i == 0 && len(s.StickRules) == 1 && !r.Conditional && r.Table == d.Backend && !s.Loose {
			d.StickKey = r.Key
		}
		if r.Table != s.Table {
			d.addUnmodelled("stick with several tables")
		}
		if other := f.sharer(s, r.Table); other != "" {
			d.addUnmodelled(fmt.Sprintf("a stick table that %s uses, too", other))
		}
		d.StickPeers = max(d.StickPeers, f.peersOf(r.Table))
		if t := f.config.Section("backend", r.Table); t == nil || t.StickTable == nil || t.StickTable.Expires {
			d.StickExpires = true
		}
	}
}

// sharer is another section that keeps its clients in a table, which may pin ours to a server that they never used.
func (f finder) sharer(s *cfg.Section, table string) string {
	for i := range f.config.Sections {
		if o := &f.config.Sections[i]; o != s && !o.Disabled && slices.Contains(o.StoredTables, table) {
			return o.Name
		}
	}
	return ""
}

// peersOf returns how many peers share a table: one of a section ("stick-table ... peers NAME"), or one that is the
// peers section's own ("NAME/TABLE").
func (f finder) peersOf(table string) int {
	name, _, own := strings.Cut(table, "/")
	if own {
		return f.config.Peers[name]
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.Name == table && s.StickTable != nil && s.StickTable.Peers != "" {
			return max(1, f.config.Peers[s.StickTable.Peers])
		}
	}
	return 0
}

// note copies the parts of a section that were not understood or are not modelled. A bind line says nothing about the
// servers.
func (d *Database) note(s *cfg.Section) {
	for _, o := range s.Unmodelled {
		d.addUnmodelled(o)
	}
	if s.Loose {
		d.StickKey = ""
	}
	for _, e := range s.Unread {
		if strings.HasPrefix(e.Err.Error(), "server-template: ") {
			continue // the statistics have its servers
		}
		text := fmt.Sprintf("%s %v", e.File, e)
		if !slices.Contains(d.Unread, text) {
			d.Unread = append(d.Unread, text)
		}
		if !strings.HasPrefix(e.Err.Error(), "bind: ") {
			d.addUnmodelled(text)
		}
	}
}

func (d *Database) addUnmodelled(what string) {
	if !slices.Contains(d.Unmodelled, what) {
		d.Unmodelled = append(d.Unmodelled, what)
	}
}
