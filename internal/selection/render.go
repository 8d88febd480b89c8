// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"strings"

	"overcloud.backup/internal/decision"
)

// width is the longest line of the table; names longer than half a line make it longer.
const width = 118

// minWidth is the room below which the last column is put under the row instead of next to it.
const minWidth = 30

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
		b.WriteString(headline(c, d.Policy))
		writeTable(&b, c)
		for _, line := range wrap(plain(c.Message), width) {
			b.WriteString(line + "\n")
		}
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
	lines := wrap(plain(line+", policy "+string(p)), width)
	return strings.Join(lines, "\n") + "\n"
}

// writeTable writes one row per controller; what does not fit next to it is written on lines of its own.
func writeTable(b *strings.Builder, c decision.Cluster) {
	rows := [][]string{header}
	shown := map[decision.Reason]bool{}
	for _, k := range c.Controllers {
		rows = append(rows, row(k, shown))
	}
	widths := make([]int, len(header)-1)
	indent := 0
	for i := range widths {
		for _, r := range rows {
			widths[i] = max(widths[i], len(r[i]))
		}
		indent += widths[i] + 2
	}
	below := width-indent < minWidth
	if below {
		rows[0] = append(header[:len(header)-1:len(header)-1], "")
	}
	for i, r := range rows {
		line := ""
		for j, cell := range r[:len(widths)] {
			line += fmt.Sprintf("%-*s  ", widths[j], cell)
		}
		why := r[len(widths):]
		if i == 0 {
			b.WriteString(strings.TrimRight(line+why[0], " ") + "\n")
			continue
		}
		writeRow(b, line, why, indent, below)
	}
}

// writeRow writes a row with its reasons wrapped in the last column, or under it.
func writeRow(b *strings.Builder, line string, why []string, indent int, below bool) {
	if below {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		indent, line = 4, ""
	}
	for _, reason := range why {
		for _, text := range wrap(reason, width-indent) {
			fmt.Fprintf(b, "%-*s%s\n", indent, line, text)
			line = ""
		}
	}
	if line != "" {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
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
		if shown[r] && len(r.Message) > minWidth {
			r.Message = "as above"
		}
		shown[r] = true
		cells = append(cells, fmt.Sprintf("%s: %s", r.Code, r.Message))
	}
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	return cells
}

// plain replaces everything that is not printable ASCII.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, s)
}

// wrap breaks a text at spaces. A word longer than the line is not broken.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
