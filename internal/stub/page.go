// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// texts are one or more paragraphs.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// documentation is the content of a module's page. Fields are yaml.Node if their order counts.
type documentation struct {
	Module       string
	Short        string `yaml:"short_description"`
	Since        string `yaml:"version_added"`
	Description  texts
	Options      yaml.Node
	Attributes   map[string]attribute
	Requirements texts
	Notes        texts
	SeeAlso      []struct{ Module string }
}

type attribute struct {
	Description texts
	Support     string
}

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

// Pages returns a Markdown page for every module, by its name, with the content that ansible-doc shows.
func Pages(descriptions fs.FS) (map[string][]byte, error) {
	files, err := fs.Glob(descriptions, "[a-z]*.yml")
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, file := range files {
		page, err := pageOf(descriptions, file)
		if err != nil {
			return nil, fmt.Errorf("modules/%s: %w", file, err)
		}
		pages[strings.TrimSuffix(file, ".yml")] = []byte(page)
	}
	return pages, nil
}

// WritePages writes the result of Pages into folder and removes pages there that have no description.
func WritePages(descriptions fs.FS, folder string) error {
	pages, err := Pages(descriptions)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if pages[strings.TrimSuffix(filepath.Base(path), ".md")] == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, content := range pages {
		if err := os.WriteFile(filepath.Join(folder, name+".md"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func pageOf(descriptions fs.FS, file string) (string, error) {
	top, err := load(descriptions, file)
	if err != nil {
		return "", err
	}
	node := get(top, "DOCUMENTATION")
	if err := extend(node, descriptions); err != nil {
		return "", err
	}
	var d documentation
	if err := node.Decode(&d); err != nil {
		return "", err
	}
	options, optionNotes, err := rows(&d.Options, "", option)
	if err != nil {
		return "", err
	}
	returned := get(top, "RETURN")
	if returned == nil {
		return "", fmt.Errorf("RETURN: is missing")
	}
	values, valueNotes, err := rows(returned, "", value)
	if err != nil {
		return "", err
	}
	examples, err := part(get(top, "EXAMPLES"))
	if err != nil {
		return "", fmt.Errorf("EXAMPLES: %w", err)
	}
	return fmt.Sprintf("# %s\n\n<!-- Generated from modules/%s by \"make generate\": change that file. -->\n\n%s."+
		" Since %s.\n\n%s",
		d.Module, file, mark(d.Short), d.Since, list(d.Description)) +
		table("Options", "option | type | default | effect", options, optionNotes) +
		modes(d.Attributes) +
		titled("Requirements", list(d.Requirements)) +
		titled("Notes", list(d.Notes)) +
		titled("Examples", "```yaml\n"+examples+"```\n") +
		table("Return values", "value | type | returned | content", values, valueNotes) +
		titled("See also", others(d)), nil
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
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, f.kind(), f.cell(texts{f.Returned}), content), note
}

// cellLimit is the length of the longest description that a cell holds.
const cellLimit = 160

// firstSentence ends before a space and the next sentence, or with the text.
var firstSentence = regexp.MustCompile(`^.*?\.(?: |$)`)

// effect returns the cell of a description, with choices or a sample in more. If the description is longer than
// cellLimit, the cell has its first sentence and the note has all of it.
func (f field) effect(name, more string) (cell, note string) {
	whole := f.cell(f.Description)
	if len(whole) <= cellLimit {
		return strings.TrimSpace(whole + " " + more), ""
	}
	summary := strings.TrimSpace(firstSentence.FindString(f.cell(f.Description[:1])))
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

func (field) cell(t texts) string {
	return strings.ReplaceAll(mark(strings.Join(strings.Fields(strings.Join(t, " ")), " ")), "|", `\|`)
}

// flow returns a value as one line of YAML, or "" for no value.
func flow(n yaml.Node) string {
	switch {
	case n.Kind == 0:
		return ""
	case n.Kind == yaml.ScalarNode:
		return strings.Join(strings.Fields(n.Value), " ")
	}
	n.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&n)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// The markup of Ansible's documentation: a module, and text in code style.
var (
	ofModule = regexp.MustCompile(`\bM\(overcloud\.backup\.(\w+)\)`)
	asCode   = regexp.MustCompile(`\b(?:C|V|O|RV|E)\(([^()]*)\)`)
)

func mark(s string) string {
	return asCode.ReplaceAllString(ofModule.ReplaceAllString(s, "[$1]($1.md)"), "`$1`")
}

func list(t texts) string {
	var b strings.Builder
	for _, line := range t {
		b.WriteString("- " + mark(strings.Join(strings.Fields(line), " ")) + "\n")
	}
	return b.String()
}

// modes describes check mode and diff mode.
func modes(all map[string]attribute) string {
	var b strings.Builder
	for _, m := range []struct{ key, name string }{{"check_mode", "Check mode"}, {"diff_mode", "Diff mode"}} {
		a, ok := all[m.key]
		switch {
		case ok && a.Support == "none":
			fmt.Fprintf(&b, "- %s: none.\n", m.name)
		case ok:
			fmt.Fprintf(&b, "- %s: %s. %s\n", m.name, a.Support, mark(strings.Join(a.Description, " ")))
		}
	}
	return titled("Modes", b.String())
}

func others(d documentation) string {
	var b strings.Builder
	for _, o := range d.SeeAlso {
		b.WriteString("- " + mark("M("+o.Module+")") + "\n")
	}
	return b.String()
}

func titled(title, text string) string {
	if text == "" {
		return ""
	}
	return "\n## " + title + "\n\n" + text
}

func table(title, head, rows, notes string) string {
	if rows == "" {
		return ""
	}
	columns := strings.Count(head, "|") + 1
	if notes != "" {
		notes = "\n" + notes
	}
	return titled(title, "| "+head+" |\n"+strings.Repeat("|---", columns)+"|\n"+rows+notes)
}
