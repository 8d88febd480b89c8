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
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
)

// countLimit is how long the server may count tables.
const countLimit = 10 * time.Minute

// inspect looks at all tables of the scratch server and compares what it holds with what the set recorded, as far as
// that tells. Rows and checksums of a moving server at its position are known to nobody; they are written down, so that
// another restore can be held against them.
func (r *restoring) inspect(ctx context.Context) (found *Restored, err error) {
	if found, err = r.schema(ctx); err != nil {
		return nil, err
	}
	r.phase("check")
	if err := r.tables(ctx, found); err != nil {
		return nil, err
	}
	r.compareBefore(found)
	return found, r.readLog()
}

// readLog takes over what the server complained of.
func (r *restoring) readLog() error {
	damaged, others := r.server.log.found()
	for _, line := range append(damaged, others...) {
		if err := withoutKey(line); err != nil {
			return err
		}
	}
	broken := r.brokenBefore()
	for _, line := range damaged {
		if of := names(broken, line); of != "" {
			r.warn("%s: %s; the scratch server says: %s", of, "was so when it was backed up", line)
			continue
		}
		r.bad(problem(data(r.set.Manifest).Name, "the scratch server says: %s", line))
	}
	for _, line := range others {
		r.warn("the scratch server says: %s", line)
	}
	return nil
}

// names is the table that a line of the server's log names, as `nova`.`t`, nova/t or nova.t; empty for none of them.
func names(tables map[repository.Name]string, line string) string {
	for t := range tables {
		for _, form := range []string{"`" + t.Schema + "`.`" + t.Name + "`", t.Schema + "/" + t.Name, t.String()} {
			if standsIn(line, form) {
				return excerpt.Of(t.String())
			}
		}
	}
	return ""
}

// standsIn says that a line has a name as a whole: not a/t in nova/t2, nor in beta/t.
func standsIn(line, name string) bool {
	for at := 0; ; {
		i := strings.Index(line[at:], name)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(name)
		if (begin == 0 || !wordPart(line[begin-1])) && (end == len(line) || !wordPart(line[end])) {
			return true
		}
		at = begin + 1
	}
}

// wordPart says that a name may go on with a byte.
func wordPart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c >= 0x80 || strings.IndexByte("_@#$", c) >= 0
}

// compareBefore holds this restore against an earlier one of the same set.
func (r *restoring) compareBefore(found *Restored) {
	if r.before.Restore == nil || r.before.Restore.Restored == nil {
		return
	}
	before := r.before.Restore.Restored
	if before.Server == found.Server && before.Checksum != found.Checksum {
		r.bad(problem(data(r.set.Manifest).Name, "an earlier restore of this set held other rows: %s",
			differences(before.Tables, found.Tables)).of(Differing))
	}
}

// differences names the first tables that are not the same.
func differences(before, now []Table) string {
	is := map[[2]string]Table{}
	for _, t := range now {
		is[[2]string{t.Schema, t.Name}] = t
	}
	var names []string
	for _, t := range before {
		if got := is[[2]string{t.Schema, t.Name}]; got != t {
			names = append(names, fmt.Sprintf("%s.%s (%d rows, then %d)", excerpt.Of(t.Schema), excerpt.Of(t.Name), t.Rows,
				got.Rows))
		}
	}
	if len(names) == 0 {
		return "more tables"
	}
	return strings.Join(names[:min(len(names), 5)], ", ")
}

const listTables = "SELECT table_schema, table_name, table_type FROM information_schema.tables" +
	" WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') AND table_schema NOT IN ('information_schema', 'performance_schema')"

// tables checks every table, the server's own too, and counts and sums up those of users.
func (r *restoring) tables(ctx context.Context, found *Restored) error {
	rows, err := r.server.Rows(ctx, listTables)
	if err != nil {
		return err
	}
	r.progress.ExpectedTables = len(rows)
	broken := r.brokenBefore()
	for _, row := range rows {
		t := Table{Schema: row[0], Name: row[1]}
		before := len(r.problems)
		if err := r.table(ctx, found, t, row[2]); err != nil {
			return err
		}
		for _, p := range r.problems[before:] {
			if err := withoutKey(p.Reason); err != nil {
				return err
			}
		}
		if why := broken[repository.Name{Schema: t.Schema, Name: t.Name}]; why != "" && len(r.problems) > before {
			r.problems = r.problems[:before]
			r.warn("%s.%s: %s", excerpt.Of(t.Schema), excerpt.Of(t.Name), why)
		}
		r.checked()
	}
	found.Checksum = digest(found.Tables)
	return nil
}

// table checks one table.
func (r *restoring) table(ctx context.Context, found *Restored, t Table, kind string) error {
	err := r.check(ctx, t)
	found.Checked++
	if err == nil && kind != "SEQUENCE" && t.Schema != "mysql" && t.Schema != "sys" {
		if t.Rows, t.Checksum, err = t.sum(ctx, r.server.Client, kind); err == nil && t.Checksum == "" {
			r.bad(problem(data(r.set.Manifest).Name, "the restored table %s.%s has no checksum", t.Schema, t.Name))
		}
		found.Rows += t.Rows
		found.Tables = append(found.Tables, t)
	}
	if err == nil {
		return nil
	}
	if number := galera.ErrorNumber(err); number != 0 && !slices.Contains(short, number) {
		r.bad(problem(data(r.set.Manifest).Name, "the restored table %s.%s: %v", t.Schema, t.Name, err))
		return nil
	}
	return r.atTable(t, err)
}

// short are the server's errors for want of disk space or memory, and for a query that was ended.
var short = []int{1021, 1037, 1038, 1041, 1114, 1317}

// atTable is an error that a table made.
func (r *restoring) atTable(t Table, err error) error {
	name := excerpt.Of(t.Schema) + "." + excerpt.Of(t.Name)
	return r.ended(data(r.set.Manifest).Name, "the table "+name, fmt.Errorf("look at the table %s: %w", name, err))
}

// ended is an error of the scratch server. One that ends over what it is given, as InnoDB does over a damaged page, proves
// the set bad.
func (r *restoring) ended(file, over string, err error) error {
	select {
	case <-r.server.child.Ended():
	case <-time.After(time.Second):
		return err
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return refusedBy(file, "the scratch server ended over "+over, r.server.child.Wait(), r.server.said())
}

// check is what mariadb-check does: CHECK TABLE answers rows of table, "check", type and text, the last one the verdict.
func (r *restoring) check(ctx context.Context, t Table) error {
	rows, err := r.server.Rows(ctx, "CHECK TABLE "+t.quoted())
	if err != nil {
		return err
	}
	for _, row := range rows {
		switch kind, text := strings.ToLower(row[2]), row[3]; {
		case kind == "warning":
			r.warn("%s.%s: %s", t.Schema, t.Name, text)
		case kind == "error", kind == "status" && text != "OK" && text != "Table is already up to date":
			r.bad(problem(data(r.set.Manifest).Name, "the restored table %s.%s: %s", t.Schema, t.Name, text))
		}
	}
	return nil
}

// sum counts a table's rows, those of the past of a system-versioned one too, and sums up those of now. The checksum is
// empty where the server has none.
func (t Table) sum(ctx context.Context, server *galera.Client, kind string) (rows int64, checksum string, err error) {
	all := ""
	if kind == "SYSTEM VERSIONED" {
		all = " FOR SYSTEM_TIME ALL"
	}
	count, err := server.Value(ctx, "SELECT COUNT(*) FROM "+t.quoted()+all)
	if err == nil {
		rows, err = strconv.ParseInt(count, 10, 64)
	}
	if err != nil {
		return 0, "", err
	}
	answer, err := server.Rows(ctx, "CHECKSUM TABLE "+t.quoted()+" EXTENDED")
	if err == nil && len(answer) == 1 && len(answer[0]) > 1 {
		checksum = answer[0][1]
	}
	return rows, checksum, err
}

// quoted is the name for a statement.
func (t Table) quoted() string {
	quote := func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
	return quote(t.Schema) + "." + quote(t.Name)
}

// digest is Restored.Checksum.
func digest(tables []Table) string {
	lines := make([]string, len(tables))
	for i, t := range tables {
		lines[i] = fmt.Sprintf("%s.%s\t%d\t%s\n", t.Schema, t.Name, t.Rows, t.Checksum)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
