// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

// checkTimeout is how long checking a destination may take: one that hangs is refused.
const checkTimeout = 30 * time.Second

// Prepare checks the node, the tool, the account and the destination, and refuses what would fail later or, worse,
// succeed wrongly. It changes nothing.
func Prepare(ctx context.Context, o Options) (*Job, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	if o.Desync == "" {
		o.Desync = DesyncNever
	}
	j := &Job{o: o, notes: effect.NewNotes(o.Journal)}
	j.plan = Plan{Controller: host, Desync: o.Desync, Level: o.Level, Buffer: o.Buffer, Warnings: []string{}}
	if err := j.prepare(ctx); err != nil {
		return nil, fmt.Errorf("%s: before the backup: %w", host, err)
	}
	return j, nil
}

func (j *Job) prepare(ctx context.Context) error {
	if err := j.checkDestination(); err != nil {
		return err
	}
	c, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := answering(ctx, prepareTimeout, func(ctx context.Context) error { return j.inspect(ctx, c) }); err != nil {
		return err
	}
	j.plan.Steps = j.steps()
	return nil
}

func (j *Job) checkDestination() error {
	look := func() error { return stores.Check(j.o.Destination) }
	_, err := abandon.After(checkTimeout, "look at the destination "+j.o.Destination, abandon.Action(look))
	return err
}

// open logs in to the server of this host.
func (j *Job) open(ctx context.Context) (*mariadb.Client, error) {
	c, err := mariadb.Open(ctx, j.o.Login)
	if mariadb.Absent(err) {
		return nil, thisNode(err)
	}
	if err != nil {
		return nil, err
	}
	if a, refused := c.Refused(); refused {
		j.warn("the account %q of the options was refused (%v), and %q was used instead (%s): correct login_user "+
			"and login_password, or leave them out",
			a.User, a.Err, c.Reached().User, c.Reached().Credentials)
	}
	return c, nil
}

func (j *Job) inspect(ctx context.Context, c *mariadb.Client) error {
	for _, look := range []func(context.Context, *mariadb.Client) error{
		j.identify, j.checkDecision, j.chooseTool, j.checkGrants, j.explainChoice, j.checkNode, j.checkTables,
		j.checkEvents, j.checkSpace, j.checkLocks, j.checkCluster,
	} {
		if err := look(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (j *Job) identify(ctx context.Context, c *mariadb.Client) (err error) {
	if j.server, err = galera.ReadServer(ctx, c); err != nil {
		return err
	}
	j.instance = effect.InstanceOf(j.server)
	j.plan.Server = repository.Server{Version: j.server.Version, Hostname: j.server.Hostname, UID: j.server.UID,
		Datadir: j.server.Datadir}
	return effect.CheckHost(j.server, j.plan.Controller)
}

func (j *Job) chooseTool(ctx context.Context, c *mariadb.Client) (err error) {
	if err := j.findContainer(ctx, c); err != nil {
		return err
	}
	find := func(m tool.Method) (tool.Tool, error) { return tool.Find(ctx, m, j.container.Place) }
	server := tool.Version(j.server.Version)
	j.tool, j.plan.Reason, err = tool.Choose(j.o.Method, server, c.Reached().Via == "socket", find)
	if err != nil {
		return err
	}
	if _, err := c.OptionFile(""); err != nil {
		return err
	}
	j.plan.Method = j.tool.Method
	j.plan.Tool = repository.Program{Path: j.tool.Path, Version: j.tool.Version, Args: []string{},
		Container: j.containerName}
	if j.tool.Version != server {
		j.warn("%s is of version %s, the server of %s", j.tool.Path, j.tool.Version, server)
	}
	if j.tool.Method == tool.Physical {
		return tool.CheckDatadir(c.PeerPID(), j.server.Datadir, j.container.Place)
	}
	return nil
}

// findContainer finds the container of the server, because only there is its own version of the tools.
func (j *Job) findContainer(ctx context.Context, c *mariadb.Client) (err error) {
	_ = j.container.Place.Close()
	j.container, err = container.Find(ctx, c.PeerPID())
	j.containerName = j.container.Name
	return err
}

func (j *Job) checkGrants(ctx context.Context, c *mariadb.Client) error {
	grants, err := accounts.ReadGrants(ctx, c)
	if err != nil {
		return err
	}
	unseen := grants.Missing(catalog.SchemaPrivileges()...)
	if j.described = len(unseen) == 0; !j.described {
		j.warn("the manifest will not describe the schema: %v", j.privilegesMissing(c, unseen))
	}
	if unread := grants.Missing("SELECT"); len(unread) > 0 {
		j.warn("the set will have no %s, only the users' tables as files: %v", extras.UsersFile,
			j.privilegesMissing(c, unread))
	}
	if lacking := grants.Missing("SUPER"); j.o.Desync == DesyncAuto && len(lacking) > 0 {
		j.o.Desync, j.plan.Desync = DesyncNever, DesyncNever
		j.warn("desync: auto cannot desync this node: %v; a backup that begins to slow down the writers is stopped"+
			" instead",
			j.privilegesMissing(c, lacking))
	}
	j.early = j.o.Desync == DesyncAlways || j.o.Desync == DesyncAuto && tool.TakesReadLock(j.tool, j.server)
	return j.privilegesMissing(c, grants.Missing(tool.Privileges(j.tool.Method, j.o.Desync == DesyncAlways)...))
}

func (j *Job) checkNode(ctx context.Context, c *mariadb.Client) error {
	w, err := j.recheck(ctx, c)
	if err != nil {
		return err
	}
	return j.nameSet(w)
}

// nameSet finds out where the set will be.
func (j *Job) nameSet(w galera.Wsrep) error {
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

func (j *Job) checkTables(ctx context.Context, c *mariadb.Client) (err error) {
	if j.tool.Method != tool.Logical {
		return j.checkFolders(ctx, c)
	}
	j.dump, err = content.OfDump(ctx, c, content.DumpOptions{
		Tool: j.tool, Server: j.server, LeaveOutBroken: j.o.LeaveOutBroken,
		WarnNonTransactional: j.o.WarnNonTransactional,
	})
	j.plan.Schemas, j.plan.Space.Raw = j.dump.Schemas, j.dump.Bytes
	j.plan.Warnings = append(j.plan.Warnings, j.dump.Warnings...)
	return err
}

func (j *Job) checkFolders(ctx context.Context, c *mariadb.Client) error {
	datadir, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil {
		return fmt.Errorf("read the datadir: %w", err)
	}
	folders, warning, err := content.OfDatadir(ctx, c, datadir, j.described)
	j.folders = folders
	if warning != "" {
		j.warn("%s", warning)
	}
	return err
}

// checkEvents warns of events that will not be known to run.
func (j *Job) checkEvents(ctx context.Context, c *mariadb.Client) error {
	if !j.described {
		return nil
	}
	running, err := content.RunningEvents(ctx, c, j.events)
	j.plan.Warnings = append(j.plan.Warnings, running.Warnings...)
	return err
}

func (j *Job) checkSpace(context.Context, *mariadb.Client) (err error) {
	raw := j.plan.Space.Raw
	if j.tool.Method == tool.Physical {
		if raw, err = j.datadirBytes(); err != nil {
			return err
		}
	}
	// Another controller may have another file system there, and checking it costs little.
	j.plan.Space, err = content.Estimate(raw, j.o.Destination)
	return thisNode(err)
}

// datadirBytes returns the bytes that a physical backup copies, of the datadir where the server runs.
func (j *Job) datadirBytes() (int64, error) {
	at, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil {
		return 0, fmt.Errorf("read the datadir: %w", err)
	}
	return content.DatadirBytes(at)
}

// checkCluster finds out now, and not after all data is read, that the cluster does not return its configuration.
func (j *Job) checkCluster(ctx context.Context, _ *mariadb.Client) error {
	_, none, err := extras.ReadCIB(ctx)
	if none != "" {
		j.warn("the set will have no cib.xml: %s", none)
	}
	return err
}

// explainChoice adds to the reason what a dump would have lost, if a physical backup was chosen.
func (j *Job) explainChoice(ctx context.Context, c *mariadb.Client) error {
	if j.o.Method != tool.Auto || j.tool.Method != tool.Physical || !j.described {
		return nil
	}
	if lost := content.Losses(ctx, c); len(lost) > 0 {
		j.plan.Reason += "; a dump may lose " + strings.Join(lost, " and ")
	}
	return nil
}

// privilegesMissing returns the error for missing privileges, with the statement that grants them.
func (j *Job) privilegesMissing(c *mariadb.Client, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(tool.PrivilegeNames(j.server, missing), ", ")
	return fmt.Errorf("the database account %q lacks %s: GRANT %s ON *.* TO it", c.Reached().User, list, list)
}
