// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
)

// complete fills in what the statistics do not report: modes before 1.6, and addresses if the level hides them.
func complete(c *cfg.Config, proxies []stats.Proxy) {
	for i := range proxies {
		p := &proxies[i]
		for _, kind := range []string{"frontend", "backend"} {
			s := c.Section(kind, p.Name)
			if s == nil {
				continue
			}
			if p.Mode == "" {
				p.Mode = s.EffectiveMode()
			}
			addresses(s, p.Servers)
		}
	}
}

// addresses fills in those that the servers lack.
func addresses(s *cfg.Section, servers []stats.Server) {
	at := make(map[string]cfg.Server, len(s.Servers))
	for _, c := range s.Servers {
		at[c.Name] = c
	}
	for i := range servers {
		c, ok := at[servers[i].Name]
		if ok && servers[i].Address == "" {
			servers[i].Address, servers[i].Port = c.Address, c.Port
		}
		if ok && servers[i].Address == c.Address && c.Port == 0 {
			servers[i].Port = 0 // "10.0.0.1:+1" is reported as port 1
		}
	}
}
