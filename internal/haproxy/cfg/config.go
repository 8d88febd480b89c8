// SPDX-License-Identifier: GPL-3.0-or-later

// Package cfg reads haproxy.cfg, 1.5 to current: the sections of proxies, their servers and rules, and the ways to the
// statistics. Parts that it does not understand are named.
package cfg

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// sectionKeywords begin a section, from 1.5 to 3.4. The lines of those that are not proxies are not read.
var sectionKeywords = []string{
	"global", "defaults", "listen", "frontend", "backend", "peers", "userlist", "mailers", "resolvers", "cache",
	"program", "http-errors", "ring", "log-forward", "log-profile", "fcgi-app", "crt-store", "namespace_list",
	"traces", "acme", "healthcheck", "ruleset",
}

// Parse reads haproxy.cfg, given as the files of -f in their order. Along with the errors it returns everything
// that could be read.
func Parse(files []File) (*Config, []LineError) {
	return ParseWith(files, nil)
}

// ParseWith reads haproxy.cfg as a process with that environment does.
func ParseWith(files []File, env map[string]string) (*Config, []LineError) {
	p := configParser{config: &Config{Peers: map[string]int{}}, env: map[string]string{}, saved: map[string]settings{}}
	maps.Copy(p.env, env)
	for _, f := range files {
		p.file = f.Name
		n := 0
		for line := range strings.Lines(string(f.Content)) {
			n++
			if err := p.line(strings.TrimRight(line, "\n")); err != nil {
				p.fail(LineError{File: f.Name, Line: n, Err: err})
			}
		}
	}
	return p.config, p.errs
}

// fail records a line that could not be read, with the section or the defaults that lack it.
func (p *configParser) fail(e LineError) {
	p.errs = append(p.errs, e)
	if errors.As(e.Err, new(branchError)) {
		p.branches = append(p.branches[:min(1, len(p.branches))], e) // which matters to the lines inside
		return
	}
	p.addError(e)
}

func (p *configParser) addError(e LineError) {
	switch {
	case p.section != nil:
		p.section.addError(e)
	case p.kind == "defaults":
		p.defaults.addError(e)
		p.saved[p.name] = p.defaults.copy()
	}
}

// branchError is a line that begins a part of the configuration of which only the process knows whether it applies.
type branchError struct{ word string }

func (e branchError) Error() string {
	return fmt.Sprintf("%s is decided only by the process: every branch was read", excerpt.Of(e.word))
}

func (p *configParser) line(text string) error {
	words, err := splitWords(text, p.env)
	if len(words) == 0 {
		return nil
	}
	switch {
	case words[0] == ".endif":
		if p.depth = max(p.depth-1, 0); p.depth == 0 {
			p.branches = nil
		}
		return nil
	case strings.HasPrefix(words[0], ".if") || strings.HasPrefix(words[0], ".el"):
		if words[0] == ".if" {
			p.depth++
		}
		return branchError{words[0]}
	case slices.Contains(sectionKeywords, words[0]):
		if err != nil {
			p.begin([]string{words[0]}) // whose name is not known: what follows belongs to no section
			return fmt.Errorf("%s: %w", words[0], err)
		}
		return p.begin(words)
	}
	return p.keyword(words, err)
}

// keyword reads a line inside a section. broken is the fault of the line, which matters only for the keywords read
// here: 1.5 knows no quotes, and its rewrite rules may contain a single one.
func (p *configParser) keyword(words []string, broken error) error {
	no := len(words) > 1 && (words[0] == "no" || words[0] == "default")
	if no {
		words = words[1:]
	}
	kind := p.kind
	if p.section != nil {
		kind = "proxy"
	}
	if !slices.Contains(readKeywords[kind], words[0]) {
		return nil
	}
	if broken != nil {
		return fmt.Errorf("%s: %w", words[0], broken)
	}
	if len(words) < 2 && !slices.Contains(bareKeywords, words[0]) {
		return fmt.Errorf("%s: it has no argument", words[0])
	}
	for _, open := range p.branches {
		p.addError(open)
	}
	var err error
	switch kind {
	case "global":
		return p.global(words)
	case "peers":
		p.config.Peers[p.name]++
	case "defaults":
		p.defaults.keyword(words, no)
		p.saved[p.name] = p.defaults.copy()
	default:
		err = p.section.keyword(words, no, p.env)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	return nil
}

// readKeywords are the keywords read here, by kind of section.
var readKeywords = map[string][]string{
	"global":   {"stats", "setenv", "presetenv", "unsetenv", "resetenv"},
	"peers":    {"peer", "server"},
	"defaults": slices.Concat(settingKeywords, []string{"default_backend"}),
	"proxy": slices.Concat(settingKeywords, []string{"bind", "server", "server-template", "default_backend",
		"use_backend", "stick", "stick-table", "stats", "use-server", "dispatch", "tcp-request", "ignore-persist"}),
}

// bareKeywords may have no argument.
var bareKeywords = []string{"disabled", "enabled", "transparent", "balance", "resetenv", "persist"}

// begin opens a section: "listen NAME", "listen NAME ADDRESS" (1.5), "listen NAME from DEFAULTS" and
// "defaults NAME from DEFAULTS" (2.4).
func (p *configParser) begin(words []string) error {
	p.kind, p.section, p.name = words[0], nil, ""
	from := settings{}
	if n := len(words); n > 2 && words[n-2] == "from" && (n == 4 || p.kind == "defaults") {
		from, words = p.saved[words[n-1]].copy(), words[:n-2]
	} else if p.kind != "defaults" {
		from = p.defaults.copy()
	}
	if len(words) > 1 {
		p.name = words[1]
	}
	switch p.kind {
	case "defaults":
		p.defaults = from
		p.saved[p.name] = from.copy()
	case "listen", "frontend", "backend":
		if len(words) < 2 {
			return fmt.Errorf("%s: it has no name", p.kind)
		}
		p.config.Sections = append(p.config.Sections, Section{Kind: p.kind, Name: p.name, File: p.file, settings: from})
		p.section = &p.config.Sections[len(p.config.Sections)-1]
		p.section.inherit()
	}
	for _, open := range p.branches {
		p.addError(open)
	}
	if p.section != nil && len(words) > 2 {
		return p.section.bind(words[2:], p.env)
	}
	return nil
}

// global reads "stats socket ADDRESS [level L] ..." and the variables that the configuration sets.
func (p *configParser) global(words []string) error {
	if words[0] != "stats" {
		p.environment(words)
		return nil
	}
	if words[1] != "socket" || len(words) < 3 {
		return nil
	}
	address, err := expand(words[2], p.env)
	if err != nil {
		return fmt.Errorf("stats socket: %w", err)
	}
	path := strings.TrimPrefix(address, "unix@")
	if !strings.HasPrefix(path, "/") {
		return nil
	}
	s := StatsSocket{Path: path, Level: LevelOperator}
	if i := slices.Index(words, "level"); i > 0 && i+1 < len(words) {
		s.Level = Level(words[i+1])
	}
	p.config.Sockets = append(p.config.Sockets, s)
	return nil
}
