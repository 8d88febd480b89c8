// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/reading"
)

// Request says what to read.
type Request struct {
	Login mariadb.Login
	// Sample is the window between two readings of the counters; 0 takes one reading and no rates.
	Sample time.Duration
	// Sizes requests the size of the data by engine, which takes long with very many tables.
	Sizes bool
	// IgnoreUsers are accounts of health checks: their sessions do not count as clients.
	IgnoreUsers []string
}

// Gather reads everything about this host's server. It never fails: what could not be read is in the header's Errors,
// under the sources "option files", "login", "sql", "server", "wsrep", "sample", "sessions", "logins", "events",
// "sizes", "datadir", "grastate" and "container". The context limits it.
func Gather(ctx context.Context, clock reading.Clock, r Request) Facts {
	facts := Facts{Sessions: []Session{}, Logins: logins.None(""), Events: catalog.NoEvents(), Storage: emptyStorage()}
	facts.Wsrep, _ = ParseWsrep(nil, map[string]string{"wsrep_on": "OFF"})
	files := mariadb.ReadOptionFiles(r.Login.ConfigFile)
	g := gathering{Facts: &facts, request: r, hostname: reading.LocalHost().Name, datadir: files.Datadir(),
		configured: files.Clustered()}
	g.run(ctx, files)
	clock.Close(&facts.Header)
	return facts
}

func emptyStorage() Storage {
	return Storage{Engines: []Engine{}, NonTransactional: []string{}}
}

// gathering is one run of Gather.
type gathering struct {
	*Facts
	request  Request
	hostname string
	// datadir is the path in the option files; configured says that they make a Galera node of this host.
	datadir    string
	configured bool
	client     *mariadb.Client
}

func (g *gathering) run(ctx context.Context, files mariadb.OptionFiles) {
	client, err := files.Open(ctx, g.request.Login)
	if err != nil {
		g.down(err)
		return
	}
	defer client.Close()
	g.client, g.Reached = client, client.Reached()
	if err := files.Problem(); err != nil {
		g.Add("option files", "", err, "")
	}
	g.explicitFailed()
	g.counters(ctx)
	if !g.Running {
		return
	}
	g.sessions(ctx)
	g.logins(ctx)
	g.events(ctx)
	g.where(ctx)
	g.sizes(ctx)
}

// explicitFailed records that the account of the options was refused although another one then worked.
func (g *gathering) explicitFailed() {
	if a, refused := g.client.Refused(); refused {
		g.Add("login", a.Place, a.Err, fmt.Sprintf("read as %s (%s) instead: correct login_user and login_password,"+
			" or leave them out",
			g.Reached.User, g.Reached.Credentials))
	}
}

// counters reads status and variables, twice if rates are requested, with nothing else of ours in between.
func (g *gathering) counters(ctx context.Context) {
	before, err := readMoment(ctx, g.client)
	if err != nil {
		g.Present = true
		g.Add("sql", g.Reached.Address, fmt.Errorf("read status: %w", err), "")
		return
	}
	after, err := g.second(ctx, before)
	if err != nil {
		g.Add("sample", g.Reached.Address, err, "")
		after = before
	}
	variables, err := g.client.Pairs(ctx, variablesQuery)
	if err != nil {
		g.Present = true
		g.Add("sql", g.Reached.Address, fmt.Errorf("read variables: %w", err), "")
		return
	}
	g.identify(after, variables)
}

// identify types what was read, unless it is another host's: HAProxy also answers on 127.0.0.1:3306 if it binds every
// address, with a server that is elsewhere.
func (g *gathering) identify(after moment, variables map[string]string) {
	server, err := ParseServer(after.status, variables)
	if g.Reached.Via == "tcp" && g.request.Login.Host == "" && !sameHost(excerpt.Of(server.Hostname), g.hostname) {
		g.Add("sql", g.Reached.Address, fmt.Errorf("answered by the server of host %q, and this is %q",
			excerpt.Of(server.Hostname), g.hostname),
			"set login_unix_socket or login_host to this host's own server")
		g.Reached, g.Sample = mariadb.Reached{}, Sample{}
		return
	}
	g.Present, g.Running, g.Server = true, true, server
	g.Server.PID = g.client.PeerPID()
	if err != nil {
		g.Add("server", g.Reached.Address, err, "")
	}
	if g.Wsrep, err = ParseWsrep(after.status, variables); err != nil {
		g.Add("wsrep", g.Reached.Address, err, "")
	}
}

func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return a != "" && strings.EqualFold(a, b)
}

// second waits for the window and reads the counters again. Without wsrep there are none to compare.
func (g *gathering) second(ctx context.Context, before moment) (moment, error) {
	if g.request.Sample <= 0 || before.status["wsrep_replicated"] == "" {
		return before, nil
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < 2*g.request.Sample {
		return before, fmt.Errorf("no time for a window of %s within the time limit", g.request.Sample)
	}
	time.Sleep(g.request.Sample)
	after, err := readMoment(ctx, g.client)
	if err != nil {
		return before, err
	}
	// One statement of ours is between them: the second reading itself.
	g.Sample, err = Rates(before.status, after.status, after.at.Sub(before.at), 1)
	return after, err
}

func readMoment(ctx context.Context, c *mariadb.Client) (moment, error) {
	status, err := c.Pairs(ctx, statusQuery)
	return moment{at: time.Now(), status: status}, err
}

func (g *gathering) sessions(ctx context.Context) {
	sessions, administrative, err := Sessions(ctx, g.client, g.request.IgnoreUsers)
	if err != nil {
		g.Add("sessions", g.Reached.Address, err, "grant PROCESS ON *.* to the account, or use root over the socket")
		return
	}
	g.Sessions, g.Administrative = sessions, administrative
}

func (g *gathering) logins(ctx context.Context) {
	var err error
	if g.Logins, err = logins.OfClients(ctx, g.client, g.request.IgnoreUsers); err != nil {
		g.Logins = logins.None("")
		g.Add("logins", g.Reached.Address, err, "no decision depends on this")
	}
}

func (g *gathering) sizes(ctx context.Context) {
	if !g.request.Sizes {
		return
	}
	storage, err := Sizes(ctx, g.client, share(ctx))
	if err != nil {
		g.Add("sizes", g.Reached.Address, err, "raise timeout, grant SELECT ON *.*, or set sizes: false")
		return
	}
	storage.DatadirTotal, storage.DatadirFree = g.Storage.DatadirTotal, g.Storage.DatadirFree
	g.Storage = storage
}

// share is how long reading the sizes may take: most of the time that is left, so that the rest is still reported.
func share(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Minute
	}
	return time.Until(deadline) * 3 / 4
}

// maxEventsTime leaves time for what follows.
const maxEventsTime = 2 * time.Second

func (g *gathering) events(ctx context.Context) {
	events, err := catalog.ReadEvents(ctx, g.client, min(share(ctx), maxEventsTime))
	if err != nil {
		g.Add("events", g.Reached.Address, err, "no decision depends on this; EVENT ON *.* for the account, and at"+
			" most 1000 events, let it be read")
	}
	g.Events = events
}
