// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/table"
)

var header = []string{"CONTROLLER", "CLIENTS?", "GALERA", "PACEMAKER", "HAPROXY", "VERDICT", "WHY"}

// Text renders a decision as a table per cluster, with the message under it. Plain ASCII: names that hosts report
// cannot move the reader's cursor.
func Text(d decision.Decision) string {
	if len(d.Clusters) == 0 {
		return d.Message + "\n"
	}
	var b strings.Builder
	for i, c := range d.Clusters {
		if i > 0 {
			b.WriteString("\n")
		}
		table.Paragraph(&b, headline(c, d.Policy))
		writeTable(&b, c)
		table.Paragraph(&b, c.Message)
	}
	return b.String()
}

func headline(c decision.Cluster, p decision.Policy) string {
	line := "cluster " + cmp.Or(c.Name, "unknown")
	if c.UUID != "" {
		line += " " + c.UUID
	}
	if c.VIP.Address != "" {
		line += ", VIP " + c.VIP.Address
	}
	if c.VIP.Holder != "" {
		line += " on " + c.VIP.Holder
	}
	return line + ", policy " + string(p)
}

// writeTable writes one row per controller.
func writeTable(b *strings.Builder, c decision.Cluster) {
	rows := [][]string{}
	shown := map[decision.Reason]bool{}
	for _, k := range c.Controllers {
		rows = append(rows, row(k, shown))
	}
	table.Write(b, header, rows)
}

// row returns a controller's cells; those from the last column on are its reasons. A long reason that the whole cluster
// has is shown once.
func row(k decision.Controller, shown map[decision.Reason]bool) []string {
	cells := []string{k.Name, string(k.Activity), k.Galera, k.Pacemaker, k.HAProxy, string(k.Verdict)}
	if k.Activity == "" {
		cells[1] = "-"
	}
	if k.Verdict == decision.Chosen {
		cells[5] = "CHOSEN"
	}
	if k.Rank > 0 {
		cells = append(cells, fmt.Sprintf("rank %d", k.Rank))
	}
	for _, r := range k.Reasons {
		if shown[r] && len(r.Message) > table.Least {
			r.Message = "as above"
		}
		shown[r] = true
		cells = append(cells, fmt.Sprintf("%s: %s", r.Code, r.Message))
	}
	return cells
}
