// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump/part"
)

// undoTime is the timeout for undoing a failed load.
const undoTime = 10 * time.Minute

// failed undoes a load as far as it went, and returns its cause together with the resulting state.
func (l *loading) failed(cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), undoTime)
	defer cancel()
	switch l.phase {
	case adopting:
		return fmt.Errorf("%w; the loaded tables of %s are complete and in their places, and triggers may be missing:"+
			" %s",
			cause,
			l.names(), l.describeLeftovers())
	case removing:
		return l.finish(ctx, cause)
	}
	server, err := l.reconnect(ctx)
	if err == nil {
		defer server.Close()
		err = l.undoWithRetries(ctx, server)
	}
	if err != nil && l.phase == staging {
		return fmt.Errorf("%w; nothing that existed has changed, but what was created could not be removed: %w; "+
			"the next load through this server removes the schemas %s", cause, err, l.ours())
	}
	if err != nil {
		return fmt.Errorf("%w; and that could not be undone: %w: %s", cause, err, l.describeLeftovers())
	}
	return fmt.Errorf("%w; nothing that existed has changed%s", cause, l.describeInterim())
}

// finish removes the earlier tables after all, when everything is loaded.
func (l *loading) finish(ctx context.Context, cause error) error {
	server, err := l.reconnect(ctx)
	if err == nil {
		defer server.Close()
		err = l.removeStages(ctx, server)
	}
	if err == nil {
		return nil
	}
	notes := append([]string{l.describeLeftovers()}, l.done.Warnings...)
	return fmt.Errorf("%w; all of %s is loaded, and only the earlier tables are not removed: %s", cause, l.names(),
		excerpt.UpTo(4000, strings.Join(notes, "; ")))
}

// describeInterim says what clients may have seen before everything was restored.
func (l *loading) describeInterim() string {
	took := time.Since(l.touched).Seconds()
	switch {
	case l.wentBack:
		return fmt.Sprintf(", but for %.1f s clients had the loaded tables: what they wrote to them in that time is"+
			" lost", took)
	case len(l.triggers) > 0:
		return fmt.Sprintf(", but for %.1f s its triggers were missing: what clients wrote in that time did not fire"+
			" them",
			took)
	}
	return ""
}

// reconnect opens another connection and ends what the server still does for the first one: a statement that waits
// there would find the tables in other places. The new connection holds the lock, so that no other load removes what is
// being put back.
func (l *loading) reconnect(ctx context.Context) (*mariadb.Client, error) {
	if l.Open == nil {
		return nil, errAgain
	}
	_ = l.server.Close()
	server, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	for {
		// After a restart of the server another session may have the connection's number, but not our lock.
		holder, err := server.Value(ctx, "SELECT IS_USED_LOCK(?)", stageLock)
		if err == nil && holder == l.connection {
			_ = server.Exec(ctx, "KILL "+holder)
		}
		got := ""
		if err == nil {
			got, err = server.Value(ctx, "SELECT GET_LOCK(?, 0)", stageLock)
		}
		if err == nil && got == "1" {
			return server, server.Exec(ctx, waitForClients())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(server.Close(), fmt.Errorf("the connection %s does not end: %w", l.connection,
				ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// busy are the server's errors for a table that clients use, and for a deadlock with them.
var busy = []int{1205, 1213}

// undoWithRetries undoes even if clients hold a table for long.
func (l *loading) undoWithRetries(ctx context.Context, server *mariadb.Client) (err error) {
	for range 5 {
		if err = l.undo(ctx, server); !slices.Contains(busy, mariadb.ErrorNumber(err)) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second): // others get their turn
		}
	}
	return err
}

// undo restores what was there. It may be repeated.
func (l *loading) undo(ctx context.Context, server *mariadb.Client) error {
	if l.phase == swapping {
		if err := l.putBack(ctx, server); err != nil {
			return err
		}
		triggers, err := l.missingTriggers(ctx, server)
		if err != nil {
			return err
		}
		sent := func(a savedObject) bool { return l.replaced[[3]string{a.kind, a.schema, a.name}] }
		if err := recreateAll(ctx, server, append(triggers, filter(l.programsBefore, sent)...)); err != nil {
			return err
		}
	}
	if err := l.removeStages(ctx, server); err != nil {
		return err
	}
	return l.removeMade(ctx, server)
}

// clean removes what killed loads through this server left, and names what it does not remove.
func (l *loading) clean(ctx context.Context) error {
	host, err := l.server.Value(ctx, "SELECT @@hostname")
	if err != nil {
		return err
	}
	rows, err := l.server.Rows(ctx, "SELECT schema_name FROM information_schema.schemata WHERE schema_name REGEXP ?",
		stagePattern)
	if err != nil {
		return err
	}
	for _, row := range rows {
		outcome, err := l.cleanSchema(ctx, row[0], host)
		if err != nil {
			return fmt.Errorf("remove what an earlier load left, %s: %w", row[0], err)
		}
		l.warn("%s", outcome)
	}
	return nil
}

// cleanSchema removes a schema that an earlier load left, unless it may belong to another user or contains tables that
// were in use.
func (l *loading) cleanSchema(ctx context.Context, schema, host string) (outcome string, err error) {
	rows, err := l.server.Rows(ctx, "SELECT table_name, table_comment FROM information_schema.tables WHERE"+
		" table_schema = ?",
		schema)
	if err != nil {
		return "", err
	}
	marked, others := "", 0
	for _, row := range rows {
		if row[0] == part.MarkName {
			marked = row[1]
		} else {
			others++
		}
	}
	switch {
	case marked == "" && others == 0:
	case marked != markOf(host):
		return schema + " does not belong to a load through this server and stays: find out whose it is, and remove it",
			nil
	case strings.HasSuffix(schema, "_old") && others > 0:
		return fmt.Sprintf("a load was killed while its tables took their places, or after that: %s holds %d earlier"+
			" ones, and "+
			"views and programs of the set may be missing. Load it again; RENAME TABLE %s.t TO ... brings an earlier"+
			" one "+
			"back, and DROP DATABASE %s removes all", schema, others, schema, schema), nil
	case strings.HasSuffix(schema, "_old"):
		kept, err := l.server.Rows(ctx, "SELECT 1 FROM "+schema+"."+part.MarkName+" LIMIT 1")
		if err != nil {
			return "", err
		}
		if len(kept) > 0 {
			return fmt.Sprintf("a load was killed after it had dropped triggers: SELECT statement FROM %s.%s ORDER BY"+
				" n has "+
				"the statements that create them again; DROP DATABASE %s then", schema, part.MarkName, schema), nil
		}
	}
	err = l.server.Exec(ctx, "SET STATEMENT foreign_key_checks = 0 FOR DROP DATABASE "+schema)
	return "removed " + schema + ", which an earlier load left that was killed", err
}
