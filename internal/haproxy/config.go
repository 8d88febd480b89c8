// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// ConfigFile is one file given to HAProxy with -f.
type ConfigFile struct {
	Name    string
	Content []byte
}

// Config is what haproxy.cfg says of the proxies and of the ways to HAProxy's statistics.
type Config struct {
	// Sockets are the stats sockets, in order.
	Sockets []StatsSocket
	// Sections are the listen, frontend and backend sections, in order.
	Sections []Section
}

// StatsSocket is a line "stats socket".
type StatsSocket struct {
	// Path of a unix socket. Sockets of other families are left out.
	Path string
	// Level is operator where the line says none: HAProxy's default.
	Level Level
}

// Section is a listen, frontend or backend section.
type Section struct {
	Kind string // listen, frontend, backend
	Name string
	File string
	Mode string // tcp or http, the defaults section's included; HAProxy's own default is tcp
	// Binds are host:port; 0.0.0.0 and [::] stand for every address. TLS says that one of them is for TLS.
	Binds []string
	TLS   bool
	// Backends are the names in default_backend and use_backend.
	Backends []string
	Servers  []ConfigServer
	// Sticky says that a stick rule pins clients to servers; Table names the table it uses.
	Sticky bool
	Table  string
	Stats  StatsPage
}

// ConfigServer is a server line. Address is empty when the line names no IP address.
type ConfigServer struct {
	Name    string
	Address string
	Port    int
}

// StatsPage is the statistics page of a section. Its password must not leave the package.
type StatsPage struct {
	Enabled  bool
	URI      string
	User     string
	Password string
}

// sectionKeywords begin a section, from 1.5 to 3.4. The lines of those that are no proxies are not ours.
var sectionKeywords = []string{
	"global", "defaults", "listen", "frontend", "backend", "peers", "userlist", "mailers", "resolvers", "cache",
	"program", "http-errors", "ring", "log-forward", "log-profile", "fcgi-app", "crt-store", "namespace_list",
	"traces", "acme", "healthcheck", "ruleset",
}

// LineError is a line of the configuration that matters here and could not be read.
type LineError struct {
	File string
	Line int
	Err  error
}

func (e LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// ParseConfig reads haproxy.cfg, given as the files of -f in their order. What could be read is returned beside the
// errors.
func ParseConfig(files []ConfigFile) (*Config, []LineError) {
	p := configParser{config: &Config{}, env: map[string]string{}, modes: map[string]string{}}
	for _, f := range files {
		p.file = f.Name
		n := 0
		for line := range strings.Lines(string(f.Content)) {
			n++
			if err := p.line(strings.TrimRight(line, "\n")); err != nil {
				p.errs = append(p.errs, LineError{File: f.Name, Line: n, Err: err})
			}
		}
	}
	return p.config, p.errs
}

type configParser struct {
	config  *Config
	env     map[string]string
	file    string
	kind    string            // of the current section
	section *Section          // nil outside of proxies
	mode    string            // of the latest defaults section
	modes   map[string]string // of named defaults sections
	named   string            // the current named defaults section
	errs    []LineError
}

func (p *configParser) line(text string) error {
	words, err := splitWords(text, p.env)
	if len(words) == 0 {
		return nil
	}
	if strings.HasPrefix(words[0], ".if") || strings.HasPrefix(words[0], ".el") {
		return fmt.Errorf("%s is decided by the process alone: every branch was read", excerpt.Of(words[0]))
	}
	if err == nil && slices.Contains(sectionKeywords, words[0]) {
		return p.begin(words)
	}
	return p.keyword(words, err)
}

// keyword reads a line inside a section. broken is what is wrong with it, which matters for the keywords read here
// alone: 1.5 knows no quotes, and its rewrite rules may hold a single one.
func (p *configParser) keyword(words []string, broken error) error {
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
	if len(words) < 2 {
		return fmt.Errorf("%s: it has no argument", words[0])
	}
	switch kind {
	case "global":
		return p.global(words)
	case "defaults":
		p.mode, p.modes[p.named] = words[1], words[1]
		return nil
	}
	if err := p.section.keyword(words, p.env); err != nil {
		return fmt.Errorf("%s: %w", words[0], err)
	}
	return nil
}

// readKeywords are the keywords read here, by kind of section.
var readKeywords = map[string][]string{
	"global":   {"stats", "setenv", "presetenv"},
	"defaults": {"mode"},
	"proxy": {"bind", "server", "server-template", "default_backend", "use_backend", "mode", "stick", "stick-table",
		"stats"},
}

// begin opens a section: "listen NAME", "listen NAME ADDRESS" (1.5), "listen NAME from DEFAULTS" (2.4).
func (p *configParser) begin(words []string) error {
	p.kind, p.section = words[0], nil
	switch p.kind {
	case "defaults":
		p.mode, p.named = "", ""
		if len(words) > 1 {
			p.named = words[1]
		}
		return nil
	case "listen", "frontend", "backend":
	default:
		return nil
	}
	if len(words) < 2 {
		return fmt.Errorf("%s: it has no name", p.kind)
	}
	s := Section{Kind: p.kind, Name: words[1], File: p.file, Mode: p.mode}
	p.config.Sections = append(p.config.Sections, s)
	p.section = &p.config.Sections[len(p.config.Sections)-1]
	if len(words) > 3 && words[2] == "from" {
		p.section.Mode = p.modes[words[3]]
	} else if len(words) > 2 && words[2] != "from" {
		return p.section.bind(words[2:], p.env)
	}
	return nil
}

// global reads "stats socket ADDRESS [level L] ..." and the variables that the configuration sets.
func (p *configParser) global(words []string) error {
	if words[0] != "stats" {
		if len(words) > 2 {
			p.env[words[1]] = words[2]
		}
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

// expand puts the values of variables into an address, where HAProxy takes them without quotes too.
func expand(word string, env map[string]string) (string, error) {
	var err error
	out := os.Expand(word, func(name string) string {
		value, ok := env[name]
		if !ok {
			err = fmt.Errorf("the value of $%s is known to the process alone", excerpt.Of(name))
		}
		return value
	})
	return out, err
}
