// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
)

// outcomes are the cells of one column of a matrix, by the name of the case.
type outcomes map[string]string

// Columns of a matrix.
const (
	onHosts   = "hosts"
	inBundles = "bundles"
	notRun    = "-"
)

func of(verdicts []harness.Verdict) outcomes {
	cells := outcomes{}
	for _, v := range verdicts {
		switch {
		case len(v.Wrong) > 0:
			cells[v.Name] = "**not as it must be**"
		case v.Outcome == harness.Good:
			cells[v.Name] = "good"
		default:
			cells[v.Name] = "undone"
		}
	}
	return cells
}

// matrix shows each fault that was run, and how the backup ended in each shape of the lab. A shape without any case has
// no column.
func matrix(hosts, bundles outcomes) string {
	names, columns := []string{}, []outcomes{}
	if len(hosts) > 0 {
		names, columns = append(names, onHosts), append(columns, hosts)
	}
	if len(bundles) > 0 {
		names, columns = append(names, inBundles), append(columns, bundles)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| fault | when | %s |\n|---|---|%s\n", strings.Join(names, " | "),
		strings.Repeat("---|", len(names)))
	for _, f := range cases.All() {
		if hosts[f.Name] == "" && bundles[f.Name] == "" {
			continue
		}
		fmt.Fprintf(&b, "| %s (`%s`) | %s |", escaped(f.Breaks), f.Name, escaped(f.When.Name))
		for _, cells := range columns {
			fmt.Fprintf(&b, " %s |", cmp.Or(cells[f.Name], notRun))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func escaped(text string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`).Replace(text)
}

// outcomesOf reads a column of the matrix of a page; none if it has no such column.
func outcomesOf(page, column string) outcomes {
	cells := outcomes{}
	_, text, _, err := cutMatrix(page)
	if err != nil {
		return cells
	}
	rows := strings.Split(strings.TrimSpace(text), "\n")
	at := slices.Index(cellsOf(rows[0]), column)
	named := regexp.MustCompile("\\(`([^`]+)`\\)$")
	for _, row := range rows[2:] {
		all := cellsOf(row)
		name := named.FindStringSubmatch(all[0])
		if name != nil && at > 0 && at < len(all) && all[at] != notRun {
			cells[name[1]] = all[at]
		}
	}
	return cells
}

func cellsOf(row string) []string {
	cells := strings.Split(strings.Trim(row, "| "), " | ")
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
	}
	return cells
}

// cutMatrix cuts a page around its matrix.
func cutMatrix(page string) (before, table, after string, err error) {
	begin := strings.Index(page, "| fault | when | ")
	if begin < 0 {
		return "", "", "", errors.New("it has no matrix")
	}
	end := strings.Index(page[begin:], "\n\n")
	if end < 0 {
		return page[:begin], page[begin:], "", nil
	}
	return page[:begin], page[begin : begin+end+1], page[begin+end+1:], nil
}
