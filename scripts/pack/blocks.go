// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	heading   = regexp.MustCompile(`^(#{1,6}) +(.*?) *#*$`)
	fence     = regexp.MustCompile("^(```+|~~~+) *([\\w+-]*)")
	item      = regexp.MustCompile(`^([-*+]|\d+[.)])( +)(.*)$`)
	delimiter = regexp.MustCompile(`^\|?[ :|-]*-[ :|-]*\|[ :|-]*$`)
	comment   = regexp.MustCompile(`(?s)<!--.*?-->\n?`)
)

// rules are the underlines of headings, by level.
const rules = `=-~^".`

// convert returns the page as reStructuredText.
func (g *guide) convert(text string) string {
	text = comment.ReplaceAllString(strings.ReplaceAll(text, "\r\n", "\n"), "")
	return ".. _" + label(g.name(), "") + ":\n\n" + g.blocks(strings.Split(text, "\n"))
}

// blocks converts lines, whose common indentation was removed. The result ends with an empty line.
func (g *guide) blocks(lines []string) string {
	var out strings.Builder
	for len(lines) > 0 {
		var taken int
		var block string
		switch line := lines[0]; {
		case strings.TrimSpace(line) == "":
			lines = lines[1:]
			continue
		case heading.MatchString(line):
			taken, block = 1, g.heading(line)
		case fence.MatchString(line):
			taken, block = g.fenced(lines)
		case strings.HasPrefix(line, "    "):
			taken, block = indented(lines)
		case item.MatchString(line):
			taken, block = g.item(lines)
		case strings.HasPrefix(line, ">"):
			taken, block = g.quote(lines)
		case len(lines) > 1 && strings.Contains(line, "|") && delimiter.MatchString(lines[1]):
			taken, block = g.table(lines)
		default:
			taken, block = g.paragraph(lines)
		}
		out.WriteString(block + "\n")
		lines = lines[taken:]
	}
	return out.String()
}

func (g *guide) heading(line string) string {
	m := heading.FindStringSubmatch(line)
	title, level := g.inline(plain(m[2])), len(m[1])
	target := ""
	if level > 1 {
		target = ".. _" + label(g.name(), g.newSlug(m[2])) + ":\n\n"
	}
	return fmt.Sprintf("%s%s\n%s\n", target, title, strings.Repeat(rules[level-1:level], utf8.RuneCountInString(title)))
}

// paragraph ends where anything else begins.
func (g *guide) paragraph(lines []string) (taken int, block string) {
	taken = 1
	for taken < len(lines) {
		line := lines[taken]
		if strings.TrimSpace(line) == "" || heading.MatchString(line) || fence.MatchString(line) || bullet(line) ||
			strings.HasPrefix(line, ">") {
			break
		}
		taken++
	}
	return taken, g.text(joined(lines[:taken])) + "\n"
}

// opening is how a text begins that reStructuredText would take for a list, an option, a field or a directive.
var opening = regexp.MustCompile(`^(?:[-+•‣⁃]|\(?(?:\d+|[a-zA-Z#]|[ivxlcdmIVXLCDM]+)[.)]|\.\.|::|__|>>>)(?:\s|$)` +
	`|^(?:--?\w|/\w|:[^:\s]+:)`)

// text converts a text that is only that, whatever it begins with.
func (g *guide) text(text string) string {
	converted := g.inline(text)
	if opening.MatchString(text) {
		return `\` + converted
	}
	return converted
}

// bullet says whether a line in a paragraph begins a list. A number other than 1 belongs to the text.
func bullet(line string) bool {
	m := item.FindStringSubmatch(line)
	return m != nil && (len(m[1]) == 1 || m[1] == "1.")
}

// item converts one item of a list, with all that is indented below it.
func (g *guide) item(lines []string) (taken int, block string) {
	m := item.FindStringSubmatch(lines[0])
	width := len(m[1]) + len(m[2])
	inner := []string{m[3]}
	for taken = 1; taken < len(lines); taken++ {
		line := lines[taken]
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if strings.TrimSpace(line) == "" {
			inner = append(inner, "")
		} else if indent >= width {
			inner = append(inner, line[width:])
		} else if lines[taken-1] != "" && !item.MatchString(line) && indent == 0 && !heading.MatchString(line) {
			inner = append(inner, line) // of the same paragraph, not indented
		} else if indent > 0 && indent < width && !item.MatchString(strings.TrimLeft(line, " ")) {
			inner = append(inner, strings.TrimLeft(line, " "))
		} else {
			break
		}
	}
	mark := m[1]
	if len(mark) == 1 {
		mark = "-"
	}
	return taken, indent(g.blocks(inner), mark+" ")
}

// indent indents a block by the width of what its first line begins with.
func indent(block, first string) string {
	lines := strings.Split(strings.TrimRight(block, "\n"), "\n")
	for i, line := range lines {
		if i == 0 {
			lines[i] = first + line
		} else if line != "" {
			lines[i] = strings.Repeat(" ", len(first)) + line
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func (g *guide) quote(lines []string) (taken int, block string) {
	var inner []string
	for taken < len(lines) && strings.HasPrefix(lines[taken], ">") {
		inner = append(inner, strings.TrimPrefix(strings.TrimPrefix(lines[taken], ">"), " "))
		taken++
	}
	return taken, indent(g.blocks(inner), "   ")
}

func (g *guide) fenced(lines []string) (taken int, block string) {
	m := fence.FindStringSubmatch(lines[0])
	for taken = 1; taken < len(lines) && strings.TrimSpace(lines[taken]) != m[1]; taken++ {
	}
	if m[2] == "mermaid" {
		// Sites of collections cannot draw it.
		return min(taken+1, len(lines)), g.link("Diagram, in the repository", repository+"/blob/main/"+g.path) + "\n"
	}
	return min(taken+1, len(lines)), codeBlock(m[2], lines[1:taken])
}

func indented(lines []string) (taken int, block string) {
	var code []string
	for taken < len(lines) && (strings.HasPrefix(lines[taken], "    ") || strings.TrimSpace(lines[taken]) == "") {
		code = append(code, strings.TrimPrefix(lines[taken], "    "))
		taken++
	}
	return taken, codeBlock("", code)
}

func codeBlock(language string, code []string) string {
	switch language {
	case "yaml", "yml":
		language = "yaml+jinja"
	default:
		language = "text" // a highlighter that stumbles over an excerpt warns
	}
	text := strings.Trim(strings.Join(code, "\n"), "\n")
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return fmt.Sprintf(".. code-block:: %s\n\n%s", language, indent("\n"+text, "   ")[4:])
}

// table converts a table; reStructuredText's own form of one has no room for long cells.
func (g *guide) table(lines []string) (taken int, block string) {
	columns := len(cells(lines[0]))
	block = ".. list-table::\n   :header-rows: 1\n   :widths: auto\n   :class: longtable\n"
	for taken < len(lines) && strings.Contains(lines[taken], "|") {
		if taken != 1 {
			row := cells(lines[taken])
			for i := range columns {
				text, mark := "", "  -"
				if i < len(row) {
					text = g.text(row[i])
				}
				if i == 0 {
					mark, block = "* -", block+"\n"
				}
				block += strings.TrimRight("   "+mark+" "+text, " ") + "\n"
			}
		}
		taken++
	}
	return taken, block
}

// cells returns the cells of a row. A bar within one is escaped, also within code.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(line, "|")
	if strings.HasSuffix(line, "|") && !strings.HasSuffix(line, `\|`) {
		line = strings.TrimSuffix(line, "|")
	}
	const bar = "\x00"
	parts := strings.Split(strings.ReplaceAll(line, `\|`, bar), "|")
	for i, part := range parts {
		parts[i] = strings.TrimSpace(strings.ReplaceAll(part, bar, "|"))
	}
	return parts
}

func joined(lines []string) string {
	trimmed := make([]string, len(lines))
	for i, line := range lines {
		trimmed[i] = strings.TrimSpace(line)
	}
	return strings.Join(trimmed, " ")
}
