// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// field is an option or a return value.
type field struct {
	Description texts
	Type        string
	Elements    string
	Required    bool
	Default     yaml.Node
	Choices     []string
	Returned    string
	Sample      yaml.Node
	Suboptions  yaml.Node
	Contains    yaml.Node
}

// row returns a field's row of a table, and a note if its description is too long for a cell.
type row func(name string, f field) (cells, note string)

// rows returns the rows of a table, in the order of the description, and their notes. The name of a nested field is
// prefixed with its parent's.
func rows(fields *yaml.Node, above string, row row) (table, notes string, err error) {
	for fields.Kind == yaml.AliasNode {
		fields = fields.Alias
	}
	for i := 0; i+1 < len(fields.Content); i += 2 {
		name := above + fields.Content[i].Value
		var f field
		if err := fields.Content[i+1].Decode(&f); err != nil {
			return "", "", fmt.Errorf("%s: %w", name, err)
		}
		if len(f.Description) == 0 || f.Type == "" {
			return "", "", fmt.Errorf("%s: description or type is missing", name)
		}
		cells, note := row(name, f)
		table, notes = table+cells, notes+note
		for _, inner := range []*yaml.Node{&f.Suboptions, &f.Contains} {
			cells, note, err := rows(inner, name+".", row)
			if err != nil {
				return "", "", err
			}
			table, notes = table+cells, notes+note
		}
	}
	return table, notes, nil
}

func option(name string, f field) (cells, note string) {
	var choices string
	if len(f.Choices) > 0 {
		choices = "One of `" + strings.Join(f.Choices, "`, `") + "`."
	}
	standard := code(flow(f.Default))
	if f.Required {
		standard = "required"
	}
	effect, note := f.effect(name, choices)
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, f.kind(), standard, effect), note
}

func value(name string, f field) (cells, note string) {
	var sample string
	if flat := flow(f.Sample); flat != "" && len(flat) <= width {
		sample = "Sample: `" + flat + "`"
	}
	content, note := f.effect(name, sample)
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, f.kind(), cell(texts{f.Returned}), content), note
}

// effect returns the cell of a description, with choices or a sample in more. If the description is longer than
// cellLimit, the cell has its first sentence and the note has all of it.
func (f field) effect(name, more string) (short, note string) {
	whole := cell(f.Description)
	if len(whole) <= cellLimit {
		return strings.TrimSpace(whole + " " + more), ""
	}
	summary := strings.TrimSpace(firstSentence.FindString(cell(f.Description[:1])))
	if len(summary) > cellLimit {
		summary = ""
	}
	note = "- `" + name + "`: " + strings.ReplaceAll(strings.TrimPrefix(list(f.Description), "- "), "\n- ", "\n  ")
	return strings.TrimSpace(strings.TrimSpace(summary+" See below. ") + " " + more), note
}

func (f field) kind() string {
	if f.Elements != "" {
		return f.Type + " of " + f.Elements
	}
	return f.Type
}
