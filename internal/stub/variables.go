// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	_ "embed" // the head of the page
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed variables.head.md
var variablesHead string

// moduleOf names the module that supplies the defaults of variables that a role leaves undefined.
var moduleOf = map[string]string{
	"controller_backup":  "galera_backup",
	"controller_restore": "galera_restore",
	"controller_verify":  "backup_verify",
}

// Variables returns the page with the variables of every role. roles contains NAME/meta/argument_specs.yml and
// NAME/defaults/main.yml, whose defaults must agree. descriptions are those of the modules.
func Variables(roles, descriptions fs.FS) ([]byte, error) {
	files, err := fs.Glob(roles, "*/meta/argument_specs.yml")
	if err != nil {
		return nil, err
	}
	page := variablesHead
	for _, file := range files {
		rows, err := rowsOf(roles, descriptions, file)
		if err != nil {
			return nil, fmt.Errorf("roles/%s: %w", file, err)
		}
		page += fmt.Sprintf("\n## Role %s\n\n%s%s", path.Dir(path.Dir(file)), variablesTable, rows)
	}
	return []byte(page), nil
}

const variablesTable = "| variable | type | default | effect |\n|---|---|---|---|\n"

// rowsOf returns a row of variablesTable for every variable of a role.
func rowsOf(roles, descriptions fs.FS, file string) (string, error) {
	role := path.Dir(path.Dir(file))
	var spec struct {
		Specs yaml.Node `yaml:"argument_specs"`
	}
	var defaults map[string]yaml.Node
	if err := read(roles, file, &spec); err != nil {
		return "", err
	}
	if err := read(roles, role+"/defaults/main.yml", &defaults); err != nil {
		return "", err
	}
	module, err := moduleOptions(descriptions, moduleOf[role])
	if err != nil {
		return "", err
	}
	var out string
	names, options := union(&spec.Specs)
	notes := ""
	for i, name := range names {
		row, note, err := variable(name, options[i], defaults, get(module, strings.TrimPrefix(name, role+"_")))
		if err != nil {
			return "", err
		}
		out += row
		notes += note
		delete(defaults, name)
	}
	for name := range defaults {
		return "", fmt.Errorf("%s has a default and no description", name)
	}
	if notes != "" {
		out += "\n" + notes
	}
	return out, nil
}

// union returns the options of all entry points of a role, each once.
func union(specs *yaml.Node) (names []string, options []*yaml.Node) {
	for i := 1; i < len(specs.Content); i += 2 {
		entry := get(specs.Content[i], "options")
		if entry != nil && entry.Alias != nil {
			entry = entry.Alias
		}
		for k := 0; entry != nil && k < len(entry.Content); k += 2 {
			if name := entry.Content[k].Value; !slices.Contains(names, name) {
				names, options = append(names, name), append(options, entry.Content[k+1])
			}
		}
	}
	return names, options
}

func read(from fs.FS, file string, into any) error {
	content, err := fs.ReadFile(from, file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}

// moduleOptions returns the options of a module, including those of its fragments; nil for no module.
func moduleOptions(descriptions fs.FS, name string) (*yaml.Node, error) {
	if name == "" {
		return nil, nil
	}
	top, err := load(descriptions, name+".yml")
	if err != nil {
		return nil, err
	}
	doc := get(top, "DOCUMENTATION")
	return get(doc, "options"), extend(doc, descriptions)
}

// variable returns one row, and a note if its description is too long for a cell. module is the module's option of this
// name, if it has one.
func variable(name string, option *yaml.Node, defaults map[string]yaml.Node, module *yaml.Node) (row, note string,
	err error) {
	var o struct {
		Description yaml.Node
		Type        string
		Elements    string
		Choices     []string
		Default     yaml.Node
	}
	if err := option.Decode(&o); err != nil {
		return "", "", fmt.Errorf("%s: %w", name, err)
	}
	effect := strings.Join(strings.Fields(o.Description.Value), " ")
	if effect == "" {
		return "", "", fmt.Errorf("%s: its description must be one text", name)
	}
	value, real := inline(o.Default), inline(defaults[name])
	// A default that is built from other variables is explained in the description.
	if value != real && !strings.Contains(real, "{{") {
		return "", "", fmt.Errorf("%s: its default is %s here, and %s in defaults/main.yml", name, value, real)
	}
	if own := get(module, "default"); value == "" && real == "" && own != nil {
		value = inline(*own)
	}
	kind := o.Type
	if o.Elements != "" {
		kind += " of " + o.Elements
	}
	effect = cell(texts{effect})
	if len(effect) > cellLimit {
		note = "- `" + name + "`: " + effect + "\n"
		effect = strings.TrimSpace(firstSentence.FindString(effect))
		if len(effect) > cellLimit {
			effect = ""
		}
		effect = strings.TrimSpace(effect + " See below.")
	}
	if len(o.Choices) > 0 {
		effect += " One of `" + strings.Join(o.Choices, "`, `") + "`."
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, code(value), effect), note, nil
}

// inline returns a value as one line of YAML, or "" for no value or null.
func inline(n yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			items[i] = item.Value
		}
		return "[" + strings.Join(items, ", ") + "]"
	case yaml.MappingNode:
		items := make([]string, 0, len(n.Content)/2)
		for i := 1; i < len(n.Content); i += 2 {
			items = append(items, n.Content[i-1].Value+": "+n.Content[i].Value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	case yaml.ScalarNode:
		if n.Tag == "!!str" && n.Value == "" {
			return `""`
		}
		return n.Value
	}
	return ""
}
