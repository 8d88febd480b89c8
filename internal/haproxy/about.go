// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/endpoint"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/reading"
)

// aboutSocket reads what else the socket reports: process, addresses, level, stick table.
func (r *reader) aboutSocket(ctx context.Context, s endpoint.Socket) {
	b, err := s.Ask(ctx, "show info")
	var info stats.Info
	if err == nil {
		info, err = stats.ParseInfo(b)
	}
	r.info(info, s.Path, err)
	if r.f.Level, err = s.Level(ctx, r.config); err != nil {
		r.fail(SourceLevel, s.Path, err, "")
	}
	states, err := s.States(ctx)
	if err != nil {
		r.fail(SourceStates, s.Path, err, "")
	}
	stats.ApplyStates(r.f.Proxies, states)
	r.database()
	r.tables(ctx, s)
}

// aboutURL reads from the statistics page what "show info" reports.
func (r *reader) aboutURL(ctx context.Context, w endpoint.Page) {
	b, err := w.Get(ctx, "?scope=!") // no proxy has that name, so the page is only its head
	var info stats.Info
	if err == nil {
		info, err = stats.ParsePage(b)
	}
	r.info(info, w.URL, err)
	r.database()
}

func (r *reader) info(info stats.Info, where string, err error) {
	if err != nil {
		r.fail(SourceInfo, where, err, "")
		return
	}
	r.f.Version, r.f.Uptime, r.f.PID, r.f.Processes = info.Version, info.Uptime, info.PID, info.Processes
	if info.Processes > 1 {
		r.fail(SourceProcesses, where,
			fmt.Errorf("HAProxy runs %d processes (nbproc), and this is only about process %d", info.Processes,
				info.Process),
			"sessions of the other processes are not seen; use nbthread instead of nbproc")
	}
	if info.Stopping {
		r.fail(SourceProcesses, where, fmt.Errorf("process %d is stopping: it accepts no new sessions", info.PID),
			"find the process that replaced it")
	}
}

// database finds the proxy in front of the database, once modes and addresses are complete.
func (r *reader) database() {
	if r.config != nil {
		complete(r.config, r.f.Proxies)
	}
	d, pools, err := FindDatabases(r.f.Proxies, r.config, r.o.DatabaseProxies)
	if err != nil {
		r.fail(SourceDatabase, r.f.Reached, err, "name it with database_proxy")
		return
	}
	r.f.Database, r.f.Pools = d, append(r.f.Pools, pools...)
	r.checkOtherProcesses(d)
	for _, b := range r.f.Backends() {
		b.Unread, b.Unmodelled = append(b.Unread, r.unread...), append(b.Unmodelled, r.unread...)
	}
	if r.config != nil && len(d.Binds) == 0 {
		r.fail(SourceConfig, fmt.Sprint(r.paths), fmt.Errorf("it contains no bind address for proxy %q",
			excerpt.Of(d.Backend)),
			"is it the configuration that HAProxy runs with? Name it with config_file")
	}
}

// tables reads the stick tables of the database's backends.
func (r *reader) tables(ctx context.Context, s endpoint.Socket) {
	for _, d := range r.f.Backends() {
		if p := r.f.Proxy(d.Backend); p != nil {
			p.Table = r.table(ctx, s, d, p)
		}
	}
}

// table reads the stick table of a backend. Without a configuration, having one is what makes it sticky.
func (r *reader) table(ctx context.Context, s endpoint.Socket, d *Database, p *stats.Proxy) *stats.Table {
	name := d.Backend
	if c := r.config.Section("backend", d.Backend); c != nil && c.Table != "" {
		name = c.Table
	}
	var t *stats.Table
	b, err := s.AskFor(ctx, "show table", name)
	if err == nil {
		t, err = stats.ParseTable(b)
	}
	if errors.Is(err, endpoint.ErrNoTable) && !d.Sticky {
		return nil
	}
	if err != nil {
		r.fail(SourceTable, s.Path, err, "")
		return nil
	}
	stats.NameEntries(t, p.Servers)
	d.Sticky = d.Sticky || r.config == nil
	return t
}

// pages returns the stats URLs to try: the given one, otherwise the configuration's that lead to this host. The
// configuration's credentials are only for this host.
func (r *reader) pages() []endpoint.Page {
	own := endpoint.LocalPages(r.config, reading.LocalHost().Addresses)
	for i := range own {
		own[i].May = r.o.may
	}
	if r.o.StatsURL == "" {
		for i := range own {
			own[i] = r.o.withCredentials(own[i])
		}
		return own
	}
	w, err := endpoint.ParseURL(r.o.StatsURL)
	if err != nil {
		r.fail(SourceURL, "stats_url", err, "")
		return nil
	}
	r.o.Secret(w.Password)
	w = r.o.withCredentials(w)
	for _, page := range own {
		if w.User == "" && page.URL == w.URL {
			w = page
		}
	}
	w.May = r.o.may
	return []endpoint.Page{w}
}

// withCredentials returns the page with the credentials of the options, if there are any.
func (o Options) withCredentials(p endpoint.Page) endpoint.Page {
	if o.StatsUser != "" {
		p.User, p.Password = o.StatsUser, o.StatsPassword
	}
	return p
}
