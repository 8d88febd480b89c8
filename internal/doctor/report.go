// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/table"
)

// mostFailures are named in the message; the table has all.
const mostFailures = 5

// sum completes a report.
func sum(rows []Row, strict bool) Report {
	r := Report{Status: OK, Rows: rows}
	hosts := map[string]bool{}
	count := map[Status]int{}
	for _, row := range rows {
		r.Status = worse(r.Status, row.Status)
		count[row.Status]++
		if !row.Whole {
			hosts[row.Host] = true
		}
	}
	if len(rows) == 0 {
		r.Status = Unknown
	}
	r.Healthy = r.Status == OK || r.Status == Warn && !strict
	r.Message = message(rows, count, strict)
	r.Text = text(rows, hosts) + strings.Join(table.Wrap(table.Plain(r.Message), table.Width), "\n") + "\n"
	return r
}

// message counts the rows, and names the first that failed.
func message(rows []Row, count map[Status]int, strict bool) string {
	text := fmt.Sprintf("%s: %d ok", quantity.Count(int64(len(rows)), "check"), count[OK])
	for _, s := range []struct {
		status Status
		word   string
	}{{Warn, "with a warning"}, {Fail, "failed"}, {Unknown, "unknown"}} {
		if count[s.status] > 0 {
			text += fmt.Sprintf(", %d %s", count[s.status], s.word)
		}
	}
	bad := []string{}
	for _, r := range rows {
		if r.Status == Fail || r.Status == Unknown || strict && r.Status == Warn {
			bad = append(bad, strings.TrimPrefix(r.Host+": ", ": ")+summary(r))
		}
	}
	if len(bad) == 0 {
		return text + "."
	}
	more := ""
	if len(bad) > mostFailures {
		more = fmt.Sprintf(", and %d more", len(bad)-mostFailures)
		bad = bad[:mostFailures]
	}
	return text + " (" + strings.Join(bad, ", ") + more + "). The table shows what to do."
}

// summary names a row in the message: its check, or the meaning of its condition.
func summary(r Row) string {
	if _, known := find(r.Check); known {
		return r.Title
	}
	return condition.Of(condition.Code(r.Check)).Meaning
}

var header = []string{"STATUS", "CHECK", "HOST", "SEEN, AND WHAT TO DO"}

// text writes the table: the rows of a check together, in the order of the checks; hosts of which the same is said
// share a row.
func text(rows []Row, hosts map[string]bool) string {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b Row) int { return cmp.Compare(order(a), order(b)) })
	cells := [][]string{}
	for i := 0; i < len(sorted); {
		next := i + 1
		for next < len(sorted) && same(sorted[i], sorted[next]) {
			next++
		}
		cells = append(cells, row(sorted[i:next], len(hosts)))
		i = next
	}
	var b strings.Builder
	table.Write(&b, header, cells)
	return b.String()
}

// order is the position of a row: that of its check, or for a condition that of health, in the order of conditions.
func order(r Row) int {
	conditions := condition.All()
	is := func(c condition.Condition) bool { return string(c.Code) == r.Check }
	name, behind := r.Check, 0
	if _, known := find(name); !known {
		name, behind = Health, 1+slices.IndexFunc(conditions, is)
	}
	at := slices.IndexFunc(checks, func(c Check) bool { return c.Name == name })
	return at*(len(conditions)+1) + behind
}

func same(a, b Row) bool {
	return a.Check == b.Check && a.Status == b.Status && a.Whole == b.Whole && !a.Whole && slices.Equal(a.Seen, b.Seen)
}

// row returns the cells of the rows of some hosts of which the same is said.
func row(alike []Row, hosts int) []string {
	r, who := alike[0], []string{}
	for _, one := range alike {
		who = append(who, one.Host)
	}
	host := strings.Join(who, ", ")
	switch {
	case r.Whole:
		host = strings.TrimSpace("cluster " + host)
		if r.Host == "" {
			host = "-"
		}
	case len(who) == hosts && hosts > 1:
		host = fmt.Sprintf("all %d", hosts)
	}
	status := string(r.Status)
	if r.Status == Fail || r.Status == Unknown {
		status = strings.ToUpper(status)
	}
	cells := append([]string{status, r.Title, host}, r.Seen...)
	if r.Remedy != "" {
		cells = append(cells, "-> "+r.Remedy)
	}
	return cells
}
