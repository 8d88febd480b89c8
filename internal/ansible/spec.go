// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"

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

// spec describes a module's options, from NAME.yml.
type spec struct {
	Module      string            `yaml:"module"`
	Extends     []string          `yaml:"extends"`
	Options     map[string]option `yaml:"options"`
	Constraints constraints       `yaml:"x_constraints"`
}

// parseSpec reads NAME.yml and merges the fragments that it extends, _FRAGMENT.yml in fragments. Options of the module
// take precedence over those of a fragment.
func parseSpec(content []byte, fragments fs.FS) (*spec, error) {
	s, err := readSpec(content)
	if err != nil {
		return nil, err
	}
	for _, name := range s.Extends {
		b, err := fs.ReadFile(fragments, "_"+name+".yml")
		if err != nil {
			return nil, fmt.Errorf("extends %s: %w", name, err)
		}
		f, err := readSpec(b)
		if err != nil {
			return nil, fmt.Errorf("extends %s: %w", name, err)
		}
		s.merge(f)
	}
	return s, checkOptions("", s.Options)
}

func readSpec(content []byte) (*spec, error) {
	var doc struct {
		Documentation *spec `yaml:"DOCUMENTATION"`
	}
	if err := yaml.Unmarshal(documentation(content), &doc); err != nil {
		return nil, fmt.Errorf("option description: %w", err)
	}
	if doc.Documentation == nil {
		return nil, fmt.Errorf("option description: no DOCUMENTATION")
	}
	return doc.Documentation, nil
}

func (s *spec) merge(f *spec) {
	all := maps.Clone(f.Options)
	maps.Copy(all, s.Options)
	s.Options = all
	c, d := &s.Constraints, f.Constraints
	c.MutuallyExclusive = append(c.MutuallyExclusive, d.MutuallyExclusive...)
	c.RequiredTogether = append(c.RequiredTogether, d.RequiredTogether...)
	c.RequiredOneOf = append(c.RequiredOneOf, d.RequiredOneOf...)
	c.RequiredIf = append(c.RequiredIf, d.RequiredIf...)
	by := maps.Clone(d.RequiredBy)
	if by == nil {
		by = map[string][]string{}
	}
	maps.Copy(by, c.RequiredBy)
	c.RequiredBy = by
}

var optionTypes = []string{"str", "int", "float", "bool", "list", "dict", "path", "raw"}

// checkOptions refuses a description that this package does not implement.
func checkOptions(prefix string, options map[string]option) error {
	for name, o := range options {
		name = prefix + name
		if o.Type == "" {
			o.Type = "str"
		}
		if !slices.Contains(optionTypes, o.Type) {
			return fmt.Errorf("option %s: unknown type %q", name, o.Type)
		}
		if o.Elements != "" && (o.Type != "list" || !slices.Contains(optionTypes, o.Elements)) {
			return fmt.Errorf("option %s: elements %q of type %q", name, o.Elements, o.Type)
		}
		if o.Default != nil {
			if _, problems := o.coerce(name, fromYAML(o.Default)); len(problems) > 0 {
				return fmt.Errorf("default of %s", problems[0])
			}
		}
		if err := checkOptions(name+".", o.Suboptions); err != nil {
			return err
		}
	}
	return nil
}
