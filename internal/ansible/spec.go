// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/ansible/value"
)

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
			if _, problems := o.coerce(name, value.FromYAML(o.Default)); len(problems) > 0 {
				return fmt.Errorf("default of %s", problems[0])
			}
		}
		if err := checkOptions(name+".", o.Suboptions); err != nil {
			return err
		}
	}
	return nil
}
