// SPDX-License-Identifier: GPL-3.0-or-later

// Package table writes tables and paragraphs for people, in plain ASCII: text that hosts report cannot move the
// reader's cursor, and none of it begins a line that could be mistaken for another row.
package table

import (
	"fmt"
	"strings"
)

// Width is the longest line; names longer than half a line make it longer.
const Width = 118

// Least is the room below which the last column is put under the row instead of next to it.
const Least = 30

// Write writes one line for each row. Cells of a row from the header's last column on are its notes: they are wrapped
// in that column, or written under the row if there is no room next to it.
func Write(b *strings.Builder, header []string, rows [][]string) {
	all := append([][]string{header}, rows...)
	for i, row := range all {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = Plain(cell)
		}
		all[i] = cells
	}
	widths := make([]int, len(header)-1)
	indent := 0
	for i := range widths {
		for _, r := range all {
			widths[i] = max(widths[i], len(r[i]))
		}
		indent += widths[i] + 2
	}
	below := Width-indent < Least
	if below {
		all[0][len(header)-1] = ""
	}
	for i, r := range all {
		line := ""
		for j, cell := range r[:len(widths)] {
			line += fmt.Sprintf("%-*s  ", widths[j], cell)
		}
		notes := r[len(widths):]
		if i == 0 {
			b.WriteString(strings.TrimRight(line+notes[0], " ") + "\n")
			continue
		}
		writeRow(b, line, notes, indent, below)
	}
}

// writeRow writes a row with its notes wrapped in the last column, or under it.
func writeRow(b *strings.Builder, line string, notes []string, indent int, below bool) {
	if below {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		indent, line = 4, ""
	}
	for _, note := range notes {
		for _, text := range Wrap(note, Width-indent) {
			b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s%s", indent, line, text), " ") + "\n")
			line = ""
		}
	}
	if line != "" {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// Paragraph writes a text in lines of the table's width.
func Paragraph(b *strings.Builder, text string) {
	for _, line := range Wrap(Plain(text), Width) {
		b.WriteString(line + "\n")
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
