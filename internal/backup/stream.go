// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
)

func (r *running) stream(ctx context.Context, c *mariadb.Client) error {
	if err := r.unchanged(ctx, c); err != nil {
		return thisNode(err)
	}
	child, err := tool.Confine(c, r.tool, r.server.Socket)
	if err != nil {
		return err
	}
	if r.tool.Method == tool.Logical {
		return r.streamLogical(ctx, c, child)
	}
	return r.streamPhysical(ctx, c, child)
}

// unchanged refuses another server process than the one whose container and datadir were proven: the lock and the
// catch-up may have taken minutes. c was opened before both checks of the node, and breaks if that server ends.
func (r *running) unchanged(ctx context.Context, c *mariadb.Client) error {
	now, err := effect.ThisServer(ctx, c)
	if err != nil {
		return fmt.Errorf("check that the server is still the one that was inspected: %w", err)
	}
	if !r.instance.Same(now) {
		return errors.New("the server was restarted since it was inspected: where it runs and which files are its " +
			"own is no longer known")
	}
	return nil
}

// source is the tool with its arguments, whose output goes into the set.
func (r *running) source(child process.ChildOptions, args []string) tool.Source {
	return tool.Source{Tool: r.tool, Args: args, Child: child, Level: r.o.Level, Buffer: r.o.Buffer, Scrub: r.o.Scrub}
}

func (r *running) streamPhysical(ctx context.Context, c *mariadb.Client, child process.ChildOptions) error {
	leftovers, err := tool.ShowData(ctx, c, r.tool.Place, r.server.Datadir, child.Confined)
	if err != nil {
		return err
	}
	if len(leftovers) > 0 {
		r.warn("left over from an ALTER TABLE that did not end, in the datadir and so in the set: %s; the server"+
			" does not know them", excerpt.Names(leftovers))
	}
	p := tool.NewPhysical()
	s := r.source(child, tool.PhysicalArgs(r.server.Datadir))
	s.File, s.Content, s.Check, s.Finish = tool.PhysicalFile, "xbstream", p.Stream, p.Finish
	r.manifest.Tool.Args = s.Args
	if r.manifest.Files, err = tool.Store(ctx, s, r.set.Draft, &r.counters); err != nil {
		return err
	}
	p.Describe(r.manifest)
	return r.checkPosition(p.Uuid, p.Seqno)
}

// checkPosition refuses a set of another cluster's history, or of an earlier state than the node had.
func (r *running) checkPosition(uuid string, seqno int64) error {
	p := r.manifest.Position
	if uuid != r.plan.Cluster.UUID || seqno < p.ClusterSeqno {
		return fmt.Errorf("the backup is at %s:%d, the node was at %s:%d before it", uuid, seqno,
			r.plan.Cluster.UUID, p.ClusterSeqno)
	}
	return nil
}

func (r *running) streamLogical(ctx context.Context, c *mariadb.Client, child process.ChildOptions) error {
	l := tool.NewLogical()
	s := r.source(child, tool.LogicalArgs(r.plan.Schemas, r.dump.Contents))
	s.File, s.Content, s.Check, s.Finish = tool.LogicalFile, "sql", l, l.Finish
	r.manifest.Tool.Args = s.Args
	w, err := galera.Status(ctx, c)
	if err != nil {
		return err
	}
	r.manifest.Position.Seqno = w.LastCommitted
	if r.manifest.Position.GTID, err = galera.BinlogPosition(ctx, c); err != nil {
		return err
	}
	ended := make(chan struct{})
	later := make(chan int64)
	go func() { later <- tool.SeqnoOnce(ctx, c, l.Started, ended) }()
	r.manifest.Files, err = tool.Store(ctx, s, r.set.Draft, &r.counters)
	close(ended)
	r.manifest.Position.SeqnoEnd = <-later
	l.Describe(r.manifest)
	return err
}
