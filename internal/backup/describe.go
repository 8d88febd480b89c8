// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

func (j *Job) newManifest(begun time.Time) *repository.Manifest {
	return &repository.Manifest{
		MadeBy: j.o.MadeBy, Cluster: j.plan.Cluster, Controller: j.plan.Controller,
		Method: string(j.tool.Method), Reason: j.plan.Reason,
		Tool: j.plan.Tool, Server: j.plan.Server, StartedAt: seconds(begun), Decision: j.o.Decision,
		Schema:   repository.Schema{Tables: map[string]int{}, NonTransactional: []string{}},
		Warnings: append([]string{}, j.plan.Warnings...),
	}
}

// warnOfLeftovers warns of unfinished sets next to this one.
func (r *running) warnOfLeftovers() {
	for _, path := range r.set.Leftovers(r.plan.Cluster.Name) {
		r.warn("%s is not a set: its backup still runs, or was killed; remove it if no backup runs", path)
	}
}

// describe adds what a set contains in addition to the data, and checks that the schema stayed the same.
func (r *running) describe(ctx context.Context) error {
	c, err := mariadb.Open(ctx, r.o.Login)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := r.closePosition(ctx, c); err != nil {
		return err
	}
	if err := r.describeSchema(ctx, c); err != nil {
		return err
	}
	b := &extras.Extras{Set: r.set.Draft}
	err = b.Users(ctx, c, r.tool.Method == tool.Logical)
	if err == nil && r.tool.Method == tool.Logical {
		err = b.System(ctx, c)
	}
	if err == nil {
		err = b.Cluster(ctx)
	}
	if err == nil {
		err = b.Config(extras.Configuration)
	}
	switch {
	case err != nil || r.definitions == nil:
	case !r.definitions.Fit():
		r.warn("the definitions of %d objects are more than a set can hold; a restore will not be compared with them",
			len(r.definitions))
	default:
		err = b.Add(extras.DefinitionsFile, "definitions", r.definitions.Lines())
	}
	r.manifest.Files = append(r.manifest.Files, b.Files...)
	r.manifest.Warnings = append(r.manifest.Warnings, b.Warnings...)
	r.describePlace()
	return err
}

// describePlace says where the commands of the restore can be run: a host whose server is in a container has none of
// the programs.
func (r *running) describePlace() {
	if r.tool.Method == tool.Logical {
		r.manifest.Restore = extras.LoadCommands(r.manifest.Files, r.tool.Path)
	}
	if r.containerName == "" {
		return
	}
	where := "the server's programs are in the image of the container " + r.containerName + ": in a container of " +
		"that image, which sees this folder and EMPTY_DIRECTORY, run"
	if r.tool.Method == tool.Logical {
		where = "the client is in the server's container, as " + r.containerName + " is one: run it there"
	}
	r.manifest.Restore = slices.Insert(r.manifest.Restore, 0, where)
}

// closePosition substitutes an upper bound that could not be read in time: a later one is also correct.
func (r *running) closePosition(ctx context.Context, c *mariadb.Client) error {
	p := &r.manifest.Position
	if p.SeqnoEnd >= 0 {
		return nil
	}
	w, err := galera.Status(ctx, c)
	p.SeqnoEnd = w.LastCommitted
	return err
}

// carried returns the definitions that the method keeps.
func (r *running) carried() catalog.Carried { return catalog.Carried(r.tool.Method) }

// describeSchema records the schema of the set. A dump made while the schema changed may lack what changed; a physical
// backup does not, but then it is unknown which of the two schemas it has.
func (r *running) describeSchema(ctx context.Context, c *mariadb.Client) error {
	if !r.described {
		return nil
	}
	after, err := catalog.ReadDefinitions(ctx, c, r.carried())
	if err != nil {
		return err
	}
	r.manifest.Schema.Folders = r.folders
	if err := r.describeBroken(ctx, c); err != nil {
		return err
	}
	switch changed := after.Differences(r.before); {
	case len(changed) == 0:
		content.LeaveOut(after, r.dump.LeftOut)
		r.manifest.Schema.Fingerprint = after.Fingerprint()
		r.definitions = after
	case r.tool.Method == tool.Logical:
		return &changedError{errors.New("the schema changed while it was dumped (a database migration runs?): the " +
			"dump may lack what changed; try again")}
	default:
		r.warn("the schema changed during the backup, so its fingerprint is not known")
	}
	storage, err := galera.Sizes(ctx, c, content.QueryLimit)
	if err != nil {
		return err
	}
	r.manifest.Schema.NonTransactional = storage.NonTransactional
	if r.tool.Method == tool.Physical && len(storage.NonTransactional) > 0 {
		r.warn("not replicated by Galera, so this set has this node's own: %s",
			strings.Join(storage.NonTransactional, ", "))
	}
	if r.manifest.Schema.Tables, err = catalog.TableCounts(ctx, c, content.QueryLimit); err != nil {
		return err
	}
	for _, b := range r.dump.LeftOut {
		if !b.View && r.manifest.Schema.Tables[b.Schema] > 0 {
			r.manifest.Schema.Tables[b.Schema]--
		}
	}
	events, err := content.RunningEvents(ctx, c, r.events)
	r.manifest.Schema.EventsEnabled = events.Enabled
	return err
}

// describeBroken records what the server cannot open. A dump leaves it out; a physical copy has it as it is.
func (r *running) describeBroken(ctx context.Context, c *mariadb.Client) error {
	s := &r.manifest.Schema
	if r.tool.Method == tool.Logical {
		s.Broken, s.LeftOut = content.BrokenNames(r.dump.LeftOut)
		return nil
	}
	list, err := catalog.FindBroken(ctx, c, content.QueryLimit)
	if mariadb.ErrorNumber(err) == content.StatementTooLong {
		r.warn("what the server cannot open is not known: %v", err)
		return nil
	}
	if len(list) > 0 {
		r.warn("the server cannot open these tables and views, and the set has them as they are: %s",
			content.DescribeBroken(list))
	}
	s.Broken, _ = content.BrokenNames(list)
	return err
}
