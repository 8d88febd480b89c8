// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// option is one option of NAME.yml, in Ansible's documentation format with no_log added.
type option struct {
	Type       string            `yaml:"type"`
	Elements   string            `yaml:"elements"`
	Required   bool              `yaml:"required"`
	Default    any               `yaml:"default"`
	Choices    choices           `yaml:"choices"`
	Aliases    []string          `yaml:"aliases"`
	NoLog      bool              `yaml:"no_log"`
	Suboptions map[string]option `yaml:"suboptions"`
}

// constraints are conditions between options. The names are those of AnsibleModule.
type constraints struct {
	MutuallyExclusive [][]string          `yaml:"mutually_exclusive"`
	RequiredTogether  [][]string          `yaml:"required_together"`
	RequiredOneOf     [][]string          `yaml:"required_one_of"`
	RequiredBy        map[string][]string `yaml:"required_by"`
	RequiredIf        []requiredIf        `yaml:"required_if"`
}

// requiredIf is [option, value, [needed...]] and, as a fourth element, true when any one of them is enough.
type requiredIf struct {
	option string
	value  any
	needed []string
	any    bool
}

// UnmarshalYAML reads the list form.
func (r *requiredIf) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode || len(n.Content) < 3 || len(n.Content) > 4 {
		return fmt.Errorf("line %d: required_if must be [option, value, [needed options], any]", n.Line)
	}
	into := []any{&r.option, &r.value, &r.needed, &r.any}
	for i, item := range n.Content {
		if err := item.Decode(into[i]); err != nil {
			return err
		}
	}
	return nil
}

// choices are the valid values: a list, or a mapping from value to description.
type choices []any

// UnmarshalYAML reads both forms.
func (c *choices) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]any)(c))
	}
	for i := 0; i < len(n.Content); i += 2 {
		var v any
		if err := n.Content[i].Decode(&v); err != nil {
			return err
		}
		*c = append(*c, v)
	}
	return nil
}

var optionTypes = []string{"str", "int", "float", "bool", "list", "dict", "path", "raw"}
