// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"errors"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// keyword reads one line of the section; no says that it began with "no".
func (s *Section) keyword(words []string, no bool, env map[string]string) error {
	args := words[1:]
	switch words[0] {
	case "bind":
		return s.bind(args, env)
	case "server":
		return s.server(args, env)
	case "server-template":
		return errors.New("its servers are known only to the process")
	case "default_backend", "use_backend":
		s.addBackend(words[0], args[0])
	case "stick":
		s.stick(args)
	case "stick-table":
		s.stickTable(args)
	case "stats":
		s.stats(args)
	case "use-server":
		s.UseServers = append(s.UseServers, args[0])
	case "dispatch":
		word, err := expand(args[0], env)
		s.Dispatch = word
		s.addUnmodelled("dispatch", false)
		return err
	case "tcp-request":
		s.request(args)
	case "ignore-persist":
		s.Loose = true
	default:
		s.settings.keyword(words, no)
	}
	return nil
}

// addBackend records a backend. One whose name is made for each connection could be any.
func (s *Section) addBackend(rule, backend string) {
	if strings.Contains(backend, "%") {
		s.AnyBackend = true
		s.addUnmodelled(rule+" "+excerpt.Of(backend), false)
		return
	}
	if !slices.Contains(s.Backends, backend) {
		s.Backends = append(s.Backends, backend)
	}
	if rule == "default_backend" {
		s.DefaultBackend = backend
	}
}

func (s *Section) bind(args []string, env map[string]string) error {
	word, err := expand(args[0], env)
	if err != nil {
		return err
	}
	addresses, err := bindAddresses(word)
	s.Binds = append(s.Binds, addresses...)
	s.TLS = s.TLS || slices.Contains(args, "ssl")
	// A header of these contains another destination.
	s.Loose = s.Loose || slices.Contains(args, "accept-proxy") || slices.Contains(args, "accept-netscaler-cip")
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
	c := Server{Name: args[0]}
	c.Address, c.Port = ParseServerAddress(word)
	s.Servers = append(s.Servers, c)
	return nil
}

// stats reads the lines of the statistics page. Any of "enable", "uri" and "auth" enables it.
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

// Section returns the section of that name which is a frontend (or listen), or a backend (or listen); nil if none.
func (c *Config) Section(kind, name string) *Section {
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

// LeadsTo reports that clients of the section come to a backend.
func (s *Section) LeadsTo(backend string) bool {
	return !s.Disabled && (slices.Contains(s.Backends, backend) || s.Kind == "listen" && s.Name == backend)
}

// EffectiveMode is tcp if nothing else is set, as in HAProxy.
func (s *Section) EffectiveMode() string {
	if s.Mode == "" {
		return "tcp"
	}
	return s.Mode
}

// inherit completes a section that begins: a backend of the defaults is the section's own.
func (s *Section) inherit() {
	if s.Kind != "backend" && s.DefaultBackend != "" {
		s.addBackend("default_backend", s.DefaultBackend)
	}
}
