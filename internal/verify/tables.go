// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

const listTables = "SELECT table_schema, table_name, table_type FROM information_schema.tables" +
	" WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') AND table_schema NOT IN" +
	" ('information_schema', 'performance_schema')"

// check checks the tables of a copy.
type check struct {
	*rebuild.Copy
	found *repository.Restored
}

// data returns the name of the file that problems of a copy belong to.
func data(c *rebuild.Copy) string { return c.Set().Manifest.Data().Name }

// all checks every table, including those of the server, and computes rows and checksums of those of users.
func (c *check) all(ctx context.Context) error {
	rows, err := c.Server().Rows(ctx, listTables)
	if err != nil {
		return err
	}
	c.ExpectTables(len(rows))
	broken := c.BrokenBefore()
	for _, row := range rows {
		t := repository.Table{Schema: row[0], Name: row[1]}
		reasons, err := c.table(ctx, t, row[2])
		if err != nil {
			return err
		}
		for _, reason := range reasons {
			if err := rebuild.MissingKey(reason); err != nil {
				return err
			}
		}
		if why := broken[repository.Name{Schema: t.Schema, Name: t.Name}]; why != "" && len(reasons) > 0 {
			c.Warn("%s.%s: %s", excerpt.Of(t.Schema), excerpt.Of(t.Name), why)
			reasons = nil
		}
		for _, reason := range reasons {
			c.Bad(repository.Damage(data(c.Copy), "%s", reason))
		}
		c.Checked()
	}
	c.found.Checksum = digest(c.found.Tables)
	return nil
}

// table checks one table and returns what is wrong with it.
func (c *check) table(ctx context.Context, t repository.Table, kind string) (reasons []string, err error) {
	reasons, err = c.checkTable(ctx, t)
	c.found.Checked++
	if err == nil && kind != "SEQUENCE" && t.Schema != "mysql" && t.Schema != "sys" {
		if t.Rows, t.Checksum, err = sum(ctx, c.Server().Client, t, kind); err == nil && t.Checksum == "" {
			reasons = append(reasons, fmt.Sprintf("the restored table %s.%s has no checksum", t.Schema, t.Name))
		}
		c.found.Rows += t.Rows
		c.found.Tables = append(c.found.Tables, t)
	}
	if err == nil {
		return reasons, nil
	}
	if number := mariadb.ErrorNumber(err); number != 0 && !rebuild.OutOfRoom(number) {
		return append(reasons, fmt.Sprintf("the restored table %s.%s: %v", t.Schema, t.Name, err)), nil
	}
	name := excerpt.Of(t.Schema) + "." + excerpt.Of(t.Name)
	return reasons, c.Blame(data(c.Copy), "the table "+name, fmt.Errorf("check the table %s: %w", name, err))
}

// checkTable does what mariadb-check does: CHECK TABLE returns rows of table, "check", type and text, the last one with
// the verdict.
func (c *check) checkTable(ctx context.Context, t repository.Table) (reasons []string, err error) {
	rows, err := c.Server().Rows(ctx, "CHECK TABLE "+quoted(t))
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		switch kind, text := strings.ToLower(row[2]), row[3]; {
		case kind == "warning":
			c.Warn("%s.%s: %s", t.Schema, t.Name, text)
		case kind == "error", kind == "status" && text != "OK" && text != "Table is already up to date":
			reasons = append(reasons, fmt.Sprintf("the restored table %s.%s: %s", t.Schema, t.Name, text))
		}
	}
	return reasons, nil
}

// sum counts the rows of a table, including the history of a system-versioned one, and computes the checksum of the
// current rows. The checksum is empty if the server has none.
func sum(ctx context.Context, server *mariadb.Client, t repository.Table, kind string) (rows int64, checksum string,
	err error) {
	all := ""
	if kind == "SYSTEM VERSIONED" {
		all = " FOR SYSTEM_TIME ALL"
	}
	count, err := server.Value(ctx, "SELECT COUNT(*) FROM "+quoted(t)+all)
	if err == nil {
		rows, err = strconv.ParseInt(count, 10, 64)
	}
	if err != nil {
		return 0, "", err
	}
	answer, err := server.Rows(ctx, "CHECKSUM TABLE "+quoted(t)+" EXTENDED")
	if err == nil && len(answer) == 1 && len(answer[0]) > 1 {
		checksum = answer[0][1]
	}
	return rows, checksum, err
}

// quoted returns the name for a statement.
func quoted(t repository.Table) string {
	return sqldump.QuoteName(t.Schema) + "." + sqldump.QuoteName(t.Name)
}

// digest computes Restored.Checksum.
func digest(tables []repository.Table) string {
	lines := make([]string, len(tables))
	for i, t := range tables {
		lines[i] = fmt.Sprintf("%s.%s\t%d\t%s\n", t.Schema, t.Name, t.Rows, t.Checksum)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
