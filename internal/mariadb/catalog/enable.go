// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// quoted returns the name for a statement.
func (e Event) quoted() string { return mariadb.QuoteName(e.Schema) + "." + mariadb.QuoteName(e.Name) }

// eventColumns are all properties of an event, its status first. ALTER EVENT writes the session's character set and the
// schema's collation into it, and without DEFINER the account's name.
var eventColumns = []string{
	"status", "definer", "character_set_client", "collation_connection", "database_collation", "event_type",
	"execute_at", "interval_value",
	"interval_field", "sql_mode", "starts", "ends", "on_completion", "time_zone", "event_comment", "event_definition",
	"created", "last_executed",
}

// event is a row of information_schema.events.
type event struct {
	Event
	columns   []string
	collation string // of the schema
	over      bool   // its last moment has passed
}

func (e *event) column(name string) string { return e.columns[slices.Index(eventColumns, name)] }

// enable returns the statement that changes only the status.
func (e *event) enable() string {
	user, host := e.column("definer"), ""
	if at := strings.LastIndexByte(user, '@'); at >= 0 {
		user, host = user[:at], "@"+mariadb.QuoteName(user[at+1:])
	}
	return "ALTER DEFINER=" + mariadb.QuoteName(user) + host + " EVENT " + e.quoted() + " ENABLE"
}

// EnableEvents enables events on this node, as they were before Galera marked them SLAVESIDE_DISABLED: on the other
// nodes they stay so, and one node runs them. Those that are enabled already count as enabled. An event that cannot be
// enabled without another change is left as it is, with the reason and the statement to run. An error is one of the
// connection; what was done until then is returned with it.
func EnableEvents(ctx context.Context, c *mariadb.Client, names []Event) (enabled, left []string, err error) {
	for _, name := range names {
		why, err := enableEvent(ctx, c, name)
		if err != nil {
			return enabled, left, fmt.Errorf("enable the event %s: %w", name, err)
		}
		if why == "" {
			enabled = append(enabled, excerpt.Of(name.String()))
		} else {
			left = append(left, why)
		}
	}
	return enabled, left, nil
}

// EnableStatement returns the statement that enables an event and changes nothing else; empty if there is no such
// event.
func EnableStatement(ctx context.Context, c *mariadb.Client, name Event) (string, error) {
	e, err := readEvent(ctx, c, name)
	if err != nil || e == nil {
		return "", err
	}
	return excerpt.UpTo(500, e.enable()), nil
}

// enableEvent returns why an event stays as it is, with the statement to run.
func enableEvent(ctx context.Context, c *mariadb.Client, name Event) (why string, err error) {
	e, err := readEvent(ctx, c, name)
	switch {
	case err != nil:
		return "", err
	case e == nil:
		return "the event " + excerpt.Of(name.String()) + " does not exist", nil
	case e.column("status") == "ENABLED":
		return "", nil
	}
	statement := e.enable()
	left := func(reason string) string {
		return fmt.Sprintf("%s: %s: %s", name, reason, excerpt.UpTo(500, statement))
	}
	charset := e.column("character_set_client")
	switch {
	case e.over && schedules(ctx, c):
		return left("its last moment has passed, and a scheduler would run it at once or remove it"), nil
	case e.collation != e.column("database_collation"):
		return left("the schema has another collation now, which would become the event's"), nil
	case !strings.HasPrefix(charset, "utf8") && strings.ContainsFunc(statement, func(r rune) bool { return r >= 0x80 }):
		return left("its name is not of its character set " + charset), nil
	}
	err = c.Exec(ctx, fmt.Sprintf("SET character_set_client = %s, collation_connection = %s", charset,
		e.column("collation_connection")))
	if err == nil {
		err = c.Exec(ctx, statement)
	}
	number := mariadb.ErrorNumber(err)
	if err != nil && number == 0 {
		return "", err
	}
	if again := c.Exec(ctx, "SET NAMES utf8mb4"); again != nil {
		return "", again
	}
	if err != nil {
		return left(err.Error()), nil
	}
	after, err := readEvent(ctx, c, name)
	if err != nil {
		return "", err
	}
	if after == nil || after.column("status") != "ENABLED" {
		return left("the server did not enable it"), nil
	}
	if column := changed(e, after); column != "" {
		return fmt.Sprintf("%s: it is enabled, and its %s changed from %s to %s", name, column,
			excerpt.Of(e.column(column)), excerpt.Of(after.column(column))), nil
	}
	return "", nil
}

// changed returns the first column other than the status in which an event differs; empty if there is none. An event
// that is due may run as soon as it is enabled, and then its last execution is later.
func changed(before, after *event) string {
	for _, column := range eventColumns[1:] {
		was, is := before.column(column), after.column(column)
		if was != is && (column != "last_executed" || is < was) {
			return column
		}
	}
	return ""
}

// schedules reports whether this server runs events, or may.
func schedules(ctx context.Context, c *mariadb.Client) bool {
	scheduler, err := EventScheduler(ctx, c)
	return err != nil || scheduler == "ON"
}

// readEvent reads an event; nil if there is none. It is over if it was to run once, or until a moment, in the past,
// which is shown in the event's own time zone.
func readEvent(ctx context.Context, c *mariadb.Client, name Event) (*event, error) {
	rows, err := c.Rows(ctx, "SELECT "+strings.Join(eventColumns, ", ")+
		", (SELECT default_collation_name FROM information_schema.schemata"+
		" WHERE BINARY schema_name = BINARY event_schema) FROM information_schema.events WHERE BINARY event_schema ="+
		" ? AND BINARY event_name = ?",
		name.Schema, name.Name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	last := len(eventColumns)
	e := &event{Event: name, columns: rows[0][:last], collation: rows[0][last]}
	moment := e.column("execute_at") + e.column("ends")
	if moment == "" {
		return e, nil
	}
	over, err := c.Value(ctx, "SELECT CAST(? AS DATETIME) <= CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', ?)", moment,
		e.column("time_zone"))
	e.over = over != "0"
	return e, err
}

// EventScheduler returns the setting event_scheduler: ON, OFF or DISABLED.
func EventScheduler(ctx context.Context, c *mariadb.Client) (string, error) {
	return c.Value(ctx, "SELECT @@event_scheduler")
}
