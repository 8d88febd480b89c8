// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Schemas lists the schemas that are not the server's own (mysql, information_schema, performance_schema, sys), sorted.
func (c *Client) Schemas(ctx context.Context) ([]string, error) {
	var names []string
	err := c.Each(ctx, "SELECT schema_name FROM information_schema.schemata WHERE "+userTables("schema_name"),
		func(row []*string) error {
			names = append(names, deref(row[0]))
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list the schemas: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// UndumpableEvents names the events, as schema.event, that mariadb-dump (10.11.19) cannot dump. It looks for a delimiter
// that an event does not hold and never ends where one holds two semicolons in a row; and it does not find a schema
// again whose name it had to escape.
func (c *Client) UndumpableEvents(ctx context.Context) ([]string, error) {
	var names []string
	err := c.Each(ctx, "SELECT event_schema, event_name, CONCAT(definer, event_name, event_comment, event_definition) LIKE '%;;%'"+
		" FROM information_schema.events WHERE "+userTables("event_schema"),
		func(row []*string) error {
			if schema := deref(row[0]); deref(row[2]) != "0" || strings.ContainsAny(schema, "'\"\\\n\r\x1a") {
				names = append(names, schema+"."+deref(row[1]))
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list the events: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// definitions are the views of information_schema that together define a schema: the column that names it, and every
// column of meaning, none that moves with rows, time or statistics. Older servers lack some columns and views.
var definitions = []struct{ view, schema, columns string }{
	{"schemata", "schema_name", "schema_name default_character_set_name default_collation_name"},
	{"tables", "table_schema", "table_schema table_name table_type engine row_format table_collation create_options table_comment"},
	{"columns", "table_schema", "table_schema table_name column_name ordinal_position column_default is_nullable column_type " +
		"character_set_name collation_name extra column_comment is_generated generation_expression"},
	{"statistics", "table_schema", "table_schema table_name index_name seq_in_index column_name non_unique sub_part index_type ignored"},
	{"key_column_usage", "constraint_schema", "constraint_schema constraint_name table_schema table_name column_name ordinal_position " +
		"position_in_unique_constraint referenced_table_schema referenced_table_name referenced_column_name"},
	{"referential_constraints", "constraint_schema", "constraint_schema constraint_name table_name referenced_table_name " +
		"match_option update_rule delete_rule"},
	{"check_constraints", "constraint_schema", "constraint_schema table_name constraint_name check_clause"},
	{"partitions", "table_schema", "table_schema table_name partition_name subpartition_name partition_method partition_expression partition_description"},
	{"views", "table_schema", "table_schema table_name view_definition check_option is_updatable definer security_type"},
	{"routines", "routine_schema", "routine_schema routine_name routine_type dtd_identifier routine_definition is_deterministic " +
		"sql_data_access sql_mode definer security_type routine_comment"},
	{"parameters", "specific_schema", "specific_schema specific_name routine_type ordinal_position parameter_mode parameter_name dtd_identifier"},
	{"triggers", "trigger_schema", "trigger_schema trigger_name event_object_table event_manipulation action_timing action_order " +
		"action_statement sql_mode definer"},
	{"events", "event_schema", "event_schema event_name definer time_zone event_type execute_at interval_value interval_field " +
		"sql_mode event_definition on_completion event_comment"},
}

// SchemaPrivileges are those ON *.* of an account that sees all that Fingerprint reads, users as statements and counts.
func SchemaPrivileges() []string { return []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"} }

// Fingerprint is the hex sha256 of the definitions of all tables, columns, indexes, constraints, partitions, views,
// routines, triggers and events outside the server's own schemas. It changes with any of them and with nothing else:
// not with rows, statistics or AUTO_INCREMENT. It is comparable between servers of one version, read by accounts that
// see the same: those with SchemaPrivileges do.
func (c *Client) Fingerprint(ctx context.Context) (string, error) {
	whole := sha256.New()
	for _, d := range definitions {
		columns, err := c.existing(ctx, d.view, strings.Fields(d.columns))
		if err != nil {
			return "", fmt.Errorf("fingerprint the schema: %w", err)
		}
		part, err := c.fingerprintView(ctx, d.view, d.schema, columns)
		if err != nil {
			return "", fmt.Errorf("fingerprint the schema: %s: %w", d.view, err)
		}
		fmt.Fprintf(whole, "%s\x00%s\x00%x\n", d.view, strings.Join(columns, ","), part)
	}
	return hex.EncodeToString(whole.Sum(nil)), nil
}

// existing keeps the columns that this server's view has, in our order.
func (c *Client) existing(ctx context.Context, view string, wanted []string) ([]string, error) {
	rows, err := c.Rows(ctx, "SELECT LOWER(column_name) FROM information_schema.columns"+
		" WHERE table_schema = 'information_schema' AND table_name = ?", strings.ToUpper(view))
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, row := range rows {
		has[row[0]] = true
	}
	return slices.DeleteFunc(wanted, func(name string) bool { return !has[name] }), nil
}

func (c *Client) fingerprintView(ctx context.Context, view, schema string, columns []string) ([]byte, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	var rows rowHashes
	err := c.Each(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM information_schema."+view+" WHERE "+userTables(schema), rows.add)
	return rows.sum(), err
}

// rowHashes hashes a set of rows whatever their order. 32 bytes a row are kept, so that a schema of a million columns
// takes 32 MB; the server's own ORDER BY follows a collation, in which different names can be equal.
type rowHashes struct {
	rows [][sha256.Size]byte
	hash hash.Hash
}

func (r *rowHashes) add(row []*string) error {
	if r.hash == nil {
		r.hash = sha256.New()
	}
	r.hash.Reset()
	for _, value := range row {
		length := int64(-1)
		if value != nil {
			length = int64(len(*value))
		}
		r.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(length)))
		r.hash.Write([]byte(deref(value)))
	}
	r.rows = append(r.rows, [sha256.Size]byte(r.hash.Sum(nil)))
	return nil
}

func (r *rowHashes) sum() []byte {
	slices.SortFunc(r.rows, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, row := range r.rows {
		h.Write(row[:])
	}
	return h.Sum(nil)
}
