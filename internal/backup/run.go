// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

// running is a job that is being done.
type running struct {
	*Job
	dir      *repository.Repository
	set      *repository.Draft
	desync   *desync
	manifest *repository.Manifest
	counters counters
	phases   phases
	// before is what the schemas were before the data were read.
	before galera.Definitions
	// definitions are those that the set has; nil where they are not known.
	definitions galera.Definitions
	// left is what could not be undone after the data were read well.
	left error
	// undone notes that the unfinished set is gone, or finished.
	undone func() error
}

// Run makes the backup. After an error there is no set, with one exception: when the set is whole but something could not
// be undone, both a result and an error are returned. The error may hold a *Breach; Elsewhere says whether another
// controller may do better.
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
	r, dir, abort, err := j.open(begun)
	if err != nil {
		return nil, j.failed("open the destination", err)
	}
	defer dir.Close()
	defer func() {
		// Also when something panics: no set is left that is not whole.
		if result == nil {
			err = errors.Join(err, abort())
		}
	}()
	r.counters.began = begun
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

// open makes a new set in the destination. abort removes it. When the destination hangs, what it may still make of that
// stays in the journal.
func (j *Job) open(begun time.Time) (r *running, dir *repository.Repository, abort func() error, err error) {
	r, err = within(openTimeout, "begin a set in "+j.o.Destination, func() (*running, error) { return j.begin(begun) })
	if err != nil {
		return nil, nil, nil, err
	}
	abort = func() error {
		_, err := within(removeTimeout, "remove "+r.set.Folder(), nothing(r.set.Abort))
		return settle(err, r.undone)
	}
	return r, r.dir, abort, nil
}

func (j *Job) begin(begun time.Time) (*running, error) {
	dir, err := stores.Make(j.o.Destination)
	if err != nil {
		return nil, err
	}
	r := &running{Job: j, dir: dir, manifest: j.newManifest(begun)}
	dir.Announce = func(cluster, hidden, final string) (err error) {
		r.undone, err = j.will(setEffect, setUndo{Destination: j.o.Destination, Cluster: cluster, Hidden: hidden, Final: final, Mount: mountOf(j.o.Destination)})
		return err
	}
	r.set, err = dir.Create(j.plan.Cluster.Name, string(j.tool.method), j.plan.Controller, begun)
	if err != nil {
		err = errors.Join(err, dir.Close())
		if r.undone != nil {
			err = errors.Join(err, r.undone())
		}
		return nil, err
	}
	r.look(dir)
	return r, nil
}

func (j *Job) failed(step string, err error) error {
	return fmt.Errorf("%s: %s: %w", j.plan.Controller, step, err)
}

func (r *running) do(ctx context.Context) error {
	if err := r.again(ctx, r.attempt(ctx)); err != nil {
		return err
	}
	r.phases.begin("commit")
	defer r.phases.end()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.manifest.EndedAt = seconds(time.Now())
	r.manifest.Durations = r.phases.all()
	if err := r.bounded(ctx, closingStall, func() error { return r.set.Commit(r.manifest) }); err != nil {
		return err
	}
	if err := r.undone(); err != nil {
		r.left = errors.Join(r.left, err)
	}
	return nil
}

// attempt gets all that the set holds but its manifest.
func (r *running) attempt(ctx context.Context) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	r.phases.begin("describe")
	return r.bounded(ctx, closingStall, func() error { return r.describe(ctx) })
}

// take reads the data: the node is checked once more, catches up, is checked again, is guarded, is desynced if wanted, and
// resynced whatever happens.
func (r *running) take(ctx context.Context) (err error) {
	r.phases.begin("recheck")
	c, err := galera.Open(ctx, r.o.Login)
	if err != nil {
		return elsewhere(err)
	}
	defer c.Close()
	if err := answering(ctx, readyTimeout, func(ctx context.Context) error { return r.ready(ctx, c) }); err != nil {
		return err
	}
	r.desync = r.newDesync()
	defer func() {
		// A panic of the stream passes here, too.
		failedAt := r.phases.current()
		r.phases.begin("resync")
		said, undo := r.desync.end()
		r.manifest.Desync = said
		if err == nil {
			r.left = undo
			return
		}
		r.phases.begin(failedAt)
		err = errors.Join(err, stays(undo))
	}()
	return r.guarded(ctx, c)
}

// ready checks the node, lets it catch up, and checks it again, for that may have taken long.
func (r *running) ready(ctx context.Context, c *galera.Client) error {
	if _, err := r.recheck(ctx, c); err != nil {
		return err
	}
	if err := r.mark(ctx, c); err != nil {
		return elsewhere(err)
	}
	r.phases.begin("recheck")
	_, err := r.recheck(ctx, c)
	return err
}

// guarded reads the data while the guard watches. What the guard says comes before what the tool said, which was
// stopped.
func (r *running) guarded(ctx context.Context, c *galera.Client) (err error) {
	watched, end := r.watch(ctx)
	defer func() {
		if breach := end(); breach != nil {
			err = breach
		}
	}()
	if r.early {
		r.phases.begin("desync")
		if err := r.desync.begin(watched, c); err != nil {
			return elsewhere(err)
		}
	}
	r.phases.begin("stream")
	err = r.stream(watched, c)
	if watched.Err() != nil {
		return err // it was stopped, and what stopped it is the cause
	}
	return r.blame(err)
}

// blame names the server's end as the cause of an error, if that it was: the tool tells of a lost connection only, and
// another controller may do.
func (r *running) blame(err error) error {
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), serverSilence)
	defer cancel()
	c, absent := r.desync.open(ctx)
	if absent == nil {
		_ = c.Close()
	}
	if !gone(absent) {
		return err
	}
	return elsewhere(fmt.Errorf("the database server ended while its data were read: %w", err))
}

func (r *running) newDesync() *desync {
	open := func(ctx context.Context) (*galera.Client, error) { return galera.Open(ctx, r.o.Login) }
	return &desync{open: open, drain: r.o.DrainTimeout, up: Healthy(r.o.HealthURL), will: func(u desyncUndo) (func() error, error) {
		return r.will(desyncEffect, u)
	}}
}

// desyncNow desyncs the node while the data are read, for the guard. Somebody else's desync is galera.ErrDesynced. Called
// again it does nothing.
func (r *running) desyncNow(ctx context.Context) error {
	if r.desync.on() {
		return nil
	}
	c, err := r.desync.open(ctx)
	if err != nil {
		return err
	}
	if err = r.desync.begin(ctx, c); err != nil {
		_ = c.Close()
	}
	return err
}

// desynced says that wsrep_desync is ON because of us.
func (r *running) desynced() bool { return r.desync.on() }

// mark notes where in its history the node is, when it has applied what the cluster has.
func (r *running) mark(ctx context.Context, c *galera.Client) (err error) {
	r.phases.begin("catch_up")
	if r.described {
		if r.before, err = c.Definitions(ctx, r.carried()); err != nil {
			return err
		}
	}
	if r.manifest.Server.Settings, err = c.Settings(ctx); err != nil {
		return err
	}
	p := &r.manifest.Position
	p.UUID = r.plan.Cluster.UUID
	p.ClusterSeqno, err = c.CatchUp(ctx)
	return err
}

func (r *running) stream(ctx context.Context, c *galera.Client) error {
	if err := r.unchanged(ctx, c); err != nil {
		return elsewhere(err)
	}
	child, err := r.confined(c)
	if err != nil {
		return err
	}
	if r.tool.method == Logical {
		return r.streamLogical(ctx, c, child)
	}
	return r.streamPhysical(ctx, c, child)
}

// unchanged refuses another server process than the one whose container and datadir were proven: the lock and the
// catch-up may have taken minutes. c was opened before both checks of the node, and a server that ends takes it along.
func (r *running) unchanged(ctx context.Context, c *galera.Client) error {
	now, err := thisServer(ctx, c)
	if err != nil {
		return fmt.Errorf("see that the server is still the one that was looked at: %w", err)
	}
	if !r.instance.same(now) {
		return errors.New("the server was restarted since it was looked at: where it runs and which files are its own is not known any more")
	}
	return nil
}

func (r *running) streamPhysical(ctx context.Context, c *galera.Client, child process.ChildOptions) error {
	err := r.showData(ctx, c, child.Confined)
	if err != nil {
		return err
	}
	p := newPhysical()
	s := source{tool: r.tool, child: child, file: physicalFile, content: "xbstream", check: p.stream, finish: p.finish}
	s.args = physicalArgs(r.server.Datadir)
	r.manifest.Tool.Args = s.args
	if r.manifest.Files, err = stream(ctx, s, r.set, r.o, &r.counters); err != nil {
		return err
	}
	p.describe(r.manifest)
	return r.checkPosition(p.uuid, p.seqno)
}

// checkPosition refuses a set of another cluster's history, or of an earlier state than the node had.
func (r *running) checkPosition(uuid string, seqno int64) error {
	p := r.manifest.Position
	if uuid != r.plan.Cluster.UUID || seqno < p.ClusterSeqno {
		return fmt.Errorf("the backup is at %s:%d, the node was at %s:%d before it", uuid, seqno, r.plan.Cluster.UUID, p.ClusterSeqno)
	}
	return nil
}

func (r *running) streamLogical(ctx context.Context, c *galera.Client, child process.ChildOptions) error {
	l := newLogical()
	s := source{tool: r.tool, args: logicalArgs(r.plan.Schemas, r.content), child: child, file: logicalFile,
		content: "sql", check: l, finish: l.finish}
	r.manifest.Tool.Args = s.args
	w, err := c.Status(ctx)
	if err != nil {
		return err
	}
	r.manifest.Position.Seqno = w.LastCommitted
	if r.manifest.Position.GTID, err = c.BinlogPosition(ctx); err != nil {
		return err
	}
	ended := make(chan struct{})
	later := make(chan int64)
	go func() { later <- seqnoOnce(ctx, c, l.started, ended) }()
	r.manifest.Files, err = stream(ctx, s, r.set, r.o, &r.counters)
	close(ended)
	r.manifest.Position.SeqnoEnd = <-later
	l.describe(r.manifest)
	return err
}

// seqnoOnce reads wsrep_last_committed when started is closed, -1 when it cannot or when ended is closed before.
func seqnoOnce(ctx context.Context, c *galera.Client, started, ended <-chan struct{}) (seqno int64) {
	defer func() {
		// A panic here would end the process, and nothing would be undone.
		if recover() != nil {
			seqno = -1
		}
	}()
	select {
	case <-started:
	case <-ended:
		return -1
	}
	w, err := c.Status(ctx)
	if err != nil {
		return -1
	}
	return w.LastCommitted
}

func (r *running) result(begun time.Time) *Result {
	m := r.manifest
	data := m.Files[0]
	res := &Result{
		Path: r.set.Path(), Manifest: m, Bytes: data.Bytes, RawBytes: data.RawBytes, Duration: rounded(time.Since(begun)),
		Durations: r.phases.all(), Position: m.Position,
	}
	if took := res.Durations["stream"]; took > 0 {
		res.Rate = math.Round(float64(data.RawBytes) / took)
	}
	return res
}
