// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
)

// Request says what to read.
type Request struct {
	Login Login
	// Sample is the window between two readings of the counters; 0 takes one reading and no rates.
	Sample time.Duration
	// Sizes asks for the size of the data by engine, which takes long where there are very many tables.
	Sizes bool
	// IgnoreUsers are accounts of health checks: their sessions are no clients.
	IgnoreUsers []string
}

// Gather reads everything of this host's server. It never fails: what could not be read is in the header's Errors,
// under the sources "option files", "login", "sql", "server", "wsrep", "sample", "sessions", "events", "sizes",
// "datadir", "grastate" and "container". The context bounds it.
func Gather(ctx context.Context, clock reading.Clock, r Request) Facts {
	facts := Facts{Sessions: []Session{}, Events: noEvents(), Storage: emptyStorage()}
	facts.Wsrep, _ = ParseWsrep(nil, map[string]string{"wsrep_on": "OFF"})
	g := gathering{Facts: &facts, request: r, files: readFiles(r.Login.ConfigFile), hostname: reading.LocalHost().Name}
	g.run(ctx)
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
	files    files
	hostname string
	client   *Client
}

func (g *gathering) run(ctx context.Context) {
	client, err := open(ctx, g.request.Login, g.files)
	if err != nil {
		g.down(err)
		return
	}
	defer client.Close()
	g.client, g.Reached = client, client.Reached()
	if g.files.err != nil {
		g.Add("option files", "", oneLineError(g.files.err), "")
	}
	g.explicitFailed()
	g.counters(ctx)
	if !g.Running {
		return
	}
	g.sessions(ctx)
	g.events(ctx)
	g.where(ctx)
	g.sizes(ctx)
}

// explicitFailed records that the account of the options was refused although another one then worked.
func (g *gathering) explicitFailed() {
	if a, refused := g.client.Refused(); refused {
		g.Add("login", a.Place, oneLineError(a.Err), fmt.Sprintf("read as %s (%s) instead: correct login_user and login_password, or leave them out",
			g.Reached.User, g.Reached.Credentials))
	}
}

// counters reads status and variables, twice where rates are wanted, with nothing else of ours in between.
func (g *gathering) counters(ctx context.Context) {
	before, err := g.client.moment(ctx)
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
	variables, err := g.client.pairs(ctx, variablesQuery)
	if err != nil {
		g.Present = true
		g.Add("sql", g.Reached.Address, fmt.Errorf("read variables: %w", err), "")
		return
	}
	g.identify(after, variables)
}

// identify types what was read, unless it is another host's: HAProxy, too, answers on 127.0.0.1:3306 where it binds
// every address, with a server that lives elsewhere.
func (g *gathering) identify(after moment, variables map[string]string) {
	server, err := ParseServer(after.status, variables)
	if g.Reached.Via == "tcp" && g.request.Login.Host == "" && !sameHost(excerpt.Of(server.Hostname), g.hostname) {
		g.Add("sql", g.Reached.Address, fmt.Errorf("answered by the server of host %q, and this is %q",
			excerpt.Of(server.Hostname), g.hostname),
			"set login_unix_socket or login_host to this host's own server")
		g.Reached, g.Sample = Reached{}, Sample{}
		return
	}
	g.Present, g.Running, g.Server = true, true, server
	g.Server.PID = g.client.PeerPID()
	if err != nil {
		g.Add("server", g.Reached.Address, oneLineError(err), "")
	}
	if g.Wsrep, err = ParseWsrep(after.status, variables); err != nil {
		g.Add("wsrep", g.Reached.Address, oneLineError(err), "")
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
	after, err := g.client.moment(ctx)
	if err != nil {
		return before, err
	}
	// One statement of ours lies between: the second reading itself.
	g.Sample, err = Rates(before.status, after.status, after.at.Sub(before.at), 1)
	return after, err
}

func (c *Client) moment(ctx context.Context) (moment, error) {
	status, err := c.pairs(ctx, statusQuery)
	return moment{at: time.Now(), status: status}, err
}

func (g *gathering) sessions(ctx context.Context) {
	sessions, administrative, err := g.client.Sessions(ctx, g.request.IgnoreUsers)
	if err != nil {
		g.Add("sessions", g.Reached.Address, err, "grant PROCESS ON *.* to the account, or use root over the socket")
		return
	}
	g.Sessions, g.Administrative = sessions, administrative
}

// containerTimeout is what an engine may take to say which container the server is in: one that hangs must not look
// like a database that does.
const containerTimeout = 5 * time.Second

// where finds out in which container the server runs, and reads the space of its datadir there.
func (g *gathering) where(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	c, err := FindContainer(asking, g.Server.PID)
	if err != nil {
		g.Add("container", fmt.Sprintf("pid %d", g.Server.PID), oneLineError(err), containerHint(err))
	}
	if err != nil && !errors.Is(err, os.ErrPermission) {
		g.Add("datadir", g.Server.Datadir, errors.New("it is not known in which container it lies"), "")
		return
	}
	// Where only root could look, this host's folder is meant.
	defer c.Place.Close()
	g.Reached.Runtime, g.Reached.Container = c.Runtime, c.Name
	g.ownSpace(c.Place)
}

func containerHint(err error) string {
	switch {
	case errors.Is(err, container.ErrStrange):
		return "set login_unix_socket to the socket of this host's own server; " +
			"one in a container is entered when podman or docker runs it as root"
	case errors.Is(err, process.ErrNotFound):
		return "install the engine's command on this host, or have it on PATH"
	}
	return ""
}

func (g *gathering) sizes(ctx context.Context) {
	if !g.request.Sizes {
		return
	}
	storage, err := g.client.Sizes(ctx, share(ctx))
	if err != nil {
		g.Add("sizes", g.Reached.Address, err, "raise timeout, grant SELECT ON *.*, or set sizes: false")
		return
	}
	storage.DatadirTotal, storage.DatadirFree = g.Storage.DatadirTotal, g.Storage.DatadirFree
	g.Storage = storage
}

// share is what the sizes may take: most of the time that is left, so that the rest is still told.
func share(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Minute
	}
	return time.Until(deadline) * 3 / 4
}

// ownSpace reads the space where the server has its datadir: in a container that may lie anywhere on the host.
func (g *gathering) ownSpace(at process.Place) {
	if at.Host() {
		g.space(g.Server.Datadir)
		return
	}
	folder, err := at.Folder(g.Server.Datadir)
	if err != nil {
		g.Add("datadir", g.Server.Datadir, err, "")
		return
	}
	defer folder.Close()
	g.space("/proc/self/fd/" + strconv.Itoa(int(folder.Fd())))
}

func (g *gathering) space(dir string) {
	if g.Running && g.Reached.Via == "tcp" && !sameHost(g.Server.Hostname, g.hostname) {
		g.Add("datadir", g.Server.Datadir, errors.New("it lies on another host"), "")
		return
	}
	total, free, err := space(dir)
	if err != nil {
		g.Add("datadir", cmp.Or(g.Server.Datadir, dir), err, "")
		return
	}
	g.Storage.DatadirTotal, g.Storage.DatadirFree = total, free
}

// down reads what a host without an answering server still tells. A host that has no database at all is no error.
func (g *gathering) down(err error) {
	datadir := g.files.datadir()
	state, stateErr := ReadGrastate(datadir)
	g.Grastate = state
	g.Present = g.files.configured() || stateErr != nil || state != nil || hasFiles(datadir) || answered(err)
	l := g.request.Login
	if !g.Present && l.Socket == "" && l.Host == "" && l.ConfigFile == "" {
		return
	}
	var refused *LoginError
	where, hint := "", "look at the files that ca_cert, client_cert and client_key name"
	if errors.As(err, &refused) {
		where, hint = refused.Where(), refused.Hint()
	}
	g.Add("sql", where, oneLineError(err), hint)
	if stateErr != nil {
		g.Add("grastate", filepath.Join(datadir, "grastate.dat"), stateErr, "")
	}
	if g.Present {
		g.space(datadir)
	}
}

// answered tells whether any attempt met something that listens.
func answered(err error) bool {
	var e *LoginError
	return errors.As(err, &e) && slices.ContainsFunc(e.Attempts, func(a Attempt) bool {
		return !nobody(a.Err)
	})
}

// serverPrograms are the places of the server's binary in the distributions that run OpenStack.
var serverPrograms = []string{"/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mysqld"}

func hasFiles(datadir string) bool {
	return slices.ContainsFunc(append([]string{filepath.Join(datadir, "ibdata1")}, serverPrograms...), func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

func oneLineError(err error) error { return errors.New(oneLine(err)) }
