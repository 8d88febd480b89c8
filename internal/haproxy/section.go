// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"slices"
	"strings"
)

// keyword reads one line of the section.
func (s *Section) keyword(words []string, env map[string]string) error {
	args := words[1:]
	switch words[0] {
	case "bind":
		return s.bind(args, env)
	case "server":
		return s.server(args, env)
	case "server-template":
		return errors.New("its servers are known to the process alone")
	case "default_backend", "use_backend":
		if !slices.Contains(s.Backends, args[0]) {
			s.Backends = append(s.Backends, args[0])
		}
	case "mode":
		s.Mode = args[0]
	case "stick":
		s.stick(args)
	case "stick-table":
		if s.Table == "" {
			s.Table = s.Name
		}
	case "stats":
		s.stats(args)
	}
	return nil
}

func (s *Section) bind(args []string, env map[string]string) error {
	word, err := expand(args[0], env)
	if err != nil {
		return err
	}
	addresses, err := bindAddresses(word)
	s.Binds = append(s.Binds, addresses...)
	s.TLS = s.TLS || slices.Contains(args, "ssl")
	return err
}

func (s *Section) server(args []string, env map[string]string) error {
	if len(args) < 2 {
		return errors.New("it has no address")
	}
	word, err := expand(args[1], env)
	if err != nil {
		return err
	}
	c := ConfigServer{Name: args[0]}
	c.Address, c.Port = serverAddress(word)
	s.Servers = append(s.Servers, c)
	return nil
}

// stick reads "stick on|match PATTERN [table T]". A store rule alone (store-request) pins nobody.
func (s *Section) stick(args []string) {
	if args[0] != "on" && args[0] != "match" {
		return
	}
	s.Sticky = true
	if i := slices.Index(args, "table"); i > 0 && i+1 < len(args) {
		s.Table = args[i+1]
	}
}

// stats reads the lines of the statistics page. Any of "enable", "uri" and "auth" switches it on.
func (s *Section) stats(args []string) {
	switch args[0] {
	case "enable":
		s.Stats.Enabled = true
	case "uri":
		if len(args) > 1 {
			s.Stats.Enabled, s.Stats.URI = true, args[1]
		}
	case "auth":
		if len(args) > 1 && s.Stats.User == "" {
			s.Stats.Enabled = true
			s.Stats.User, s.Stats.Password, _ = strings.Cut(args[1], ":")
		}
	}
}

// section returns the section of that name which is a frontend (or listen), or a backend (or listen); nil if none.
func (c *Config) section(kind, name string) *Section {
	if c == nil {
		return nil
	}
	for i := range c.Sections {
		s := &c.Sections[i]
		if s.Name == name && (s.Kind == kind || s.Kind == "listen") {
			return s
		}
	}
	return nil
}

// complete fills in what the statistics do not say: modes before 1.6, and addresses where the level hides them.
func (c *Config) complete(proxies []Proxy) {
	for i := range proxies {
		p := &proxies[i]
		for _, kind := range []string{"frontend", "backend"} {
			s := c.section(kind, p.Name)
			if s == nil {
				continue
			}
			if p.Mode == "" {
				p.Mode = s.mode()
			}
			s.addresses(p.Servers)
		}
	}
}

// mode is tcp where nothing else is said, as HAProxy has it.
func (s *Section) mode() string {
	if s.Mode == "" {
		return "tcp"
	}
	return s.Mode
}

func (s *Section) addresses(servers []Server) {
	at := make(map[string]ConfigServer, len(s.Servers))
	for _, c := range s.Servers {
		at[c.Name] = c
	}
	for i := range servers {
		if c, ok := at[servers[i].Name]; ok && servers[i].Address == "" {
			servers[i].Address, servers[i].Port = c.Address, c.Port
		}
	}
}
