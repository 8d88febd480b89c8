// SPDX-License-Identifier: GPL-3.0-or-later

// Package table writes tables for terminals. They are plain ASCII: text that hosts report cannot move the reader's
// cursor, or look like another row.
package table

import (
	"fmt"
	"strings"
)

// Width is the longest line of a table; names longer than half a line make it longer.
const Width = 118

// least is the room below which the last column is put under the row instead of next to it.
const least = 30

// Roomy reports whether a text of the last column is long enough to be worth showing only once.
func Roomy(text string) bool { return len(text) > least }

// Write writes rows below a header. A row has a cell for each column but the last; all cells after these are texts of
// the last column, each wrapped and on lines of its own, under the row if there is too little room next to it.
func Write(b *strings.Builder, header []string, rows [][]string) {
	rows = append([][]string{header}, plainRows(rows)...)
	widths := make([]int, len(header)-1)
	indent := 0
	for i := range widths {
		for _, r := range rows {
			widths[i] = max(widths[i], len(r[i]))
		}
		indent += widths[i] + 2
	}
	below := Width-indent < least
	if below {
		rows[0] = append(header[:len(header)-1:len(header)-1], "")
	}
	for i, r := range rows {
		line := ""
		for j, cell := range r[:len(widths)] {
			line += fmt.Sprintf("%-*s  ", widths[j], cell)
		}
		last := r[len(widths):]
		if i == 0 {
			b.WriteString(strings.TrimRight(line+last[0], " ") + "\n")
			continue
		}
		writeRow(b, line, last, indent, below)
	}
}

func plainRows(rows [][]string) [][]string {
	clean := make([][]string, len(rows))
	for i, r := range rows {
		clean[i] = make([]string, len(r))
		for j, cell := range r {
			clean[i][j] = Plain(cell)
		}
	}
	return clean
}

// writeRow writes a row with its texts wrapped in the last column, or under it.
func writeRow(b *strings.Builder, line string, last []string, indent int, below bool) {
	if below {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		indent, line = 4, ""
	}
	for _, text := range last {
		for _, part := range Wrap(text, Width-indent) {
			fmt.Fprintf(b, "%-*s%s\n", indent, line, part)
			line = ""
		}
	}
	if line != "" {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// Plain replaces everything that is not printable ASCII.
func Plain(s string) string {
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

// Wrap breaks a text at spaces. A word longer than the line is not broken.
func Wrap(text string, width int) []string {
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
