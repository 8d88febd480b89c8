// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"net"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
)

// databaseNameParts are parts of the name of a database's proxy: galera_front, mariadb, mysql_be, ...
var databaseNameParts = []string{"galera", "mariadb", "mysql"}

type finder struct {
	proxies []stats.Proxy
	config  *cfg.Config
}

func (f finder) proxy(name string) *stats.Proxy {
	for i := range f.proxies {
		if f.proxies[i].Name == name {
			return &f.proxies[i]
		}
	}
	return nil
}

func (f finder) names() string {
	var names []string
	for _, p := range f.proxies {
		names = append(names, p.Name)
	}
	return list(names)
}

// list returns the names, as many as fit into a message.
func list(names []string) string { return excerpt.UpTo(600, strings.Join(names, ", ")) }

func isTCP(p *stats.Proxy) bool { return p.Mode == "tcp" || p.Mode == "" }

// evidence returns why a proxy may be the database's; empty if nothing suggests it.
func (f finder) evidence(p *stats.Proxy) string {
	if !isTCP(p) {
		return ""
	}
	var why []string
	name := strings.ToLower(p.Name)
	if slices.ContainsFunc(databaseNameParts, func(w string) bool { return strings.Contains(name, w) }) {
		why = append(why, "name")
	}
	if s := f.config.Section("frontend", p.Name); s != nil && !s.Disabled && slices.ContainsFunc(s.Binds, isMySQLPort) {
		why = append(why, "port")
	}
	return strings.Join(why, " and ")
}

func isMySQLPort(bind string) bool {
	_, port, err := net.SplitHostPort(bind)
	return err == nil && port == "3306"
}

// shareServer reports that two backends have a server in common, by address and port; if an address is not known, by
// name.
func (f finder) shareServer(a, b *stats.Proxy) bool {
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

// targets returns the servers of a backend, and the address to which it dispatches without one.
func (f finder) targets(p *stats.Proxy) []stats.Server {
	all := slices.Clone(p.Servers)
	if s := f.config.Section("backend", p.Name); s != nil && s.Dispatch != "" {
		d := stats.Server{}
		d.Address, d.Port = cfg.ParseServerAddress(s.Dispatch)
		all = append(all, d)
	}
	return all
}
