// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"strconv"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// CatchUp waits until this node has applied everything that any node of the cluster had committed when it was called,
// and returns wsrep_last_committed after that.
func CatchUp(ctx context.Context, c *mariadb.Client) (int64, error) {
	// With wsrep_dirty_reads, which our sessions have, there would be no wait.
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

// BinlogPosition returns gtid_binlog_pos; empty if the server has no binary log.
func BinlogPosition(ctx context.Context, c *mariadb.Client) (string, error) {
	value, err := c.Value(ctx, "SELECT @@gtid_binlog_pos")
	if err != nil {
		return "", fmt.Errorf("read gtid_binlog_pos: %w", err)
	}
	return value, nil
}
