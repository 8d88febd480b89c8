// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
)

// pools returns the other backends that lead to the database's servers, and those that the caller names.
func (f finder) pools(d *Database, want []string) ([]Database, error) {
	var pools []Database
	taken := []string{d.Backend}
	add := func(p *stats.Proxy, evidence string) error {
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
		d.addUnmodelled(fmt.Sprintf("%s, which leads to the same servers and is not in the statistics", name))
	}
	for i := range f.proxies {
		p := &f.proxies[i]
		if p.Backend == nil || !isTCP(p) || !f.shareServer(own, p) && !f.mayLeadToDatabase(own,
			p) && !slices.Contains(siblings, p.Name) {
			continue
		}
		if err := add(p, "servers"); err != nil {
			return nil, err
		}
	}
	return pools, nil
}

// hidden returns the backends of the configuration that have a server of the database's and that the statistics lack:
// "stats scope" leaves them out of a page, and HAProxy itself those that it has not loaded.
func (f finder) hidden(database *stats.Proxy) (names []string) {
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

// fronts reports that a section leads to a server of a backend.
func (f finder) fronts(s *cfg.Section, backend *stats.Proxy) bool {
	p := stats.Proxy{Name: s.Name, Mode: s.EffectiveMode()}
	for _, c := range s.Servers {
		p.Servers = append(p.Servers, stats.Server{Name: c.Name, Address: c.Address, Port: c.Port})
	}
	return s.Kind != "frontend" && !s.Disabled && isTCP(&p) && backend != nil && f.shareServer(backend, &p)
}

// siblings returns the backends to which the frontends of a backend also lead.
func (f finder) siblings(backend string) (names []string) {
	if f.config == nil {
		return nil
	}
	for i := range f.config.Sections {
		if s := &f.config.Sections[i]; s.LeadsTo(backend) {
			names = append(names, s.Backends...)
		}
	}
	return names
}

// mayLeadToDatabase reports that a backend may lead to the database by other addresses of its hosts: a server has the
// port of the database's, or it is the database's by its name or bind and does not show the addresses.
func (f finder) mayLeadToDatabase(database, p *stats.Proxy) bool {
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

// FindDatabase finds the proxy in front of the database. want names it, or one of its two sections; otherwise it is the
// one named mysql (TripleO), otherwise the only one in tcp mode that binds port 3306 or is named after the database.
// Several are an error that lists them: nothing is guessed. config may be nil.
func FindDatabase(proxies []stats.Proxy, config *cfg.Config, want string) (*Database, error) {
	d, _, err := FindDatabases(proxies, config, strings.Fields(want))
	return d, err
}

// FindDatabases finds the proxy in front of the database, and the pools: the other backends that lead to its servers.
// Of the names in want the first is the database's, the others are pools regardless of their servers.
func FindDatabases(proxies []stats.Proxy, config *cfg.Config, want []string) (*Database, []Database, error) {
	f := finder{proxies: proxies, config: config}
	d, err := f.database(want)
	if err != nil {
		return nil, nil, err
	}
	pools, err := f.pools(d, want)
	return d, pools, err
}
