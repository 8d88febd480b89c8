// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
)

// Difference is a loaded table whose number of rows on a server differs; Here is -1 if the table does not exist.
type Difference struct {
	LoadedTable
	Here int64
}

// Count counts the loaded tables on a server that has applied what the cluster committed, and returns those that
// differ.
func Count(ctx context.Context, server *mariadb.Client, tables []LoadedTable) (differ []Difference, err error) {
	w, err := galera.Status(ctx, server)
	if err == nil && w.On {
		_, err = galera.CatchUp(ctx, server)
	}
	if err != nil {
		return nil, err
	}
	// A server continues a count after its client has left.
	if deadline, bounded := ctx.Deadline(); bounded {
		limit := max(time.Until(deadline).Seconds(), 0.001)
		if err := server.Exec(ctx, fmt.Sprintf("SET SESSION max_statement_time = %.3f", limit)); err != nil {
			return nil, err
		}
	}
	kinds := map[string]map[string]string{}
	for _, t := range tables {
		if kinds[t.Schema] == nil {
			if kinds[t.Schema], err = tablesOf(ctx, server, t.Schema); err != nil {
				return nil, err
			}
		}
		here := int64(-1)
		if kind, there := kinds[t.Schema][t.Name]; there && kind == "SEQUENCE" {
			here = 1
		} else if there {
			if here, err = countRows(ctx, server, t.Schema, t.Name, kind); err != nil {
				return nil, fmt.Errorf("count the rows of %s.%s: %w", excerpt.Of(t.Schema), excerpt.Of(t.Name), err)
			}
		}
		if here != t.Rows {
			differ = append(differ, Difference{t, here})
		}
	}
	return differ, nil
}
