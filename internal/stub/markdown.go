// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
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

// cellLimit is the length of the longest description that a cell holds.
const cellLimit = 160

// firstSentence ends before a space and the next sentence, or with the text.
var firstSentence = regexp.MustCompile(`^.*?\.(?: |$)`)

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

// cell returns a description as a cell of a table.
func cell(t texts) string {
	return strings.ReplaceAll(mark(strings.Join(strings.Fields(strings.Join(t, " ")), " ")), "|", `\|`)
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
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
