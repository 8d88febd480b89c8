// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// databaseWords make a proxy's name tell of the database: galera_front, mariadb, mysql_be, ...
var databaseWords = []string{"galera", "mariadb", "mysql"}

// FindDatabase finds the proxy in front of the database. want names it, or one of its two sections; else it is the
// one named mysql (TripleO), else the only one in tcp mode that binds port 3306 or is named after the database.
// Several are an error that lists them: nothing is guessed. config may be nil.
func FindDatabase(proxies []Proxy, config *Config, want string) (*Database, error) {
	f := finder{proxies: proxies, config: config}
	if want != "" {
		if p := f.proxy(want); p != nil {
			return f.pair(p, "option")
		}
		return nil, fmt.Errorf("there is no proxy %q; HAProxy has %s", want, f.names())
	}
	if p := f.proxy("mysql"); p != nil {
		return f.pair(p, "name")
	}
	return f.only()
}

type finder struct {
	proxies []Proxy
	config  *Config
}

func (f finder) proxy(name string) *Proxy {
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

// list has the names, as many as fit into a message.
func list(names []string) string { return excerpt.UpTo(600, strings.Join(names, ", ")) }

// only finds the one candidate. A frontend and its backend are one.
func (f finder) only() (*Database, error) {
	var found []*Database
	var errs []error
	for i := range f.proxies {
		evidence := f.evidence(&f.proxies[i])
		if evidence == "" {
			continue
		}
		d, err := f.pair(&f.proxies[i], evidence)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		same := func(o *Database) bool { return o.Backend == d.Backend }
		if i := slices.IndexFunc(found, same); i < 0 {
			found = append(found, d)
		} else if found[i].Frontend == "" {
			found[i] = d
		}
	}
	if len(found) == 1 && len(errs) == 0 {
		return found[0], nil
	}
	return nil, excerpt.Join(append(errs, several(found))...)
}

func several(found []*Database) error {
	if len(found) == 0 {
		return errors.New("no proxy in tcp mode binds port 3306 or is named after galera, mariadb or mysql")
	}
	var names []string
	for _, d := range found {
		names = append(names, fmt.Sprintf("%s (by %s)", d.Backend, d.Evidence))
	}
	return fmt.Errorf("candidates: %s", list(names))
}

// evidence says why a proxy may be the database's; empty when nothing tells of it.
func (f finder) evidence(p *Proxy) string {
	if p.Mode != "tcp" && p.Mode != "" {
		return ""
	}
	var why []string
	name := strings.ToLower(p.Name)
	if slices.ContainsFunc(databaseWords, func(w string) bool { return strings.Contains(name, w) }) {
		why = append(why, "name")
	}
	if s := f.config.section("frontend", p.Name); s != nil && slices.ContainsFunc(s.Binds, isMySQLPort) {
		why = append(why, "port")
	}
	return strings.Join(why, " and ")
}

func isMySQLPort(bind string) bool {
	_, port, err := net.SplitHostPort(bind)
	return err == nil && port == "3306"
}

// pair finds the other section of a frontend or backend; a listen is both.
func (f finder) pair(p *Proxy, evidence string) (*Database, error) {
	d := &Database{Evidence: evidence, Binds: []string{}}
	var err error
	switch {
	case p.Frontend != nil && p.Backend != nil:
		d.Frontend, d.Backend = p.Name, p.Name
	case p.Frontend != nil:
		d.Frontend = p.Name
		d.Backend, err = f.backendOf(p.Name)
	default:
		d.Backend = p.Name
		d.Frontend = f.frontendOf(p.Name)
	}
	if err != nil {
		return nil, err
	}
	f.describe(d)
	return d, nil
}

// describe adds what the configuration says. Several frontends may lead to the backend: clients come by all of them.
func (f finder) describe(d *Database) {
	if f.config == nil {
		return
	}
	for _, s := range f.config.Sections {
		if s.leadsTo(d.Backend) {
			d.Binds = append(d.Binds, s.Binds...)
		}
	}
	if s := f.config.section("frontend", d.Frontend); s != nil {
		d.Config = s.File
	}
	if s := f.config.section("backend", d.Backend); s != nil {
		d.Sticky = s.Sticky
	}
}

func (s *Section) leadsTo(backend string) bool {
	return slices.Contains(s.Backends, backend) || s.Kind == "listen" && s.Name == backend
}

// backendOf is the backend that the configuration names for a frontend; without configuration, TripleO's NAME_be.
func (f finder) backendOf(frontend string) (string, error) {
	s := f.config.section("frontend", frontend)
	if s == nil {
		if p := f.proxy(frontend + "_be"); p != nil && p.Backend != nil {
			return p.Name, nil
		}
		return "", fmt.Errorf("the backend of frontend %q stands in the configuration alone", excerpt.Of(frontend))
	}
	if len(s.Backends) != 1 {
		return "", fmt.Errorf("frontend %q has %d backends (%s), not one", excerpt.Of(frontend), len(s.Backends),
			list(s.Backends))
	}
	if p := f.proxy(s.Backends[0]); p == nil || p.Backend == nil {
		return "", fmt.Errorf("backend %q of frontend %q is not in the statistics", excerpt.Of(s.Backends[0]),
			excerpt.Of(frontend))
	}
	return s.Backends[0], nil
}

// frontendOf is the first frontend that leads to a backend; empty when none is known, which leaves the binds unknown.
func (f finder) frontendOf(backend string) string {
	if f.config == nil {
		name, ok := strings.CutSuffix(backend, "_be")
		if p := f.proxy(name); ok && p != nil && p.Frontend != nil {
			return name
		}
		return ""
	}
	for _, s := range f.config.Sections {
		if s.leadsTo(backend) {
			return s.Name
		}
	}
	return ""
}
