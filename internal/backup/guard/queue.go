// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

// queueEvery and queueShare decide when desync: auto desyncs the node: its receive queue is read every 10 ms, and a
// quarter of the threshold of flow control is enough. Measured on three nodes (flow control at 28 write-sets, one
// applier): SET GLOBAL wsrep_desync=ON takes 8 to 20 ms, in which a burst of 1,500 to 2,500 write-sets a second brings
// 12 to 40. With a quarter, one writer never and 16 writers at most once stopped the cluster's writers, where without
// it they did so twice, and more than 50 times in a second; with half, up to twice. Every 5 ms was no better: the queue
// grew by more than 28 within one reading (0.9 ms) in the remaining cases.
const (
	queueEvery = 10 * time.Millisecond
	queueShare = 4
)

// pressure is what the queue says about the cluster's writers.
type pressure struct {
	threshold int // 0: not known yet
	sent      int64
	known     bool // sent
	retry     time.Time
}

// reached reports whether the writers are affected, or soon will be.
func (p *pressure) reached(queue int, sent int64) bool {
	more := p.known && sent > p.sent
	p.sent, p.known = sent, true
	return more || queue >= p.threshold
}

// watchQueue desyncs the node, once, before its queue affects the writers or as soon as it does. A reading or a desync
// that fails is tried again a second later; in the meantime server_silent and flow_control apply.
func (g *guard) watchQueue(ctx context.Context, server *asked, p *pressure) {
	if g.desynced() || g.isKept() || time.Now().Before(p.retry) {
		return
	}
	reached := false
	err := server.ask(ctx, func(ctx context.Context, c *mariadb.Client) (err error) {
		reached, err = p.read(ctx, c)
		return err
	})
	if err == nil && reached && !g.queueIsTheTools() {
		err = g.desync(ctx)
		g.mutex.Lock()
		g.last.desync = err
		g.mutex.Unlock()
	}
	if err != nil {
		p.retry = time.Now().Add(sampleEvery)
	}
}

func (p *pressure) read(ctx context.Context, c *mariadb.Client) (bool, error) {
	if p.threshold == 0 {
		w, err := galera.Status(ctx, c)
		if err != nil {
			return false, err
		}
		p.threshold = queueThreshold(w)
	}
	queue, sent, err := readQueue(ctx, c)
	return err == nil && p.reached(queue, sent), err
}

// queueIsTheTools reports whether the queue grows because the tool has desynced and paused the node in its last locks,
// which does not affect writers, or shrinks after them, when almost nothing is left to read.
func (g *guard) queueIsTheTools() bool {
	stage, _, _ := g.counters.Stages.Now()
	return stage.HoldsCommits() || stage == tool.Unlocked
}

func readQueue(ctx context.Context, c *mariadb.Client) (queue int, sent int64, err error) {
	rows, err := c.Rows(ctx, "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_recv_queue', "+
		"'wsrep_flow_control_sent')")
	for _, row := range rows {
		n, bad := strconv.ParseInt(row[1], 10, 64)
		if bad != nil {
			return 0, 0, fmt.Errorf("read %s: %q is not a number", excerpt.Of(row[0]), excerpt.Of(row[1]))
		}
		if row[0] == "wsrep_local_recv_queue" {
			queue = int(n)
		} else {
			sent = n
		}
	}
	return queue, sent, err
}

// queueThreshold is a quarter of the length at which Galera sends flow control: gcs.fc_limit times the root of the
// number of nodes, or the limit itself if only one of them writes.
func queueThreshold(w galera.Wsrep) int {
	limit, err := strconv.Atoi(w.ProviderOptions["gcs.fc_limit"])
	if err != nil || limit < 1 {
		limit = 16
	}
	from := float64(limit)
	if w.ProviderOptions["gcs.fc_single_primary"] != "yes" && w.ProviderOptions["gcs.fc_master_slave"] != "yes" {
		from *= math.Sqrt(float64(max(w.ClusterSize, 1)))
	}
	return max(2, int(from)/queueShare)
}
