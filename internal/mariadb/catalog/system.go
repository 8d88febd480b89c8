// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/mariadb"
)

// System is what users have put into the server's own schemas, which no dump of the other schemas has.
type System struct {
	// Statements recreate it, each without a closing semicolon. Those of CREATE SERVER have passwords: a file with them
	// is secret.
	Statements []string
	// Left lists, in words, what no statement recreates.
	Left []string
}

// Limits of a statement, and of all. The time zones of a system have some 3 MB.
const (
	maxSystemStatement = 1 << 20
	maxSystem          = 64 << 20
)

// ReadSystem reads time zones and foreign servers as statements, and names what else does not belong to the server's
// version. The account needs SELECT ON *.*, TRIGGER and EVENT. The server itself ends each query after limit.
func ReadSystem(ctx context.Context, c *mariadb.Client, limit time.Duration) (System, error) {
	r := &systemReader{Client: c, limit: limit}
	for _, read := range []func(context.Context) error{r.timeZones, r.servers, r.foreign} {
		if err := read(ctx); err != nil {
			return System{}, err
		}
	}
	return r.System, nil
}

type systemReader struct {
	*mariadb.Client
	System
	limit time.Duration
	size  int
}

var errSystemSize = errors.New("there is more in it than any server has")

func (r *systemReader) add(statement string) error {
	if r.size += len(statement); r.size > maxSystem {
		return errSystemSize
	}
	r.Statements = append(r.Statements, statement)
	return nil
}

// timeZoneTables are those that mariadb-tzinfo-to-sql fills, with their columns; text columns are marked with $.
var timeZoneTables = []struct{ name, columns string }{
	{"time_zone", "Time_zone_id $Use_leap_seconds"},
	{"time_zone_name", "$Name Time_zone_id"},
	{"time_zone_transition", "Time_zone_id Transition_time Transition_type_id"},
	{"time_zone_transition_type", "Time_zone_id Transition_type_id `Offset` Is_DST $Abbreviation"},
	{"time_zone_leap_second", "Transition_time Correction"},
}

// timeZones reads the tables of the time zones, unless they are empty, as they are on a new server.
func (r *systemReader) timeZones(ctx context.Context) error {
	for _, table := range timeZoneTables {
		if err := r.rows(ctx, table.name, strings.Fields(table.columns)); err != nil {
			return fmt.Errorf("read the time zones: %s: %w", table.name, err)
		}
	}
	return nil
}

// rows writes a table as statements of many rows.
func (r *systemReader) rows(ctx context.Context, table string, columns []string) error {
	text := make([]bool, len(columns))
	names := slices.Clone(columns)
	for i, column := range columns {
		names[i], text[i] = strings.CutPrefix(column, "$")
	}
	list := strings.Join(names, ", ")
	head := "INSERT INTO mysql." + table + " (" + list + ") VALUES "
	var b strings.Builder
	flush := func() (err error) {
		if b.Len() > 0 {
			err = r.add(b.String())
		}
		b.Reset()
		return err
	}
	err := r.Each(ctx, mariadb.Limited(r.limit)+"SELECT "+list+" FROM mysql."+table, func(row []*string) error {
		values := make([]string, len(row))
		for i, value := range row {
			if values[i] = mariadb.Text(value); text[i] {
				values[i] = mariadb.QuoteText(values[i])
			} else if strings.Trim(values[i], "-0123456789") != "" || values[i] == "" {
				return fmt.Errorf("a value that is not a number: %.20q", values[i])
			}
		}
		tuple := "(" + strings.Join(values, ",") + ")"
		if b.Len()+len(tuple)+1 > maxSystemStatement {
			if err := flush(); err != nil {
				return err
			}
		}
		if b.Len() == 0 {
			b.WriteString(head)
		} else {
			b.WriteByte(',')
		}
		b.WriteString(tuple)
		return nil
	})
	return errors.Join(err, flush())
}

// servers reads what CREATE SERVER created.
func (r *systemReader) servers(ctx context.Context) error {
	columns, err := r.columnsOf(ctx, "servers")
	if err != nil {
		return fmt.Errorf("read the foreign servers: %w", err)
	}
	options := "''"
	if slices.Contains(columns, "Options") { // MariaDB 11.7 and later
		options = "IFNULL(Options, '')"
	}
	err = r.Each(ctx, mariadb.Limited(r.limit)+
		"SELECT Server_name, Wrapper, Host, Db, Username, Password, Socket, Owner,"+
		" Port, "+options+
		" FROM mysql.servers ORDER BY Server_name", func(row []*string) error {
		v := make([]any, len(row))
		for i, value := range row {
			v[i] = mariadb.QuoteText(mariadb.Text(value))
		}
		v[0], v[1], v[8] = mariadb.QuoteName(mariadb.Text(row[0])), mariadb.QuoteName(mariadb.Text(row[1])),
			mariadb.Text(row[8])
		if more := mariadb.Text(row[9]); more != "" && more != "{}" {
			r.Left = append(r.Left, "options of the server "+mariadb.Text(row[0]))
		}
		return r.add(fmt.Sprintf("CREATE OR REPLACE SERVER %s FOREIGN DATA WRAPPER %s OPTIONS"+
			" (HOST %s, DATABASE %s, USER %s, PASSWORD %s, SOCKET %s, OWNER %s, PORT %s)", v[:9]...))
	})
	if err != nil {
		return fmt.Errorf("read the foreign servers: %w", err)
	}
	return nil
}

func (r *systemReader) columnsOf(ctx context.Context, table string) ([]string, error) {
	rows, err := r.Rows(ctx, "SHOW COLUMNS FROM mysql."+table)
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row[0]
	}
	return names, err
}

// ownTables are those that MariaDB 10.1 to 12 have in their schemas mysql and sys; those of Spider and the storage of
// GTID positions begin with a name of theirs.
var ownTables = []string{
	"column_stats", "columns_priv", "db", "event", "func", "general_log", "global_priv", "gtid_slave_pos",
	"help_category", "help_keyword",
	"help_relation", "help_topic", "host", "index_stats", "innodb_index_stats", "innodb_table_stats",
	"ndb_binlog_index", "password_reuse_check_history",
	"plugin", "proc", "procs_priv", "proxies_priv", "roles_mapping", "servers", "slow_log", "table_stats",
	"tables_priv", "time_zone",
	"time_zone_leap_second", "time_zone_name", "time_zone_transition", "time_zone_transition_type",
	"transaction_registry", "user",
	"wsrep_allowlist", "wsrep_cluster", "wsrep_cluster_members", "wsrep_streaming_log", "sys_config",
}

// foreign names objects that no version of the server creates: programs of other accounts than its own, unknown tables,
// and functions loaded from libraries.
func (r *systemReader) foreign(ctx context.Context) error {
	own := "'" + strings.Join(ownTables, "', '") + "'"
	const inOwn, notOwn = " IN ('mysql', 'sys')", " NOT IN ('mariadb.sys@localhost', 'mysql.sys@localhost')"
	for _, look := range []struct{ what, query string }{
		{"table", "SELECT table_schema, table_name FROM information_schema.tables WHERE BINARY table_schema" + inOwn +
			" AND table_type NOT IN ('VIEW', 'SYSTEM VIEW') AND table_name NOT IN (" + own +
			`) AND table_name NOT LIKE 'spider\_%' AND table_name NOT LIKE 'gtid\_slave\_pos\_%'`},
		{"view", "SELECT table_schema, table_name FROM information_schema.views WHERE BINARY table_schema" + inOwn +
			" AND definer" + notOwn},
		{"", "SELECT routine_schema, routine_name, routine_type FROM information_schema.routines WHERE BINARY" +
			" routine_schema" + inOwn +
			" AND definer" + notOwn + " AND routine_name NOT IN ('AddGeometryColumn', 'DropGeometryColumn')"},
		{"trigger", "SELECT trigger_schema, trigger_name FROM information_schema.triggers WHERE BINARY" +
			" trigger_schema" + inOwn + " AND definer" + notOwn},
		{"event", "SELECT event_schema, event_name FROM information_schema.events WHERE BINARY event_schema" + inOwn},
		{"loaded function", "SELECT dl, name FROM mysql.func"},
		{"plugin", "SELECT dl, name FROM mysql.plugin"},
	} {
		err := r.Each(ctx, mariadb.Limited(r.limit)+look.query+" LIMIT 1000", func(row []*string) error {
			what := look.what
			if what == "" {
				what = strings.ToLower(mariadb.Text(row[2]))
			}
			r.Left = append(r.Left, what+" "+mariadb.Text(row[1])+" of "+mariadb.Text(row[0]))
			return nil
		})
		if err != nil {
			return fmt.Errorf("search the server's own schemas: %w", err)
		}
	}
	slices.Sort(r.Left)
	return nil
}
