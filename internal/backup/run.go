// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
)

// running is a job that is being done.
type running struct {
	*Job
	set      *repository.Set
	manifest *repository.Manifest
	counters counters
	phases   phases
	// before is the schema's fingerprint before the data were read.
	before string
	// left is what could not be undone after the data were read well.
	left error
}

// Run makes the backup. After an error there is no set, with one exception: when the set is whole but the node could
// not be resynced, both a result and an error are returned.
func (j *Job) Run(ctx context.Context) (result *Result, err error) {
	begun := time.Now()
	dir, err := repository.Open(j.o.Destination)
	if err != nil {
		return nil, j.failed("open the destination", err)
	}
	defer dir.Close()
	r := &running{Job: j, manifest: j.newManifest(begun)}
	if r.set, err = dir.Create(j.plan.Cluster.Name, string(j.tool.method), j.plan.Controller, begun); err != nil {
		return nil, j.failed("open the destination", err)
	}
	defer func() {
		// Also when something panics: no set is left that is not whole.
		if result == nil {
			err = errors.Join(err, r.set.Abort())
		}
	}()
	r.look(dir)
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

func (j *Job) failed(step string, err error) error {
	return fmt.Errorf("%s: %s: %w", j.plan.Controller, step, err)
}

func (r *running) do(ctx context.Context) error {
	if err := r.take(ctx); err != nil {
		return err
	}
	r.phases.begin("describe")
	if err := r.describe(ctx); err != nil {
		return err
	}
	r.phases.begin("commit")
	defer r.phases.end()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.manifest.EndedAt = seconds(time.Now())
	r.manifest.Durations = r.phases.all()
	return r.set.Commit(r.manifest)
}

// take reads the data: the node is checked once more, catches up, is checked again, is desynced if wanted, and resynced
// whatever happens.
func (r *running) take(ctx context.Context) (err error) {
	r.phases.begin("recheck")
	c, err := galera.Open(ctx, r.o.Login)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := recheck(ctx, c, r.o); err != nil {
		return err
	}
	if err := r.mark(ctx, c); err != nil {
		return err
	}
	// That may have taken long.
	r.phases.begin("recheck")
	if _, err := recheck(ctx, c, r.o); err != nil {
		return err
	}
	d := &desync{open: r.open, drain: r.o.DrainTimeout, up: healthy(r.o.HealthURL)}
	defer func() {
		// A panic of the stream passes here, too.
		failedAt := r.phases.current()
		r.phases.begin("resync")
		said, undo := d.end()
		r.manifest.Desync = said
		if err == nil {
			r.left = undo
			return
		}
		r.phases.begin(failedAt)
		err = errors.Join(err, undo)
	}()
	if r.o.Desync {
		r.phases.begin("desync")
		if err := d.begin(ctx, c); err != nil {
			return err
		}
	}
	r.phases.begin("stream")
	return r.stream(ctx, c)
}

func (r *running) open(ctx context.Context) (*galera.Client, error) {
	return galera.Open(ctx, r.o.Login)
}

// mark notes where in its history the node is, when it has applied what the cluster has.
func (r *running) mark(ctx context.Context, c *galera.Client) (err error) {
	r.phases.begin("catch_up")
	if r.described {
		if r.before, err = c.Fingerprint(ctx); err != nil {
			return fmt.Errorf("read the schema: %w", err)
		}
	}
	p := &r.manifest.Position
	p.UUID = r.plan.Cluster.UUID
	p.ClusterSeqno, err = c.CatchUp(ctx)
	return err
}

func (r *running) stream(ctx context.Context, c *galera.Client) error {
	login, err := c.OptionFile()
	if err != nil {
		return err
	}
	if r.tool.method == Logical {
		return r.streamLogical(ctx, c, login)
	}
	return r.streamPhysical(ctx, login)
}

func (r *running) streamPhysical(ctx context.Context, login []byte) error {
	empty, remove, err := r.set.Scratch()
	if err != nil {
		return err
	}
	p := newPhysical()
	s := source{tool: r.tool, args: physicalArgs(r.server.Datadir, empty), login: login, file: physicalFile, content: "xbstream", check: p.stream, finish: p.finish}
	r.manifest.Tool.Args = s.args
	if r.manifest.Files, err = stream(ctx, s, r.set, r.o, &r.counters); err != nil {
		return err
	}
	p.describe(r.manifest)
	if err := r.checkPosition(p.uuid, p.seqno); err != nil {
		return err
	}
	return remove()
}

// checkPosition refuses a set of another cluster's history, or of an earlier state than the node had.
func (r *running) checkPosition(uuid string, seqno int64) error {
	p := r.manifest.Position
	if uuid != r.plan.Cluster.UUID || seqno < p.ClusterSeqno {
		return fmt.Errorf("the backup is at %s:%d, the node was at %s:%d before it", uuid, seqno, r.plan.Cluster.UUID, p.ClusterSeqno)
	}
	return nil
}

func (r *running) streamLogical(ctx context.Context, c *galera.Client, login []byte) error {
	l := newLogical()
	s := source{tool: r.tool, args: logicalArgs(r.plan.Schemas), login: login, file: logicalFile, content: "sql", check: l, finish: l.finish}
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
