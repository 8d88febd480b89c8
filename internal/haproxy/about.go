// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/reading"
)

// aboutSocket reads what else the socket reports: process, addresses, level, stick table.
func (r *reader) aboutSocket(ctx context.Context, s socket) {
	b, err := s.ask(ctx, "show info")
	var info stats.Info
	if err == nil {
		info, err = stats.ParseInfo(b)
	}
	r.info(info, s.path, err)
	if r.f.Level, err = s.level(ctx, r.config); err != nil {
		r.fail(SourceLevel, s.path, err, "")
	}
	states, err := s.states(ctx)
	if err != nil {
		r.fail(SourceStates, s.path, err, "")
	}
	stats.ApplyStates(r.f.Proxies, states)
	r.database()
	r.tables(ctx, s)
}

// aboutURL reads from the statistics page what "show info" reports.
func (r *reader) aboutURL(ctx context.Context, w web) {
	b, err := w.get(ctx, "?scope=!") // no proxy has that name, so the page is only its head
	var info stats.Info
	if err == nil {
		info, err = stats.ParsePage(b)
	}
	r.info(info, w.url, err)
	r.database()
}

// states returns the servers' addresses and states. HAProxy 1.5 does not know the command: then there are none.
func (s socket) states(ctx context.Context) ([]stats.ServerState, error) {
	b, err := s.ask(ctx, "show servers state")
	if errors.Is(err, errUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return stats.ParseServersState(b)
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
func (r *reader) tables(ctx context.Context, s socket) {
	for _, d := range r.f.Backends() {
		if p := r.f.Proxy(d.Backend); p != nil {
			p.Table = r.table(ctx, s, d, p)
		}
	}
}

// table reads the stick table of a backend. Without a configuration, having one is what makes it sticky.
func (r *reader) table(ctx context.Context, s socket, d *Database, p *stats.Proxy) *stats.Table {
	name := d.Backend
	if c := r.config.Section("backend", d.Backend); c != nil && c.Table != "" {
		name = c.Table
	}
	var t *stats.Table
	b, err := s.askFor(ctx, "show table", name)
	if err == nil {
		t, err = stats.ParseTable(b)
	}
	if errors.Is(err, errNoTable) && !d.Sticky {
		return nil
	}
	if err != nil {
		r.fail(SourceTable, s.path, err, "")
		return nil
	}
	stats.NameEntries(t, p.Servers)
	d.Sticky = d.Sticky || r.config == nil
	return t
}

// pages returns the stats URLs to try: the given one, otherwise the configuration's that lead to this host. The
// configuration's credentials are only for this host.
func (r *reader) pages() []web {
	own := localPages(r.config, reading.LocalHost().Addresses)
	for i := range own {
		own[i].may = r.o.may
	}
	if r.o.StatsURL == "" {
		for i := range own {
			own[i].credentials(r.o)
		}
		return own
	}
	w, err := parseStatsURL(r.o.StatsURL)
	if err != nil {
		r.fail(SourceURL, "stats_url", err, "")
		return nil
	}
	r.o.Secret(w.password)
	w.credentials(r.o)
	for _, page := range own {
		if w.user == "" && page.url == w.url {
			w = page
		}
	}
	w.may = r.o.may
	return []web{w}
}

// credentials copies those of the options.
func (w *web) credentials(o Options) {
	if o.StatsUser != "" {
		w.user, w.password = o.StatsUser, o.StatsPassword
	}
}
