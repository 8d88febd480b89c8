// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// width is the column at which long texts are wrapped. ansible-test allows 160, and yaml.v3 cannot wrap lines.
const width = 120

// emit writes a mapping or list as YAML, one value a line, without comments.
func emit(n *yaml.Node) (string, error) {
	var b strings.Builder
	if err := write(&b, n, ""); err != nil {
		return "", err
	}
	return strings.TrimLeft(b.String(), "\n"), nil
}

func write(b *strings.Builder, n *yaml.Node, indent string) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return write(b, n.Alias, indent)
	case n.Kind == yaml.ScalarNode:
		text, err := scalar(n, indent)
		b.WriteString(text)
		return err
	case len(n.Content) == 0 && n.Kind == yaml.MappingNode:
		b.WriteString(" {}\n")
	case len(n.Content) == 0:
		b.WriteString(" []\n")
	case n.Kind == yaml.SequenceNode:
		b.WriteString("\n")
		return writeList(b, n, indent)
	default:
		b.WriteString("\n")
		return writeMapping(b, n, indent)
	}
	return nil
}

func writeMapping(b *strings.Builder, n *yaml.Node, indent string) error {
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Value == "<<" {
			return fmt.Errorf("line %d: only plain keys can be published", key.Line)
		}
		text, err := scalar(key, "")
		if err != nil {
			return err
		}
		b.WriteString(indent + strings.TrimSpace(text) + ":")
		if err := write(b, n.Content[i+1], indent+"  "); err != nil {
			return err
		}
	}
	return nil
}

func writeList(b *strings.Builder, n *yaml.Node, indent string) error {
	for _, item := range n.Content {
		var text strings.Builder
		if err := write(&text, item, indent+"  "); err != nil {
			return err
		}
		// A mapping or list in a list begins on the line of the dash.
		b.WriteString(indent + "- " + strings.TrimLeft(text.String(), " \n"))
	}
	return nil
}

// python11 are words that YAML 1.1, which Ansible uses, treats as booleans and YAML 1.2 as texts.
var python11 = []string{"yes", "no", "on", "off", "y", "n"}

// newMarkup matches markup of values, options and return values, which ansible-doc prints unchanged before 2.15. C()
// works in every version.
var newMarkup = regexp.MustCompile(`\b(V|O|RV|E)\(([^()]*)\)`)

func scalar(n *yaml.Node, indent string) (string, error) {
	n.Value = newMarkup.ReplaceAllString(n.Value, "C($2)")
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if plain && slices.Contains(python11, strings.ToLower(n.Value)) {
		return "", fmt.Errorf("line %d: quote %q, or write true or false", n.Line, n.Value)
	}
	if n.ShortTag() != "!!str" {
		return " " + n.Value + "\n", nil
	}
	if len(indent)+len(n.Value) > width && strings.Join(strings.Fields(n.Value), " ") == n.Value {
		return " >-\n" + fold(n.Value, indent), nil
	}
	if plain {
		return " " + n.Value + "\n", nil
	}
	oneParagraph := !strings.HasPrefix(n.Value, " ") && strings.TrimRight(n.Value, "\n \t") == n.Value
	if strings.Contains(n.Value, "\n") && oneParagraph {
		return " |-\n" + indent + strings.ReplaceAll(n.Value, "\n", "\n"+indent) + "\n", nil
	}
	quoted, err := yaml.Marshal(n.Value)
	return " " + string(quoted), err
}

func fold(text, indent string) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
