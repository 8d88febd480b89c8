// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/stats"
)

func (f finder) database(want []string) (*Database, error) {
	if len(want) > 0 {
		return f.named(want[0])
	}
	if p := f.proxy("mysql"); p != nil && isTCP(p) {
		d, err := f.pair(p, "name")
		if err != nil || !f.contested(d) {
			return d, err
		}
	}
	return f.onlyCandidate()
}

// named returns the proxy that the caller names.
func (f finder) named(name string) (*Database, error) {
	if p := f.proxy(name); p != nil {
		return f.pair(p, "option")
	}
	return nil, fmt.Errorf("there is no proxy %q; HAProxy has %s", excerpt.Of(name), f.names())
}

// contested reports that another proxy binds port 3306, with other servers: then the name mysql by itself decides
// nothing.
func (f finder) contested(d *Database) bool {
	own := f.proxy(d.Backend)
	named := slices.ContainsFunc(d.Binds, isMySQLPort)
	for i := range f.proxies {
		p := &f.proxies[i]
		if !strings.Contains(f.evidence(p), "port") {
			continue
		}
		other, err := f.pair(p, "port")
		if err != nil || other.Backend == d.Backend {
			continue
		}
		theirs := f.proxy(other.Backend)
		known := len(own.Servers) > 0 && len(theirs.Servers) > 0
		if !f.shareServer(own, theirs) && (known || !named) {
			return true
		}
	}
	return false
}

// onlyCandidate finds the one candidate. A frontend and its backend are one, and so are backends with the same servers:
// of those it is the first that binds port 3306.
func (f finder) onlyCandidate() (*Database, error) {
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
	if len(errs) > 0 || len(found) == 0 {
		return nil, excerpt.Join(append(errs, ambiguous(found))...)
	}
	byPort := func(d *Database) bool { return strings.Contains(d.Evidence, "port") }
	first := found[max(0, slices.IndexFunc(found, byPort))]
	for _, d := range found {
		if d != first && !f.shareServer(f.proxy(first.Backend), f.proxy(d.Backend)) {
			return nil, ambiguous(found)
		}
	}
	return first, nil
}

func ambiguous(found []*Database) error {
	if len(found) == 0 {
		return errors.New("no proxy in tcp mode binds port 3306 or is named after galera, mariadb or mysql")
	}
	var names []string
	for _, d := range found {
		names = append(names, fmt.Sprintf("%s (by %s)", d.Backend, d.Evidence))
	}
	return fmt.Errorf("candidates: %s", list(names))
}

// pair finds the other section of a frontend or backend; a listen is both.
func (f finder) pair(p *stats.Proxy, evidence string) (*Database, error) {
	d := &Database{Evidence: evidence, Binds: []string{}, UseServers: []string{}, Unmodelled: []string{},
		Unread: []string{}}
	var err error
	switch s := f.config.Section("frontend", p.Name); {
	case p.Frontend != nil && p.Backend != nil && s != nil && s.Kind == "frontend": // and a backend of the same name
		d.Frontend = p.Name
		d.Backend, err = f.backendOf(p.Name)
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

// backendOf returns the backend that the configuration names for a frontend; without configuration, TripleO's NAME_be.
func (f finder) backendOf(frontend string) (string, error) {
	s := f.config.Section("frontend", frontend)
	if s == nil {
		if p := f.proxy(frontend + "_be"); p != nil && p.Backend != nil {
			return p.Name, nil
		}
		return "", fmt.Errorf("the backend of frontend %q is only in the configuration", excerpt.Of(frontend))
	}
	name := s.DefaultBackend
	if name == "" && len(s.Backends) == 1 {
		name = s.Backends[0]
	}
	if name == "" {
		return "", fmt.Errorf("frontend %q has %d backends (%s), not one", excerpt.Of(frontend), len(s.Backends),
			list(s.Backends))
	}
	if p := f.proxy(name); p == nil || p.Backend == nil {
		return "", fmt.Errorf("backend %q of frontend %q is not in the statistics", excerpt.Of(name),
			excerpt.Of(frontend))
	}
	return name, nil
}

// frontendOf returns the first frontend that leads to a backend; empty if none is known, which leaves the binds
// unknown.
func (f finder) frontendOf(backend string) string {
	if f.config == nil {
		name, ok := strings.CutSuffix(backend, "_be")
		if p := f.proxy(name); ok && p != nil && p.Frontend != nil {
			return name
		}
		return ""
	}
	for _, s := range f.config.Sections {
		if s.LeadsTo(backend) {
			return s.Name
		}
	}
	return ""
}
