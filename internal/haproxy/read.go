// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/haproxy/endpoint"
	"overcloud.backup/internal/haproxy/locate"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/peer"
)

// Read reads this host's HAProxy and changes nothing. It always returns facts: a source that fails is recorded in
// them, and a host without HAProxy (no configuration, socket or process) is not present.
func Read(ctx context.Context, o Options) *Facts {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.host.Root == "" {
		o.host.Root = "/"
	}
	if o.Secret == nil {
		o.Secret = func(string) {}
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if !o.may.Has(0) {
		o.may = peer.Trust("haproxy")
	}
	r := reader{o: o, f: &Facts{Proxies: []stats.Proxy{}, Pools: []Database{}}, running: o.host.Processes(o.may)}
	defer locate.CloseProcesses(r.running)
	r.readConfig()
	at := o.host.All(r.sockets(), r.running, o.may)
	defer locate.CloseFiles(at)
	r.f.Present = r.f.Present || len(at) > 0 || len(r.running) > 0
	if r.f.Present || o.Socket != "" || o.StatsURL != "" {
		r.explainMissing(len(at) > 0)
		r.readStatistics(ctx, at)
	}
	o.Clock.Close(&r.f.Header)
	return r.f
}

// sockets returns the paths where the stats socket may be.
func (r *reader) sockets() []string {
	if r.o.Socket != "" {
		return []string{r.o.Socket}
	}
	if r.config == nil || len(r.config.Sockets) == 0 {
		return locate.DefaultSockets
	}
	var paths []string
	for _, s := range r.config.Sockets {
		paths = append(paths, s.Path)
	}
	return paths
}

// explainMissing records what a present HAProxy should have had.
func (r *reader) explainMissing(socket bool) {
	if len(r.paths) == 0 && len(r.unread) == 0 {
		r.fail(SourceConfig, strings.Join(locate.DefaultConfigs, ", "), errors.New("there is no such file"),
			"name the files of haproxy -f with config_file")
	}
	if !socket {
		r.fail(SourceSocket, strings.Join(r.sockets(), ", "), errors.New("there is no such socket"),
			"is HAProxy running? Its global section needs: stats socket /var/lib/haproxy/stats mode 600 level user")
	}
}

// readStatistics asks the sockets one after the other, until one answers, and the stats URL if none does and there is
// time left.
func (r *reader) readStatistics(ctx context.Context, at []locate.File) {
	var failed []func()
	for i, f := range at {
		s := endpoint.Socket{Path: f.Name, At: f.At(), May: r.o.may}
		err := r.ask(ctx, s, len(at)-i)
		if err == nil {
			r.aboutSocket(ctx, s)
			return
		}
		failed = append(failed, func() {
			r.fail(SourceSocket, s.Path, err, hint(err, "name HAProxy's stats socket with the option socket"))
		})
	}
	for _, record := range failed {
		record()
	}
	for _, w := range r.pages() {
		if ctx.Err() != nil {
			return
		}
		err := r.samples(ctx, w.URL, w.Stat)
		if err == nil {
			r.aboutURL(ctx, w)
			return
		}
		r.fail(SourceURL, w.URL, err, hint(err, "check stats_url, stats_user and stats_password"))
	}
}

// ask takes the samples from a socket. One of several gets its part of the time, because it may hang.
func (r *reader) ask(ctx context.Context, s endpoint.Socket, left int) error {
	if end, ok := ctx.Deadline(); ok && left > 1 {
		if part := time.Until(end) / time.Duration(left); part > r.o.Sample {
			limited, cancel := context.WithTimeout(ctx, part)
			defer cancel()
			ctx = limited
		}
	}
	return r.samples(ctx, s.Path, s.Stat)
}

// samples takes the samples from one source. Its error means that there is none at all; a second sample that fails is
// recorded, and leaves the first.
func (r *reader) samples(ctx context.Context, where string, stat func(context.Context) ([]stats.Proxy, error)) error {
	first, err := stat(ctx)
	if err != nil {
		return err
	}
	r.f.Running, r.f.Reached, r.f.Proxies = true, where, first
	if r.o.Sample <= 0 {
		return nil
	}
	start := time.Now()
	second, err := r.secondSample(ctx, stat)
	if err == nil {
		r.f.Proxies = second
		if err = stats.Compare(first, second); err == nil {
			r.f.Window = time.Since(start).Seconds()
			return nil
		}
	}
	r.fail(SourceSample, where, err, "read again")
	return nil
}

func (r *reader) secondSample(ctx context.Context, stat func(context.Context) ([]stats.Proxy, error)) ([]stats.Proxy,
	error) {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= r.o.Sample {
		return nil, fmt.Errorf("a time limit of %v leaves no room for a second sample after %v", r.o.Timeout,
			r.o.Sample)
	}
	select {
	case <-time.After(r.o.Sample):
		return stat(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
