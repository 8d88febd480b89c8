// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// unknownVariable is the server's error for a variable that it does not have.
const unknownVariable = 1193

// variable returns a server variable; empty if the server does not have it.
func variable(ctx context.Context, server *mariadb.Client, name string) (string, error) {
	value, err := server.Value(ctx, "SELECT @@"+name)
	if mariadb.ErrorNumber(err) == unknownVariable {
		return "", nil
	}
	return value, err
}

// limit returns a server variable that is a number; 0 if the server does not have it.
func limit(ctx context.Context, server *mariadb.Client, name string) (int64, error) {
	value, err := variable(ctx, server, name)
	if err != nil || value == "" {
		return 0, err
	}
	return strconv.ParseInt(value, 10, 64)
}

// fits checks everything that could stop the load halfway, before anything is changed.
func (l *loading) fits(ctx context.Context) error {
	for _, look := range []func(context.Context) error{l.fitsPackets, l.replicates, l.fitsNames, l.fitsKeys,
		l.fitsDisk} {
		if err := look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fitsPackets compares the longest statement, and the one with the most rows, with the server's limits. A statement is
// sent with one byte more, and a packet must be shorter than the limit (10.11).
func (l *loading) fitsPackets(ctx context.Context) error {
	longest := l.seen.Longest
	packet, err := limit(ctx, l.server, "max_allowed_packet")
	if err != nil {
		return err
	}
	if need := int64(longest.Size) + 2; packet > 0 && need > packet {
		return fmt.Errorf("line %d, %s: the statement has %d bytes, and max_allowed_packet of the server is %d; "+
			"SET GLOBAL max_allowed_packet = %d on it, and run this again", longest.Line, longest.Name, need, packet,
			(need+1<<20)>>20<<20)
	}
	// Text has at most two bytes for one of a row, so that less than half of it would fit nowhere.
	size, err := limit(ctx, l.server, "global.wsrep_max_ws_size")
	if err == nil && size > 0 && int64(longest.Size)/2 > size {
		return fmt.Errorf("line %d, %s: the rows have at least %d bytes, and wsrep_max_ws_size of the server is %d; "+
			"raise it on all members, and run this again", longest.Line, longest.Name, longest.Size/2, size)
	}
	if err != nil {
		return err
	}
	rows, err := limit(ctx, l.server, "global.wsrep_max_ws_rows")
	if fullest := l.seen.Fullest; err == nil && rows > 0 && fullest.Rows > rows {
		return fmt.Errorf("line %d, %s: the statement has %d rows, and wsrep_max_ws_rows of the server is %d; "+
			"raise it on all members, and run this again", fullest.Line, fullest.Name, fullest.Rows, rows)
	}
	return err
}

// replicates refuses tables whose rows the other members would not get, or marks them for conversion.
func (l *loading) replicates(ctx context.Context) error {
	w, err := galera.Status(ctx, l.server)
	if err != nil || !w.On {
		return err
	}
	replicated := []string{"innodb"}
	mode, err := variable(ctx, l.server, "global.wsrep_mode")
	if err != nil {
		return err
	}
	before, err := variable(ctx, l.server, "global.wsrep_replicate_myisam")
	if err != nil {
		return err
	}
	if strings.Contains(mode, "REPLICATE_MYISAM") || before == "1" {
		replicated = append(replicated, "myisam")
	}
	if strings.Contains(mode, "REPLICATE_ARIA") {
		replicated = append(replicated, "aria")
	}
	others := l.seen.Unreplicated(replicated)
	if len(others) == 0 {
		return nil
	}
	names := excerpt.UpTo(2000, strings.Join(others, ", "))
	if !l.Convert {
		return fmt.Errorf("the rows of %s are not replicated by Galera, so that only this server would have them. "+
			"Load them as InnoDB with non_transactional=convert, or take them out", names)
	}
	l.convert = replicated
	l.warn("loaded as InnoDB, because Galera replicates no other engine here: %s", names)
	return nil
}

// fitsNames refuses what cannot replace an existing object: a view in place of a table or the reverse, and a trigger
// with the name of one of a table that stays.
func (l *loading) fitsNames(ctx context.Context) error {
	for _, p := range l.Parts {
		kinds, err := l.server.Rows(ctx, "SELECT table_name, table_type FROM information_schema.tables WHERE "+
			ofSchema("table_schema"), p.As, p.As)
		if err != nil {
			return err
		}
		for _, row := range kinds {
			o, wanted := l.seen.Objects[[2]string{p.As, row[0]}]
			if wanted && (o.What == sqldump.View) != (row[1] == "VIEW") {
				return fmt.Errorf("%s.%s is a %s here and not in the set (line %d): load it under another name, "+
					"or rename what is here", excerpt.Of(p.As), excerpt.Of(row[0]), strings.ToLower(row[1]), o.Line)
			}
		}
		triggers, err := l.server.Rows(ctx, "SELECT trigger_name, event_object_table FROM information_schema.triggers"+
			" WHERE "+ofSchema("trigger_schema"), p.As, p.As)
		if err != nil {
			return err
		}
		for _, row := range triggers {
			f, wanted := l.seen.Triggers[[2]string{p.As, row[0]}]
			if _, replaced := l.seen.Objects[[2]string{p.As, row[1]}]; wanted && !replaced {
				return fmt.Errorf("line %d: the set's trigger %s has the name of one of the table %s.%s, "+
					"which stays: rename that one", f.Line, excerpt.Of(row[0]), excerpt.Of(p.As), excerpt.Of(row[1]))
			}
		}
	}
	return nil
}

// fitsKeys refuses, in a cluster of several members, to replace a table that a remaining table refers to. InnoDB locks
// the referring table for the RENAME and the DROP, and Galera does not certify them against writes to it: an applier of
// such a write waits for the RENAME, and the RENAME for its lock (seen with 10.11.19).
func (l *loading) fitsKeys(ctx context.Context) error {
	w, err := galera.Status(ctx, l.server)
	if err != nil || !w.On || w.ClusterSize < 2 {
		return err
	}
	for _, p := range l.Parts {
		rows, err := l.server.Rows(ctx, "SELECT constraint_schema, table_name, referenced_table_name FROM"+
			" information_schema.referential_constraints WHERE unique_constraint_schema = ?", p.As)
		if err != nil {
			return err
		}
		for _, row := range rows {
			_, loaded := l.seen.Objects[[2]string{p.As, row[2]}]
			if _, with := l.seen.Objects[[2]string{row[0], row[1]}]; loaded && !with {
				return fmt.Errorf("the table %s.%s, which stays, refers to %s.%s: a client that writes to it through"+
					" another "+
					"member would have the cluster hang. Load both, or load under another name", excerpt.Of(row[0]),
					excerpt.Of(row[1]), excerpt.Of(p.As), excerpt.Of(row[2]))
			}
		}
	}
	return nil
}

// loadMargin is the disk space that a load leaves free.
const loadMargin = 64 << 20

// fitsDisk checks that a second copy fits on the disk, if the server's datadir is visible here. As text the rows may
// have taken twice the space; indexes come on top.
func (l *loading) fitsDisk(ctx context.Context) error {
	at, free, err := galera.DatadirFree(ctx, l.server)
	if err != nil || at == "" {
		return err
	}
	if need := l.seen.Bytes + loadMargin; free < need {
		return fmt.Errorf("the rows have %d bytes in the dump, and %s has %d free: with %d to spare that is too "+
			"little for them in addition to the existing data", l.seen.Bytes, at, free, int64(loadMargin))
	}
	return nil
}

// engineOf returns the engine that a table is loaded with; empty for its own.
func (l *loading) engineOf(s sqldump.Statement) string {
	if len(l.convert) == 0 || s.Engine == "" || slices.Contains(l.convert, strings.ToLower(s.Engine)) {
		return ""
	}
	return "InnoDB"
}
