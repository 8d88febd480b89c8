// SPDX-License-Identifier: GPL-3.0-or-later

// Package stub writes plugins/modules/NAME.py, which contains only documentation, and docs/modules/NAME.md, from
// modules/NAME.yml. Ansible, its documentation and its tests expect modules as Python files; ours are in a binary.
package stub

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const header = `#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the overcloud.backup authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from modules/%s.yml by "make generate": change that file.
from __future__ import absolute_import, division, print_function

__metaclass__ = type
`

// Generate returns the Python files by module name. descriptions holds NAME.yml and the fragments _NAME.yml.
func Generate(descriptions fs.FS) (map[string][]byte, error) {
	files, err := fs.Glob(descriptions, "*.yml")
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yml")
		if strings.HasPrefix(name, "_") {
			continue
		}
		if out[name], err = module(descriptions, name); err != nil {
			return nil, fmt.Errorf("modules/%s: %w", file, err)
		}
	}
	return out, nil
}

// Write puts the files that Generate returns into folder and removes Python files there that have no description.
func Write(descriptions fs.FS, folder string) error {
	stubs, err := Generate(descriptions)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.py"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if stubs[strings.TrimSuffix(filepath.Base(path), ".py")] == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, content := range stubs {
		if err := os.WriteFile(filepath.Join(folder, name+".py"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func module(descriptions fs.FS, name string) ([]byte, error) {
	top, err := load(descriptions, name+".yml")
	if err != nil {
		return nil, err
	}
	doc := get(top, "DOCUMENTATION")
	if m := get(doc, "module"); m == nil || m.Value != name {
		return nil, fmt.Errorf("DOCUMENTATION.module is not %s", name)
	}
	if err := extend(doc, descriptions); err != nil {
		return nil, err
	}
	remove(doc, "x_constraints")
	publish(get(doc, "options"))
	var b bytes.Buffer
	fmt.Fprintf(&b, header, name)
	for _, key := range []string{"DOCUMENTATION", "EXAMPLES", "RETURN"} {
		text, err := part(get(top, key))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		fmt.Fprintf(&b, "\n%s = r\"\"\"\n%s\"\"\"\n", key, text)
	}
	return b.Bytes(), nil
}

func load(descriptions fs.FS, file string) (*yaml.Node, error) {
	content, err := fs.ReadFile(descriptions, file)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || get(doc.Content[0], "DOCUMENTATION") == nil {
		return nil, fmt.Errorf("%s has no DOCUMENTATION", file)
	}
	return doc.Content[0], nil
}

// part returns the text of one Python string.
func part(n *yaml.Node) (string, error) {
	if n == nil {
		return "", fmt.Errorf("is missing")
	}
	text := n.Value
	if n.Kind != yaml.ScalarNode {
		var err error
		if text, err = emit(n); err != nil {
			return "", err
		}
	}
	if strings.Contains(text, `"""`) || strings.HasSuffix(strings.TrimSpace(text), `\`) {
		return "", fmt.Errorf("three quotes or a backslash at the end cannot be part of a Python string")
	}
	return strings.TrimRight(text, "\n") + "\n", nil
}

// extend adds the options of the fragments named under "extends" that the module does not have itself.
func extend(doc *yaml.Node, descriptions fs.FS) error {
	var names []string
	if n := get(doc, "extends"); n != nil {
		if err := n.Decode(&names); err != nil {
			return err
		}
	}
	remove(doc, "extends")
	for _, name := range names {
		top, err := load(descriptions, "_"+name+".yml")
		if err != nil {
			return err
		}
		extra := get(get(top, "DOCUMENTATION"), "options")
		options := get(doc, "options")
		if options == nil {
			options = &yaml.Node{Kind: yaml.MappingNode}
			doc.Content = append(doc.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "options"}, options)
		}
		for i := 0; extra != nil && i < len(extra.Content); i += 2 {
			if get(options, extra.Content[i].Value) == nil {
				options.Content = append(options.Content, extra.Content[i:i+2]...)
			}
		}
	}
	return nil
}

// publish removes from the options the keys that Ansible's format does not have.
func publish(options *yaml.Node) {
	for i := 1; options != nil && i < len(options.Content); i += 2 {
		remove(options.Content[i], "no_log")
		publish(get(options.Content[i], "suboptions"))
	}
}

func get(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func remove(n *yaml.Node, key string) {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}
