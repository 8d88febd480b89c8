// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
)

// lookLimit is after what time the server ends a query about what a dump would lose. What is not known then is named.
const lookLimit = 20 * time.Second

// columnBudget is how long values are looked through.
var columnBudget = galera.Budget{Each: 3 * time.Second, All: lookLimit}

// content is what a dump needs to know of what it will hold.
type content struct {
	// broken are the tables and views that cannot be opened: the tool ends at the first one.
	broken []galera.Broken
	// history says that the tool dumps the history of system-versioned tables.
	history bool
}

// checkContent refuses, before the dump, what it would end at after hours, and warns of what it would lose.
func (j *Job) checkContent(ctx context.Context, c *galera.Client) error {
	for _, look := range []func(context.Context, *galera.Client) error{j.checkBroken, j.checkHistory, j.checkFloats,
		j.checkGeometries, j.orderSchemas} {
		err := look(ctx, c)
		switch number := galera.ErrorNumber(err); {
		case number == statementTooLong || number == interrupted:
			j.warn("what a dump loses is not known in all: %v", err)
		case err != nil:
			return err
		}
	}
	return nil
}

// The server's numbers for a statement that it ended at its limit: 1969, and 1317 where it was about to answer.
const (
	statementTooLong = 1969
	interrupted      = 1317
)

// reasonLimit is for what the reason of a choice says besides.
const reasonLimit = 5 * time.Second

// explainChoice says in the reason what a dump would have lost, where it was not taken. What cannot be read in time is
// left out.
func (j *Job) explainChoice(ctx context.Context, c *galera.Client) error {
	if j.o.Method != tool.Auto || j.tool.Method != tool.Physical || !j.described {
		return nil
	}
	var lost []string
	if floats, err := c.HasFloats(ctx, reasonLimit); err == nil && floats {
		lost = append(lost, "digits of FLOAT columns")
	}
	if versioned, _, err := c.Versioned(ctx, reasonLimit); err == nil && len(versioned) > 0 {
		lost = append(lost, "the history of system-versioned tables")
	}
	if len(lost) > 0 {
		j.plan.Reason += "; a dump may lose " + strings.Join(lost, " and ")
	}
	return nil
}

// checkBroken looks for tables and views that cannot be opened.
func (j *Job) checkBroken(ctx context.Context, c *galera.Client) (err error) {
	if j.content.broken, err = c.Broken(ctx, queryLimit); err != nil || len(j.content.broken) == 0 {
		return err
	}
	said := describeBroken(j.content.broken)
	if !j.o.LeaveOutBroken {
		return fmt.Errorf("%d tables or views cannot be opened, and a dump would end at the first one: %s; drop or"+
			" mend them, "+
			"take a physical backup, or set broken to leave_out", len(j.content.broken), said)
	}
	j.warn("left out of the dump, because the server cannot open them: %s", said)
	return nil
}

func describeBroken(list []galera.Broken) string {
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = fmt.Sprintf("%s (%s)", b, b.Why)
	}
	return excerpt.Names(names)
}

// brokenNames are for the manifest.
func brokenNames(list []galera.Broken) (broken []repository.Broken, names []repository.Name) {
	for _, b := range list {
		name := repository.Name{Schema: b.Schema, Name: b.Name}
		broken, names = append(broken, repository.Broken{Name: name, Why: b.Why}), append(names, name)
	}
	return broken, names
}

// checkHistory finds out whether the history of system-versioned tables is dumped. A tool that can ends at a table
// whose history is told by transactions, and needs a server that takes history from an INSERT (MariaDB 10.11).
func (j *Job) checkHistory(ctx context.Context, c *galera.Client) error {
	versioned, byTransaction, err := c.Versioned(ctx, lookLimit)
	if err != nil || len(versioned) == 0 {
		return err
	}
	if len(byTransaction) == 0 && !tool.Older(j.server, 10, 11) && j.tool.Has(ctx, tool.DumpHistory) {
		j.content.history = true
		return nil
	}
	why := fmt.Sprintf("%s %s cannot dump it", j.tool.Path, j.tool.Version)
	if len(byTransaction) > 0 {
		why = "no dump can tell that of " + excerpt.Names(byTransaction) + ", which is by transactions"
	}
	j.warn("the history of these system-versioned tables is not in the dump, only their rows of now (%s): %s", why,
		excerpt.Names(versioned))
	return nil
}

// checkFloats names the columns whose values a dump rounds to 6 digits.
func (j *Job) checkFloats(ctx context.Context, c *galera.Client) error {
	floats, err := c.LossyFloats(ctx, columnBudget)
	if err != nil {
		return err
	}
	rounded := slices.DeleteFunc(slices.Clone(floats.Found), func(c galera.Column) bool { return slices.Contains(floats.Keyed, c) })
	j.warnColumns("a dump has 6 digits of a FLOAT, and these columns have values with more: %s; take a physical"+
		" backup, or make them DOUBLE", rounded)
	j.warnColumns("a dump has 6 digits of a FLOAT, and these columns of a unique key have values with more, so that"+
		" the dump may not load: %s;"+
		" take a physical backup, or make them DOUBLE", floats.Keyed)
	j.warnColumns("a dump has 6 digits of a FLOAT, and whether these columns have values with more was not seen in"+
		" time: %s", floats.Unknown)
	return nil
}

// checkGeometries names the columns whose values no INSERT takes.
func (j *Job) checkGeometries(ctx context.Context, c *galera.Client) error {
	geometries, err := c.EmptyGeometries(ctx, columnBudget)
	if err != nil {
		return err
	}
	j.warnColumns("these NOT NULL columns have geometries of no bytes, which no INSERT takes, so that the dump will"+
		" not load: %s;"+
		" take a physical backup, or give those rows a value", geometries.Found)
	j.warnColumns("whether these columns have geometries of no bytes, which no INSERT takes, was not seen in time:"+
		" %s", geometries.Unknown)
	return nil
}

func (j *Job) warnColumns(format string, columns []galera.Column) {
	if len(columns) == 0 {
		return
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.String()
	}
	j.warn(format, excerpt.Names(names))
}

// orderSchemas puts schemas before those that take a default from their sequences.
func (j *Job) orderSchemas(ctx context.Context, c *galera.Client) error {
	uses, err := c.SequenceUses(ctx, lookLimit)
	if err == nil {
		j.plan.Schemas = ordered(j.plan.Schemas, uses)
	}
	return err
}

// ordered keeps the order but for schemas that others use, which come before these. Of a circle one has to come first.
func ordered(schemas []string, uses map[string][]string) []string {
	var list []string
	seen := map[string]bool{}
	var put func(string)
	put = func(name string) {
		if seen[name] || !slices.Contains(schemas, name) {
			return
		}
		seen[name] = true
		for _, used := range slices.Sorted(slices.Values(uses[name])) {
			put(used)
		}
		list = append(list, name)
	}
	for _, name := range schemas {
		put(name)
	}
	return list
}

// leaveOut takes what a dump leaves out from definitions.
func leaveOut(d galera.Definitions, left []galera.Broken) {
	for _, b := range left {
		delete(d, galera.Object{Kind: "table", Schema: b.Schema, Name: b.Name})
	}
}

// restoreCommands are how a dump is loaded by hand. Accounts come first, because views and programs name them, and once
// more at the end, because they may be granted tables.
func restoreCommands(files repository.Files, program string) []string {
	client := "mariadb"
	if strings.HasSuffix(program, "mysqldump") {
		client = "mysql"
	}
	commands := []string{client + " --force < " + usersFile + "   # makes the accounts; a grant on a table that is" +
		" not there yet is an error, and comes last"}
	if slices.ContainsFunc(files, func(f repository.File) bool { return f.Name == systemFile }) {
		commands = append(commands, client+" < "+systemFile)
	}
	return append(commands, "zstd -d -c "+tool.LogicalFile+" | "+client+" --comments --max-allowed-packet=1G",
		client+" < "+usersFile)
}
