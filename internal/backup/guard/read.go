// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
)

// asked is the guard's own connection. A broken one is reopened.
type asked struct {
	open   func(context.Context) (*mariadb.Client, error)
	client *mariadb.Client
}

// ask runs one query of the server, which has serverSilence to answer it.
func (a *asked) ask(ctx context.Context, look func(context.Context, *mariadb.Client) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, serverSilence)
	defer cancel()
	if a.client == nil {
		if a.client, err = a.open(ctx); err != nil {
			a.client = nil
			return err
		}
	}
	if err = look(ctx, a.client); err != nil {
		a.close()
	}
	return err
}

func (a *asked) close() {
	if a.client != nil {
		_ = a.client.Close()
		a.client = nil
	}
}

// askServer reads the server's part of a sample.
func (g *guard) askServer(ctx context.Context, server *asked) {
	var next ServerSample
	var sent int64
	err := server.ask(ctx, func(ctx context.Context, c *mariadb.Client) (err error) {
		next, sent, err = g.readServer(ctx, c)
		return err
	})
	if ctx.Err() != nil {
		return
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if err != nil {
		g.now.Server.Error = err.Error()
		return
	}
	next.At = time.Now()
	if g.last.sent >= 0 {
		next.FlowControlSent = max(0, sent-g.last.sent)
	}
	g.last.sent, g.last.server, g.now.Server = sent, next.At, next
}

func (g *guard) readServer(ctx context.Context, c *mariadb.Client) (s ServerSample, sent int64, err error) {
	// Before and after the status: our desync is recorded before it is made, and until it has ended.
	ours := g.desynced()
	w, err := galera.Status(ctx, c)
	if err != nil {
		return s, 0, err
	}
	ours = ours || g.desynced()
	sessions, _, err := galera.Sessions(ctx, c, g.limits.IgnoreUsers)
	if err != nil {
		return s, 0, err
	}
	visits, err := g.readVisits(ctx, c)
	if err != nil {
		return s, 0, err
	}
	lsn, err := g.readRedo(ctx, c)
	return ServerSample{
		Sessions: sessions, Visits: visits, ClusterStatus: w.ClusterStatus, State: w.State, Ready: w.Ready,
		Connected: w.Connected, ClusterSize: w.Databases(),
		Desync: w.Desync, Ours: ours, RecvQueue: w.RecvQueue, LSN: lsn,
	}, w.FlowControlSent, err
}

// readVisits reads who has logged in since the previous answer.
func (g *guard) readVisits(ctx context.Context, c *mariadb.Client) ([]logins.Visits, error) {
	totals, err := logins.Read(ctx, c)
	if err != nil {
		return nil, err
	}
	return g.arrivals.Add(time.Now(), totals, c.Reached().User, g.limits.IgnoreUsers), nil
}

// readRedo reads the end of the redo log and, the first time, its size: files times their size, one file from 10.5 on.
func (g *guard) readRedo(ctx context.Context, c *mariadb.Client) (lsn int64, err error) {
	rows, err := c.Rows(ctx, "SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'")
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	lsn, _ = strconv.ParseInt(rows[0][1], 10, 64)
	g.mutex.Lock()
	known := g.limits.redo != 0
	g.mutex.Unlock()
	if known {
		return lsn, nil
	}
	if rows, err = c.Rows(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_log_file_size', "+
		"'innodb_log_files_in_group')"); err != nil {
		return lsn, err
	}
	bytes := int64(1)
	for _, row := range rows {
		n, _ := strconv.ParseInt(row[1], 10, 64)
		bytes *= n
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.limits.redo = bytes; len(rows) == 0 {
		g.limits.redo = 0
	}
	return lsn, nil
}

// askCluster reads Pacemaker's part of a sample. A host that never had Pacemaker is not asked again; once Pacemaker has
// answered it must continue to answer.
func (g *guard) askCluster(ctx context.Context) {
	v, err := g.view(ctx)
	if ctx.Err() != nil {
		return
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if err == nil && !v.Present {
		if !g.now.Cluster.Present {
			g.last.cluster = time.Time{}
			return
		}
		err = fmt.Errorf("%s", v.Reason)
	}
	if err != nil {
		g.now.Cluster.Error = err.Error()
		return
	}
	g.last.cluster = time.Now()
	g.now.Cluster = clusterSample(v, g.last.cluster)
}

func clusterSample(v pacemaker.ClusterView, at time.Time) ClusterSample {
	c := ClusterSample{
		Present: true, At: at, Quorum: v.Quorum, Maintenance: v.Maintenance, Standby: v.Self.Standby ||
			v.Self.StandbyFail,
		Unfit: []string{}, Others: v.Promoted, view: v,
	}
	for _, flag := range []struct {
		set  bool
		word string
	}{
		{!v.Self.Online, "offline"}, {v.Self.Unclean, "unclean"}, {v.Self.Pending, "pending"},
		{v.Self.Shutdown, "shutting down"}, {v.Self.Maintenance, "in maintenance"},
	} {
		if flag.set {
			c.Unfit = append(c.Unfit, flag.word)
		}
	}
	return c
}

// renewed checks whether the caller has renewed its lease. A lease that cannot be read was not renewed.
func (g *guard) renewed() {
	if g.lease == nil {
		return
	}
	content, err := g.lease()
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if err == nil && content != g.last.content {
		g.last.content, g.last.lease = content, time.Now()
	}
}
