// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

// queryLimit is after what time the server itself ends a query of ours about its tables.
const queryLimit = time.Minute

// Job is a backup that may be done: everything was looked at, nothing was changed.
type Job struct {
	o      Options
	plan   Plan
	tool   tool
	server galera.Server
	// instance is the process of that server, whose container and files were looked at.
	instance instance
	// container is where the server and its tools are, if not on the host itself.
	container     galera.Container
	containerName string
	// early says that wsrep_desync is switched on before the data are read, and not when the guard asks for it.
	early bool
	// described says that the account sees all tables, views, triggers and events.
	described bool
	// told is what the decision says of the cluster's events; nil where there is none.
	told *clusterEvents
	// folders are schemas to the server that no CREATE DATABASE made; of a physical backup.
	folders []string
	// content is what a dump will hold.
	content content
	// noting keeps the journal's entries apart: the guard may desync while the rest goes on.
	noting *sync.Mutex
}

// Plan is what Run will do.
func (j *Job) Plan() Plan { return j.plan }

// Prepare looks at the node, the tool, the account and the destination, and refuses what would fail later or, worse,
// succeed wrongly. It changes nothing.
func Prepare(ctx context.Context, o Options) (*Job, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	if o.Desync == "" {
		o.Desync = DesyncNever
	}
	j := &Job{o: o, noting: &sync.Mutex{}}
	j.plan = Plan{Controller: host, Desync: o.Desync, Level: o.Level, Buffer: o.Buffer, Warnings: []string{}}
	if err := j.prepare(ctx); err != nil {
		return nil, fmt.Errorf("%s: before the backup: %w", host, err)
	}
	return j, nil
}

func (j *Job) prepare(ctx context.Context) error {
	look := func() error { return stores.Check(j.o.Destination) }
	if _, err := within(openTimeout, "look at the destination "+j.o.Destination, nothing(look)); err != nil {
		return err
	}
	c, err := galera.Open(ctx, j.o.Login)
	if gone(err) {
		return elsewhere(err)
	}
	if err != nil {
		return err
	}
	defer c.Close()
	if a, refused := c.Refused(); refused {
		j.warn("the account %q of the options was refused (%v), and %q was used instead (%s): correct login_user and login_password, or leave them out",
			a.User, a.Err, c.Reached().User, c.Reached().Credentials)
	}
	if err := answering(ctx, prepareTimeout, func(ctx context.Context) error { return j.inspect(ctx, c) }); err != nil {
		return err
	}
	j.plan.Steps = j.steps()
	return nil
}

func (j *Job) inspect(ctx context.Context, c *galera.Client) error {
	for _, look := range []func(context.Context, *galera.Client) error{
		j.identify, j.checkDecision, j.chooseTool, j.checkGrants, j.explainChoice, j.checkNode, j.checkTables,
		j.checkEvents, j.checkSpace, j.checkCluster,
	} {
		if err := look(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) identify(ctx context.Context, c *galera.Client) (err error) {
	if j.server, err = c.Server(ctx); err != nil {
		return err
	}
	j.instance = instanceOf(j.server)
	j.plan.Server = repository.Server{Version: j.server.Version, Hostname: j.server.Hostname, UID: j.server.UID, Datadir: j.server.Datadir}
	return checkHost(j.server, j.plan.Controller)
}

func (j *Job) chooseTool(ctx context.Context, c *galera.Client) (err error) {
	if err := j.findContainer(ctx, c); err != nil {
		return err
	}
	find := func(m Method) (tool, error) { return findTool(ctx, m, j.container.Place) }
	server := mariadbVersion(j.server.Version)
	j.tool, j.plan.Reason, err = choose(j.o.Method, server, c.Reached().Via == "socket", find)
	if err != nil {
		return err
	}
	if _, err := c.OptionFile(""); err != nil {
		return err
	}
	j.plan.Method = j.tool.method
	j.plan.Tool = repository.Program{Path: j.tool.path, Version: j.tool.version, Args: []string{}, Container: j.containerName}
	if j.tool.version != server {
		j.warn("%s is of version %s, the server of %s", j.tool.path, j.tool.version, server)
	}
	if j.tool.method == Physical {
		return checkDatadir(c.PeerPID(), j.server.Datadir, j.container.Place)
	}
	return nil
}

// findContainer finds out where the server lives, for its own version of the tools is there and nowhere else.
func (j *Job) findContainer(ctx context.Context, c *galera.Client) (err error) {
	_ = j.container.Place.Close()
	j.container, err = galera.FindContainer(ctx, c.PeerPID())
	j.containerName = j.container.Name
	return err
}

func (j *Job) warn(format string, args ...any) {
	j.plan.Warnings = append(j.plan.Warnings, fmt.Sprintf(format, args...))
}

func (j *Job) checkGrants(ctx context.Context, c *galera.Client) error {
	grants, err := c.Grants(ctx)
	if err != nil {
		return err
	}
	unseen := grants.Missing(galera.SchemaPrivileges()...)
	if j.described = len(unseen) == 0; !j.described {
		j.warn("the manifest will not describe the schema: %v", j.lacks(c, unseen))
	}
	if unread := grants.Missing("SELECT"); len(unread) > 0 {
		j.warn("the set will have no %s, only the users' tables as files: %v", usersFile, j.lacks(c, unread))
	}
	if lacking := grants.Missing("SUPER"); j.o.Desync == DesyncAuto && len(lacking) > 0 {
		j.o.Desync, j.plan.Desync = DesyncNever, DesyncNever
		j.warn("desync: auto is never here: %v; a backup that begins to slow down the writers is stopped instead", j.lacks(c, lacking))
	}
	j.early = j.o.Desync == DesyncAlways || j.o.Desync == DesyncAuto && takesReadLock(j.tool, j.server)
	return j.lacks(c, grants.Missing(wanted(j.tool.method, j.o.Desync == DesyncAlways)...))
}

func (j *Job) checkNode(ctx context.Context, c *galera.Client) error {
	w, err := j.recheck(ctx, c)
	if err != nil {
		return err
	}
	name := j.o.Cluster
	if name == "" {
		name = w.ClusterName
	}
	if err := repository.CheckName("cluster name", name); err != nil {
		return fmt.Errorf("%w; set the option cluster", err)
	}
	j.plan.Cluster = repository.Cluster{Name: name, UUID: w.ClusterStateUUID}
	j.plan.Destination = filepath.Join(j.o.Destination, name)
	return repository.CheckName("host name", j.plan.Controller)
}

func (j *Job) checkTables(ctx context.Context, c *galera.Client) error {
	if j.tool.method != Logical {
		return j.checkFolders(ctx, c)
	}
	schemas, err := c.Schemas(ctx)
	if err != nil {
		return err
	}
	if len(schemas) == 0 {
		return errors.New("there is no schema to dump")
	}
	j.plan.Schemas = schemas
	events, err := c.UndumpableEvents(ctx)
	if err == nil {
		err = refuseEvents(events)
	}
	if err != nil {
		return err
	}
	if err := j.checkContent(ctx, c); err != nil {
		return err
	}
	storage, err := c.Sizes(ctx, queryLimit)
	if err != nil {
		return err
	}
	warning, err := refuseNonTransactional(storage.NonTransactional, j.o.WarnNonTransactional)
	if warning != "" {
		j.warn("%s", warning)
	}
	j.plan.Space.Raw = storage.DataBytes
	return err
}

func (j *Job) checkSpace(context.Context, *galera.Client) (err error) {
	raw := j.plan.Space.Raw
	if j.tool.method == Physical {
		if raw, err = j.datadirBytes(); err != nil {
			return err
		}
	}
	// Another controller may have another file system there, and to look is all that it costs.
	j.plan.Space, err = estimate(raw, j.o.Destination)
	return elsewhere(err)
}

// datadirBytes are those that a physical backup copies, of the datadir where the server runs.
func (j *Job) datadirBytes() (int64, error) {
	at, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil {
		return 0, fmt.Errorf("read the datadir: %w", err)
	}
	return datadirBytes(at)
}

// checkCluster finds out now, and not when all data are read, that the cluster does not tell its configuration.
func (j *Job) checkCluster(ctx context.Context, _ *galera.Client) error {
	_, none, err := readCIB(ctx)
	if none != "" {
		j.warn("the set will have no cib.xml: %s", none)
	}
	return err
}

func (j *Job) inContainer() string {
	if j.containerName == "" {
		return ""
	}
	return " in the container " + j.containerName
}

// steps tells the plan in words.
func (j *Job) steps() []string {
	steps := []string{}
	if j.o.Job != "" {
		steps = append(steps, "take the cluster's backup lock, so that no other backup of it runs")
	}
	steps = append(steps, "check once more that this node is sound"+map[bool]string{false: " and serves no clients"}[j.o.AllowClients],
		"wait until it has applied all that the cluster committed, and check again")
	if j.early {
		steps = append(steps, "set wsrep_desync=ON")
	}
	steps = append(steps, fmt.Sprintf("read about %s with %s%s and write them to a new set in %s",
		size(j.plan.Space.Raw), j.tool.path, j.inContainer(), j.plan.Destination))
	if j.early {
		steps = append(steps, "wait for the receive queue to drain, set wsrep_desync=OFF, wait until the node is Synced and UP")
	}
	return append(steps, "save users, cluster and database configuration beside the data", "write the manifest, which makes the set exist")
}
