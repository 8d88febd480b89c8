// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// Object names one object in a schema. Kind is schema, table (also a view or a sequence), procedure, function, package,
// "package body", trigger or event. Name is empty for a schema.
type Object struct{ Kind, Schema, Name string }

// String has the kind and the full name.
func (o Object) String() string {
	if o.Name == "" {
		return o.Kind + " " + o.Schema
	}
	return o.Kind + " " + o.Schema + "." + o.Name
}

// Definitions are the digests of all objects outside the server's own schemas, 32 hex digits each. A digest changes
// with the object's definition and with nothing else: not with rows, statistics, AUTO_INCREMENT or an event's status.
// They can be compared between servers of one version, if they are read by accounts that see the same: those with
// SchemaPrivileges do.
type Definitions map[Object]string

// Carried says which definitions a copy of the data keeps.
type Carried string

// A physical copy keeps everything. A dump does not keep what SHOW CREATE does not print: the row format that a table
// got from innodb_default_row_format, and the formats of temporal columns from before MariaDB 10.1.2.
const (
	ByFiles Carried = "physical"
	ByDump  Carried = "logical"
)

// definitions are the views of information_schema that together define a schema: the kind of the objects (or the column
// that names it), the columns that name schema and object, and every significant column, none that changes with rows,
// time or statistics. Older servers lack some columns and views.
var definitions = []struct{ view, kind, schema, name, columns string }{
	{"schemata", "schema", "schema_name", "", "default_character_set_name default_collation_name"},
	{"tables", "table", "table_schema", "table_name",
		"table_type engine row_format table_collation create_options table_comment"},
	{"columns", "table", "table_schema", "table_name",
		"column_name ordinal_position column_default is_nullable column_type " +
			"character_set_name collation_name extra column_comment is_generated generation_expression"},
	{"statistics", "table", "table_schema", "table_name",
		"index_name seq_in_index column_name non_unique sub_part index_type ignored"},
	{"key_column_usage", "table", "table_schema", "table_name",
		"constraint_schema constraint_name column_name ordinal_position " +
			"position_in_unique_constraint referenced_table_schema referenced_table_name referenced_column_name"},
	{"referential_constraints", "table", "constraint_schema", "table_name", "constraint_name referenced_table_name " +
		"match_option update_rule delete_rule"},
	{"check_constraints", "table", "constraint_schema", "table_name", "constraint_name check_clause"},
	{"partitions", "table", "table_schema", "table_name",
		"partition_name subpartition_name partition_method partition_expression partition_description"},
	{"views", "table", "table_schema", "table_name", "view_definition check_option is_updatable definer security_type"},
	{"routines", "=routine_type", "routine_schema", "routine_name",
		"dtd_identifier routine_definition is_deterministic " +
			"sql_data_access sql_mode definer security_type routine_comment"},
	{"parameters", "=routine_type", "specific_schema", "specific_name",
		"ordinal_position parameter_mode parameter_name dtd_identifier"},
	{"triggers", "trigger", "trigger_schema", "trigger_name",
		"event_object_table event_manipulation action_timing action_order " +
			"action_statement sql_mode definer"},
	{"events", "event", "event_schema", "event_name",
		"definer time_zone event_type execute_at interval_value interval_field " +
			"sql_mode event_definition on_completion event_comment"},
}

// SchemaPrivileges are the privileges ON *.* of an account that sees all that Definitions reads, users as statements
// and counts.
func SchemaPrivileges() []string { return []string{"SELECT", "SHOW VIEW", "TRIGGER", "EVENT"} }

// ReadDefinitions reads the definitions of all tables, columns, indexes, constraints, partitions, views, routines,
// triggers and events outside the server's own schemas, as far as such a copy keeps them.
func ReadDefinitions(ctx context.Context, c *mariadb.Client, carried Carried) (Definitions, error) {
	sums := map[Object]*multiset{}
	for _, d := range definitions {
		columns, err := existing(ctx, c, d.view, strings.Fields(d.columns))
		if err != nil {
			return nil, fmt.Errorf("read the definitions: %w", err)
		}
		if carried == ByDump {
			columns = slices.DeleteFunc(columns, func(name string) bool { return name == notDumped[d.view] })
		}
		if len(columns) == 0 {
			continue
		}
		if err := addDefinitions(ctx, c, sums, d.view, d.kind, d.schema, d.name, columns, carried); err != nil {
			return nil, fmt.Errorf("read the definitions: %s: %w", d.view, err)
		}
	}
	digests := make(Definitions, len(sums))
	for object, sum := range sums {
		digests[object] = sum.digest()
	}
	return digests, nil
}

// MaxDefinitions limits the file of definitions: one of 100,000 tables takes about 10 MB. maxObjects limits its size in
// memory, which for short names is many times as much.
const MaxDefinitions = 128 << 20

var maxObjects = 1_000_000

// Fit reports whether the definitions are small enough for ParseDefinitions.
func (d Definitions) Fit() bool {
	size := 0
	for o, digest := range d {
		// Each character of a name may become one of six bytes.
		size += len(`["","","",""]`) + 1 + len(o.Kind) + 6*(len(o.Schema)+len(o.Name)) + len(digest)
	}
	return len(d) <= maxObjects && (size <= MaxDefinitions || len(d.Lines()) <= MaxDefinitions)
}

// Lines returns the definitions as a file: a JSON array of kind, schema, name and digest in each line, sorted.
func (d Definitions) Lines() []byte {
	var lines []byte
	for _, o := range d.sorted() {
		line, _ := json.Marshal([]string{o.Kind, o.Schema, o.Name, d[o]}) // never fails
		lines = append(append(lines, line...), '\n')
	}
	return lines
}

// ParseDefinitions reads Lines.
func ParseDefinitions(lines []byte) (Definitions, error) {
	if len(lines) > MaxDefinitions {
		return nil, fmt.Errorf("the definitions have more than %d bytes", MaxDefinitions)
	}
	d := Definitions{}
	for line := range bytes.Lines(lines) {
		var fields []string
		if err := json.Unmarshal(line, &fields); err != nil || len(fields) != 4 {
			return nil, fmt.Errorf("line %d of the definitions is not kind, schema, name and digest", len(d)+1)
		}
		if len(d) == maxObjects {
			return nil, fmt.Errorf("the definitions are of more than %d objects", maxObjects)
		}
		d[Object{fields[0], fields[1], fields[2]}] = fields[3]
	}
	return d, nil
}

// Fingerprint returns the hex sha256 of the definitions.
func (d Definitions) Fingerprint() string {
	whole := sha256.New()
	for _, o := range d.sorted() {
		fmt.Fprintf(whole, "%q %q %q %s\n", o.Kind, o.Schema, o.Name, d[o])
	}
	return hex.EncodeToString(whole.Sum(nil))
}

func (d Definitions) sorted() []Object {
	return slices.SortedFunc(maps.Keys(d), func(a, b Object) int {
		return slices.Compare([]string{a.Schema, a.Name, a.Kind}, []string{b.Schema, b.Name, b.Kind})
	})
}

// Difference is an object whose definition is not the expected one.
type Difference struct {
	Object
	// Missing says that it does not exist; Added that it was not expected. Otherwise its definition differs.
	Missing, Added bool
}

// String names the object and says how it differs.
func (d Difference) String() string {
	switch {
	case d.Missing:
		return d.Object.String() + " is missing"
	case d.Added:
		return d.Object.String() + " is not in the set"
	}
	return d.Object.String() + " is defined differently"
}

// Differences compares the definitions with the expected ones. They are sorted by schema and name.
func (d Definitions) Differences(want Definitions) []Difference {
	var all []Difference
	for _, o := range want.sorted() {
		if got, found := d[o]; !found || got != want[o] {
			all = append(all, Difference{Object: o, Missing: !found})
		}
	}
	for _, o := range d.sorted() {
		if _, wanted := want[o]; !wanted {
			all = append(all, Difference{Object: o, Added: true})
		}
	}
	return all
}

// existing keeps the columns that this server's view has, in our order.
func existing(ctx context.Context, c *mariadb.Client, view string, wanted []string) ([]string, error) {
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

// addDefinitions adds the rows of a view to the objects that they define. A kind that begins with = is a column.
func addDefinitions(ctx context.Context, c *mariadb.Client, sums map[Object]*multiset, view, kind, schema, name string,
	columns []string, carried Carried) error {
	column, constant := strings.CutPrefix(kind, "=")
	if !constant {
		column = "'" + kind + "'"
	}
	if name == "" {
		name = "''"
	}
	// Defaults of TIMESTAMP columns, and parts of SYSTEM_TIME, are shown in the time zone of the session.
	query := "SET STATEMENT time_zone = '+00:00' FOR SELECT " +
		strings.Join(append([]string{column, schema, name}, columns...), ", ") +
		" FROM information_schema." + view + " WHERE " + mariadb.UserTables(schema)
	return c.Each(ctx, query, func(row []*string) error {
		o := Object{strings.ToLower(mariadb.Text(row[0])), mariadb.Text(row[1]), mariadb.Text(row[2])}
		if carried == ByDump {
			asDumped(columns, row[3:])
		}
		if sums[o] == nil {
			sums[o] = &multiset{}
		}
		sums[o].add(view, columns, row[3:])
		return nil
	})
}

// multiset is the sum of the hashes of rows, in any order: the server's own ORDER BY follows a collation, in which
// different names can be equal.
type multiset [4]uint64

// add adds a row. The columns are part of the hash: servers with other columns do not match.
func (m *multiset) add(view string, columns []string, row []*string) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", view, strings.Join(columns, ","))
	for _, value := range row {
		length := int64(-1)
		if value != nil {
			length = int64(len(*value))
		}
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(length)))
		h.Write([]byte(mariadb.Text(value)))
	}
	sum := h.Sum(nil)
	var carry uint64
	for i := range m {
		m[i], carry = bits.Add64(m[i], binary.LittleEndian.Uint64(sum[8*i:]), carry)
	}
}

func (m *multiset) digest() string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, m) // never fails
	return hex.EncodeToString(h.Sum(nil)[:16])
}
