// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/clustercheck"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
)

// Run makes the backup. After an error there is no set, with one exception: if the set is complete but something could
// not be undone, both a result and an error are returned. The error may wrap a *Breach; TryAnother reports whether
// another controller may do better.
func (j *Job) Run(ctx context.Context) (result *Result, err error) {
	release, err := j.lock(ctx)
	if err != nil {
		return nil, j.failed("lock the cluster", err)
	}
	defer func() {
		if left := release(); left != nil {
			err = errors.Join(err, j.failed("unlock the cluster", left))
		}
	}()
	return j.runLocked(ctx)
}

func (j *Job) runLocked(ctx context.Context) (result *Result, err error) {
	begun := time.Now()
	r, err := j.begin(begun)
	if err != nil {
		return nil, j.failed("open the destination", err)
	}
	defer r.set.Close()
	defer func() {
		// Also after a panic: no incomplete set is left.
		if result == nil {
			err = errors.Join(err, r.set.Abort())
		}
	}()
	stop := r.report()
	defer stop()
	if err := r.do(ctx); err != nil {
		return nil, j.failed(r.phases.current(), err)
	}
	if r.left != nil {
		r.left = j.failed("the set "+r.set.Path()+" is whole, but afterwards", r.left)
	}
	return r.result(begun), r.left
}

// begin creates a new set at the destination.
func (j *Job) begin(begun time.Time) (*running, error) {
	set, err := effect.BeginSet(effect.SetRequest{
		Destination: j.o.Destination, Cluster: j.plan.Cluster.Name, Method: string(j.tool.Method),
		Controller: j.plan.Controller, Begun: begun,
	}, j.notes)
	if err != nil {
		return nil, err
	}
	r := &running{Job: j, set: set, began: begun, manifest: j.newManifest(begun)}
	r.warnOfLeftovers()
	return r, nil
}

// finishTimeout is how long a destination may take to store the files next to the data, and the manifest.
const finishTimeout = 5 * time.Minute

// blameTimeout is how long a server may take to show that it still runs.
const blameTimeout = 5 * time.Second

func (r *running) do(ctx context.Context) error {
	if err := r.retry(ctx, r.attempt(ctx), r.attempt); err != nil {
		return err
	}
	r.phases.begin("commit")
	defer r.phases.end()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.manifest.EndedAt = seconds(time.Now())
	r.manifest.Durations = r.phases.all()
	if err := abandon.Either(ctx, finishTimeout, r.set.Folder(),
		func() error { return r.set.Commit(r.manifest) }); err != nil {
		return err
	}
	if err := r.set.Committed(); err != nil {
		r.left = errors.Join(r.left, err)
	}
	return nil
}

// attempt writes everything in the set except its manifest.
func (r *running) attempt(ctx context.Context) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	r.phases.begin("describe")
	return abandon.Either(ctx, finishTimeout, r.set.Folder(), func() error { return r.describe(ctx) })
}

// take reads the data: the node is checked, catches up, is checked again, is guarded, is desynced if requested, and
// resynced whatever happens.
func (r *running) take(ctx context.Context) (err error) {
	r.phases.begin("recheck")
	c, err := mariadb.Open(ctx, r.o.Login)
	if err != nil {
		return thisNode(err)
	}
	defer c.Close()
	if err := answering(ctx, readyTimeout, func(ctx context.Context) error { return r.ready(ctx, c) }); err != nil {
		return err
	}
	r.desync = effect.NewDesync(r.open, r.o.DrainTimeout, clustercheck.Wait(r.o.HealthURL), r.notes)
	defer func() {
		// A panic of the stream passes here, too.
		failedAt := r.phases.current()
		r.phases.begin("resync")
		outcome, undo := r.desync.End()
		r.manifest.Desync = outcome
		if err == nil {
			r.left = undo
			return
		}
		r.phases.begin(failedAt)
		err = errors.Join(err, stillDesynced(undo))
	}()
	return r.guarded(ctx, c)
}

// ready checks the node, lets it catch up, and checks it again, because that may have taken long.
func (r *running) ready(ctx context.Context, c *mariadb.Client) error {
	before := r.stays
	if _, err := r.recheck(ctx, c); err != nil {
		return err
	}
	if err := r.mark(ctx, c); err != nil {
		return thisNode(err)
	}
	r.phases.begin("recheck")
	if _, err := r.recheck(ctx, c); err != nil || r.stays == before {
		return err
	}
	return r.checkLocksLate(ctx, c)
}

// checkLocksLate checks the locks of a node that has become needed as a spare since the backup was planned. The set has
// the plan's warnings already.
func (r *running) checkLocksLate(ctx context.Context, c *mariadb.Client) error {
	planned := len(r.plan.Warnings)
	err := r.checkLocks(ctx, c)
	for _, warning := range r.plan.Warnings[planned:] {
		r.warn("%s", warning)
	}
	return err
}

// guarded reads the data while the guard watches. A breach takes precedence over the error of the tool, which was
// stopped.
func (r *running) guarded(ctx context.Context, c *mariadb.Client) (err error) {
	watched, end := guard.Watch(ctx, r.guard())
	defer func() {
		if breach := end(); breach != nil {
			err = breach
		}
	}()
	if r.early {
		r.phases.begin("desync")
		if err := r.desync.Begin(watched, c); err != nil {
			return thisNode(err)
		}
	}
	r.phases.begin("stream")
	err = r.stream(watched, c)
	if watched.Err() != nil {
		return err // it was stopped, and the cause is the reason
	}
	return r.blame(err)
}

// guard returns what is watched while the data is read.
func (r *running) guard() guard.Config {
	c := guard.Config{
		Allowed: r.o.Allowed, Destination: r.o.Destination, Set: r.set.Path(),
		Datadir: r.server.Datadir, Place: r.container.Place, Counters: &r.counters,
		Open: r.open, View: readCluster, Desynced: r.desync.On,
	}
	r.staying(&c)
	if r.o.StopOnLostCaller {
		c.Lease = r.o.Lease
	}
	if r.o.Desync == DesyncAuto {
		c.Desync = r.desync.Now
	}
	return c
}

// blame names the end of the server as the cause of an error, if it was: the tool only reports a lost connection, and
// another controller may do better.
func (r *running) blame(err error) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), blameTimeout)
	defer cancel()
	c, absent := r.open(ctx)
	if absent == nil {
		_ = c.Close()
	}
	if !mariadb.Absent(absent) {
		return err
	}
	return thisNode(fmt.Errorf("the database server ended while its data was read: %w", err))
}

// mark records where in its history the node is, after it has applied everything that the cluster has.
func (r *running) mark(ctx context.Context, c *mariadb.Client) (err error) {
	r.phases.begin("catch_up")
	if r.described {
		if r.before, err = catalog.ReadDefinitions(ctx, c, r.carried()); err != nil {
			return err
		}
	}
	if r.manifest.Server.Settings, err = catalog.ReadSettings(ctx, c); err != nil {
		return err
	}
	p := &r.manifest.Position
	p.UUID = r.plan.Cluster.UUID
	p.ClusterSeqno, err = galera.CatchUp(ctx, c)
	return err
}

func (r *running) result(begun time.Time) *Result {
	m := r.manifest
	data := m.Files[0]
	res := &Result{
		Path: r.set.Path(), Manifest: m, Bytes: data.Bytes, RawBytes: data.RawBytes,
		Duration:  rounded(time.Since(begun)),
		Durations: r.phases.all(), Position: m.Position,
	}
	if took := res.Durations["stream"]; took > 0 {
		res.Rate = math.Round(float64(data.RawBytes) / took)
	}
	return res
}
