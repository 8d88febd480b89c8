// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/token"
)

// Column names a column of a table.
type Column struct{ Schema, Table, Name string }

// String is <schema>.<table>.<column>.
func (c Column) String() string { return c.Schema + "." + c.Table + "." + c.Name }

func (c Column) table() string { return mariadb.QuoteName(c.Schema) + "." + mariadb.QuoteName(c.Table) }

// Looked is the result of a search of columns.
type Looked struct {
	Found []Column
	// Keyed are those of Found that belong to a unique key.
	Keyed []Column
	// Unknown are those that could not be searched in time.
	Unknown []Column
}

// Budget is how long the search of the columns may take: for one of them, and for all. The server itself ends what
// takes longer.
type Budget struct{ Each, All time.Duration }

// LossyFloats finds the FLOAT columns with values that their text does not preserve: the server writes 6 digits, so
// does a dump, and no setting of server or tool changes that (10.1, 10.2 and 10.11).
func LossyFloats(ctx context.Context, c *mariadb.Client, budget Budget) (Looked, error) {
	found, err := lookThrough(ctx, c, budget, "data_type = 'float'", losesDigits)
	if err != nil {
		return found, fmt.Errorf("search the FLOAT columns: %w", err)
	}
	for _, column := range found.Found {
		rows, err := c.Rows(ctx, mariadb.Limited(budget.Each)+
			"SELECT 1 FROM information_schema.statistics WHERE non_unique"+
			" = 0 AND BINARY table_schema = ?"+
			" AND BINARY table_name = ? AND BINARY column_name = ? LIMIT 1", column.Schema, column.Table, column.Name)
		if err != nil {
			return found, fmt.Errorf("read the keys of %s: %w", column, err)
		}
		if len(rows) > 0 {
			found.Keyed = append(found.Keyed, column)
		}
	}
	return found, nil
}

// HasFloats reports whether there is a FLOAT column, among those that are read within limit.
func HasFloats(ctx context.Context, c *mariadb.Client, limit time.Duration) (bool, error) {
	found, err := columns(ctx, c, limit, "data_type = 'float'")
	return len(found) > 0, err
}

// EmptyGeometries finds the columns with a geometry of no bytes, which an ALTER TABLE that adds a NOT NULL column puts
// into the existing rows. No INSERT accepts such a value.
func EmptyGeometries(ctx context.Context, c *mariadb.Client, budget Budget) (Looked, error) {
	const kinds = "is_nullable = 'NO' AND data_type IN ('geometry', 'point', 'linestring', 'polygon', 'multipoint'," +
		" 'multilinestring'," +
		" 'multipolygon', 'geometrycollection', 'geomcollection')"
	found, err := lookThrough(ctx, c, budget, kinds, func(ctx context.Context, c *mariadb.Client, column Column,
		limit time.Duration) (bool, error) {
		rows, err := c.Rows(ctx, mariadb.Limited(limit)+"SELECT 1 FROM "+column.table()+" WHERE"+
			" LENGTH("+mariadb.QuoteName(column.Name)+") = 0 LIMIT 1")
		return len(rows) > 0, err
	})
	if err != nil {
		return found, fmt.Errorf("search the geometries: %w", err)
	}
	return found, nil
}

// lookThrough asks a question about each column of base tables for which a condition on information_schema.columns is
// true.
func lookThrough(ctx context.Context, c *mariadb.Client, budget Budget, condition string,
	ask func(context.Context, *mariadb.Client, Column,
		time.Duration) (bool, error)) (Looked, error) {
	all, err := columns(ctx, c, budget.All, condition)
	if err != nil {
		return Looked{}, err
	}
	var l Looked
	end := time.Now().Add(budget.All)
	for _, column := range all {
		limit := min(budget.Each, time.Until(end))
		if limit <= 0 {
			l.Unknown = append(l.Unknown, column)
			continue
		}
		found, err := ask(ctx, c, column, limit)
		switch {
		case err != nil && mariadb.ErrorNumber(err) == 0:
			return l, err
		case err != nil:
			l.Unknown = append(l.Unknown, column)
		case found:
			l.Found = append(l.Found, column)
		}
	}
	return l, nil
}

// localEngines keep their rows on the server itself. The data of another engine may be on any host, and is not read.
const localEngines = "('InnoDB', 'MyISAM', 'Aria', 'MEMORY', 'ARCHIVE', 'CSV', 'ROCKSDB', 'TokuDB')"

// columns lists those of tables of such engines, except generated ones: a dump has no values of them.
func columns(ctx context.Context, c *mariadb.Client, limit time.Duration, condition string) ([]Column, error) {
	local := map[Column]bool{}
	err := c.Each(ctx, mariadb.Limited(limit)+
		"SELECT table_schema, table_name FROM information_schema.tables WHERE engine IN "+
		localEngines+" AND "+mariadb.UserTables("table_schema"), func(row []*string) error {
		local[Column{Schema: mariadb.Text(row[0]), Table: mariadb.Text(row[1])}] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []Column
	err = c.Each(ctx, mariadb.Limited(limit)+
		"SELECT table_schema, table_name, column_name FROM information_schema.columns"+
		" WHERE "+condition+
		" AND extra NOT LIKE '%GENERATED%' AND extra NOT IN ('VIRTUAL', 'PERSISTENT') AND "+
		mariadb.UserTables("table_schema"), func(row []*string) error {
		column := Column{mariadb.Text(row[0]), mariadb.Text(row[1]), mariadb.Text(row[2])}
		if local[Column{Schema: column.Schema, Table: column.Table}] {
			all = append(all, column)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Column) int {
		return slices.Compare([]string{a.Schema, a.Table, a.Name}, []string{b.Schema, b.Table, b.Name})
	})
	return all, err
}

// losesDigits reports whether a FLOAT column has a value that differs from the meaning of its text.
func losesDigits(ctx context.Context, c *mariadb.Client, column Column, limit time.Duration) (bool, error) {
	name := mariadb.QuoteName(column.Name)
	rows, err := c.Rows(ctx, mariadb.Limited(limit)+"SELECT 1 FROM "+column.table()+" WHERE "+name+" <> CAST(CAST("+
		name+
		" AS CHAR) AS FLOAT) LIMIT 1")
	if mariadb.ErrorNumber(err) != syntaxError {
		return len(rows) > 0, err
	}
	// Servers before MariaDB 10.5 cannot cast to FLOAT.
	lost := false
	err = c.Each(ctx, mariadb.Limited(limit)+"SELECT CAST("+name+" AS CHAR), CAST("+name+" AS DOUBLE) FROM "+
		column.table()+" WHERE "+name+" IS NOT NULL",
		func(row []*string) error {
			lost = lost || !sameFloat(mariadb.Text(row[0]), mariadb.Text(row[1]))
			return nil
		})
	return lost, err
}

// syntaxError is the server's error number.
const syntaxError = 1064

// sameFloat reports whether the text of a FLOAT means the value that it stands for.
func sameFloat(text, exact string) bool {
	a, errA := strconv.ParseFloat(text, 32)
	b, errB := strconv.ParseFloat(exact, 64)
	return errA == nil && errB == nil && float32(a) == float32(b)
}

// Versioned lists the system-versioned tables: all of them, and those whose history is kept by transactions.
func Versioned(ctx context.Context, c *mariadb.Client, limit time.Duration) (all, byTransaction []string, err error) {
	take := func(to *[]string) func([]*string) error {
		return func(row []*string) error {
			*to = append(*to, mariadb.Text(row[0])+"."+mariadb.Text(row[1]))
			return nil
		}
	}
	err = c.Each(ctx, mariadb.Limited(limit)+"SELECT table_schema, table_name FROM information_schema.tables WHERE"+
		" table_type = 'SYSTEM VERSIONED' AND "+
		mariadb.UserTables("table_schema"), take(&all))
	if err == nil && len(all) > 0 {
		err = c.Each(ctx, mariadb.Limited(limit)+
			"SELECT table_schema, table_name FROM information_schema.columns WHERE"+
			" data_type = 'bigint'"+
			" AND generation_expression = 'ROW START' AND "+mariadb.UserTables("table_schema"), take(&byTransaction))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("search for system-versioned tables: %w", err)
	}
	slices.Sort(all)
	slices.Sort(byTransaction)
	return all, byTransaction, nil
}

// SequenceUses lists, by schema, the other schemas whose sequences its tables need for a default.
func SequenceUses(ctx context.Context, c *mariadb.Client, limit time.Duration) (map[string][]string, error) {
	uses := map[string][]string{}
	err := c.Each(ctx, mariadb.Limited(limit)+
		"SELECT table_schema, column_default FROM information_schema.columns WHERE"+
		" column_default LIKE '%val(%' AND "+
		mariadb.UserTables("table_schema"), func(row []*string) error {
		schema := mariadb.Text(row[0])
		for _, other := range sequenceSchemas(mariadb.Text(row[1])) {
			if other != schema && !slices.Contains(uses[schema], other) {
				uses[schema] = append(uses[schema], other)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("search for defaults from sequences: %w", err)
	}
	return uses, nil
}

// sequenceSchemas finds the schemas of the sequences in a default, such as nextval(`c03`.`sq`).
func sequenceSchemas(expression string) []string {
	tokens, _ := token.Split(expression)
	var schemas []string
	for i := 0; i+3 < len(tokens); i++ {
		function := strings.ToLower(tokens[i].Text)
		if !tokens[i].Quoted && (function == "nextval" || function == "lastval" || function == "setval") &&
			tokens[i+1].Symbol('(') && tokens[i+2].Quoted && tokens[i+3].Symbol('.') {
			schemas = append(schemas, tokens[i+2].Text)
		}
	}
	return schemas
}
