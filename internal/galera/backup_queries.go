// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"overcloud.backup/internal/excerpt"
)

// Server tells which server this is.
func (c *Client) Server(ctx context.Context) (Server, error) {
	status, err := c.pairs(ctx, statusQuery)
	if err != nil {
		return Server{}, fmt.Errorf("read the server's status: %w", err)
	}
	variables, err := c.pairs(ctx, variablesQuery)
	if err != nil {
		return Server{}, fmt.Errorf("read the server's variables: %w", err)
	}
	server, err := ParseServer(status, variables)
	server.PID = c.pid
	return server, err
}

// CatchUp waits until this node has applied everything that any node of the cluster had committed when it was called,
// and returns wsrep_last_committed after that.
func (c *Client) CatchUp(ctx context.Context) (int64, error) {
	// With wsrep_dirty_reads, which our sessions have, nothing would be waited for.
	value, err := c.Value(ctx, "SET STATEMENT wsrep_dirty_reads = OFF, wsrep_sync_wait = 1 FOR"+
		" SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_last_committed'")
	if err != nil {
		return 0, fmt.Errorf("wait until the node has applied what the cluster committed: %w", err)
	}
	seqno, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read wsrep_last_committed: %q is not a number", excerpt.Of(value))
	}
	return seqno, nil
}

// BinlogPosition is gtid_binlog_pos; empty where the server has no binary log.
func (c *Client) BinlogPosition(ctx context.Context) (string, error) {
	value, err := c.Value(ctx, "SELECT @@gtid_binlog_pos")
	if err != nil {
		return "", fmt.Errorf("read gtid_binlog_pos: %w", err)
	}
	return value, nil
}

// TableCounts counts the tables of every schema that is not the server's own, views left out. A schema without tables
// counts 0. The server itself ends the query after limit.
func (c *Client) TableCounts(ctx context.Context, limit time.Duration) (map[string]int, error) {
	schemas, err := c.Schemas(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, name := range schemas {
		counts[name] = 0
	}
	take := func(row []*string) error {
		n, err := strconv.Atoi(deref(row[1]))
		counts[deref(row[0])] = n
		return err
	}
	// One count for Nova and nova would be the collation's.
	err = c.Each(ctx, limited(limit)+"SELECT table_schema, COUNT(*) FROM information_schema.tables"+
		" WHERE table_type NOT IN ('VIEW', 'SYSTEM VIEW') AND "+userTables("table_schema")+" GROUP BY BINARY table_schema", take)
	if err != nil {
		return nil, fmt.Errorf("count the tables: %w", err)
	}
	return counts, nil
}
