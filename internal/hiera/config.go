// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/excerpt"
)

// Source is a data file of the hierarchy, or an entry that this package does not support.
type Source struct {
	Path string
	JSON bool
	// Err is the reason why the entry is not supported; its data would precede that of later sources. Path is empty
	// then.
	Err error
}

// unsupported is an entry that only Puppet could read.
func unsupported(err error) []Source {
	return []Source{{Err: fmt.Errorf("%w; set the login options", err)}}
}

// Sources lists the data files that a hiera.yaml names, in lookup order. Names that depend on unknown facts (%{...})
// are left out: hiera replaces such a fact with an empty text, and that file does not exist. base is the folder from
// which relative datadirs of version 5 start.
func Sources(data []byte, base string, facts Facts) ([]Source, error) {
	var head struct {
		Version int `yaml:"version"`
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return nil, excerpt.Error(err)
	}
	switch head.Version {
	case 5:
		return version5(data, base, facts)
	case 0, 3:
		return version3(data, facts)
	}
	return nil, fmt.Errorf("version %d of hiera.yaml is not supported here; set the login options", head.Version)
}

// level is one entry of a version 5 hierarchy, or its defaults.
type level struct {
	Name    string         `yaml:"name"`
	Datadir string         `yaml:"datadir"`
	Path    string         `yaml:"path"`
	Paths   []string       `yaml:"paths"`
	Options map[string]any `yaml:"options"` // of its function: the paths of eyaml's keys

	DataHash  string `yaml:"data_hash"`
	LookupKey string `yaml:"lookup_key"`
	// Rest has the other settings by name: ways to name or read files that are not supported here.
	Rest map[string]yaml.Node `yaml:",inline"`
}

// otherFunctions are the functions other than data_hash and lookup_key.
var otherFunctions = []string{"data_dig", "hiera3_backend"}

func (l level) hasFunction() bool {
	return l.DataHash != "" || l.LookupKey != "" || slices.ContainsFunc(otherFunctions, func(name string) bool {
		_, set := l.Rest[name]
		return set
	})
}

// unsupportedSetting returns a setting of a level that is not supported here, or "".
func (l level) unsupportedSetting() string {
	switch {
	case len(l.Rest) > 0:
		return slices.Min(slices.Collect(maps.Keys(l.Rest)))
	case l.LookupKey != "" && l.LookupKey != "eyaml_lookup_key": // which reads YAML with possibly encrypted values
		return "lookup_key " + l.LookupKey
	case l.LookupKey == "" && !slices.Contains([]string{"", "yaml_data", "json_data"}, l.DataHash):
		return "data_hash " + l.DataHash
	}
	return ""
}

// common is the default hierarchy of version 5.
var common = []level{{Name: "Common", Path: "common.yaml"}}

func version5(data []byte, base string, facts Facts) ([]Source, error) {
	var c struct {
		Defaults  level    `yaml:"defaults"`
		Hierarchy *[]level `yaml:"hierarchy"`
	}
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, excerpt.Error(err)
	}
	if c.Hierarchy == nil {
		c.Hierarchy = &common
	}
	var sources []Source
	for _, l := range *c.Hierarchy {
		if !l.hasFunction() {
			l.DataHash, l.LookupKey = c.Defaults.DataHash, c.Defaults.LookupKey
			l.Rest = merged(l.Rest, c.Defaults.Rest)
		}
		l.Datadir = cmp.Or(l.Datadir, c.Defaults.Datadir, "data")
		sources = append(sources, l.sources(base, facts)...)
	}
	return sources, nil
}

func merged(a, b map[string]yaml.Node) map[string]yaml.Node {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]yaml.Node{}
	}
	maps.Copy(all, a)
	return all
}

func (l level) sources(base string, facts Facts) (sources []Source) {
	if what := l.unsupportedSetting(); what != "" {
		return unsupported(fmt.Errorf("level %q of the hierarchy has %s, which is not supported here",
			excerpt.Of(l.Name),
			excerpt.Of(what)))
	}
	paths := append(nonEmpty(l.Path), l.Paths...)
	if len(paths) == 0 {
		return unsupported(fmt.Errorf("level %q of the hierarchy names no file", excerpt.Of(l.Name)))
	}
	dir := l.Datadir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
	}
	for _, path := range paths {
		sources = append(sources, resolvedFile(dir, path, l.LookupKey == "" && l.DataHash == "json_data", facts)...)
	}
	return sources
}

// version3 reads the form that TripleO writes:
//
//	:backends: [json, yaml]
//	:json:
//	  :datadir: /etc/puppet/hieradata
//	:hierarchy: ["%{::uuid}", service_configs, all_nodes]
func version3(data []byte, facts Facts) ([]Source, error) {
	var c map[string]yaml.Node
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, excerpt.Error(err)
	}
	backends, err := scalarOrList(c[":backends"], "yaml")
	if err != nil {
		return nil, fmt.Errorf(":backends: %w", err)
	}
	hierarchy, err := scalarOrList(c[":hierarchy"], "common")
	if err != nil {
		return nil, fmt.Errorf(":hierarchy: %w", err)
	}
	var sources []Source
	for _, name := range backends {
		of := backend{name: name}
		if node := c[":"+name]; node.Kind == yaml.MappingNode {
			if err := node.Decode(&of); err != nil {
				return nil, fmt.Errorf(":%s: %w", excerpt.Of(name), excerpt.Error(err))
			}
		}
		sources = append(sources, of.sources(hierarchy, facts)...)
	}
	return sources, nil
}

// backend is a backend of version 3.
type backend struct {
	name      string
	Datadir   string `yaml:":datadir"`
	Extension string `yaml:":extension"`
}

// sources returns the files of a backend. Without a :datadir they are in the default of the installed hiera. Only eyaml
// has supported :extension from its first release.
func (b backend) sources(hierarchy []string, facts Facts) (sources []Source) {
	extension := b.name
	switch {
	case !slices.Contains([]string{"json", "yaml", "eyaml"}, b.name):
		return unsupported(fmt.Errorf("the backend %q of hiera.yaml is not supported here", excerpt.Of(b.name)))
	case b.Datadir == "":
		return unsupported(fmt.Errorf("the backend %q of hiera.yaml has no :datadir, and its default is not known here",
			b.name))
	case b.name == "eyaml" && b.Extension != "":
		extension = b.Extension
	case b.Extension != "" && b.Extension != b.name:
		return unsupported(fmt.Errorf("the backend %q of hiera.yaml has an :extension, which is not supported here",
			b.name))
	}
	for _, name := range hierarchy {
		sources = append(sources, resolvedFile(b.Datadir, name+"."+extension, b.name == "json", facts)...)
	}
	return sources
}

// scalarOrList reads one text or a list of them, or returns the default if there is no node.
func scalarOrList(node yaml.Node, byDefault string) ([]string, error) {
	var list []string
	switch node.Kind {
	case 0:
		return []string{byDefault}, nil
	case yaml.ScalarNode:
		list = []string{node.Value}
	default:
		if err := node.Decode(&list); err != nil {
			return nil, excerpt.Error(err)
		}
	}
	for i := range list {
		list[i] = strings.TrimPrefix(list[i], ":")
	}
	return list, nil
}

// resolvedFile returns the file, or nothing if only Puppet knows its name. A folder that only Puppet knows certainly
// exists. The data of one node is in files for both cases of its UUID: older kernels and dmidecode before 3.1 print it
// in capitals, so director's templates write two files and fill the one in whose case the operator wrote it
// (NodeDataLookup).
func resolvedFile(dir, path string, json bool, facts Facts) []Source {
	if _, found := fill(dir, facts); !found {
		dir = excerpt.UpTo(300, dir)
		return unsupported(fmt.Errorf("the folder %q of hiera.yaml depends on facts that only Puppet knows", dir))
	}
	path = filepath.Join(dir, path)
	if other := otherKey(path); other != "" {
		return unsupported(fmt.Errorf("hiera.yaml names a file by %q, which is not supported here", excerpt.Of(other)))
	}
	filled, found := fill(path, facts)
	if !found {
		return nil
	}
	capitals, _ := fill(path, func(name string) (string, bool) {
		value, found := facts(name)
		if name == "uuid" {
			value = strings.ToUpper(value)
		}
		return value, found
	})
	if capitals == filled {
		return []Source{{Path: filled, JSON: json}}
	}
	return []Source{{Path: filled, JSON: json}, {Path: capitals, JSON: json}}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
