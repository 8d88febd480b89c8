// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/excerpt"
)

// level is one entry of a version 5 hierarchy, and its defaults.
type level struct {
	Name    string   `yaml:"name"`
	Datadir string   `yaml:"datadir"`
	Path    string   `yaml:"path"`
	Paths   []string `yaml:"paths"`
	// Rest are the other settings by name.
	Rest map[string]yaml.Node `yaml:",inline"`
}

// followed is an error for a level that names files in a way that is not followed here: what it has may stand before
// what other levels have.
func (l level) followed() error {
	for _, name := range []string{"glob", "globs", "mapped_paths"} {
		if _, set := l.Rest[name]; set {
			return fmt.Errorf("level %q of the hierarchy has %s, which are not followed here: set the login options",
				excerpt.Of(l.Name), name)
		}
	}
	return nil
}

// Files lists the data files that a hiera.yaml names, in the order of the hierarchy. Those whose name depends on
// facts (%{...}) that are not known are left out: for hiera they are empty, and the file is one that is not there. base is
// the folder that relative datadirs of version 5 start from.
func Files(data []byte, base string, facts Facts) ([]string, error) {
	var head struct {
		Version int `yaml:"version"`
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return nil, excerpt.Error(err)
	}
	if head.Version == 5 {
		return version5(data, base, facts)
	}
	return version3(data, facts)
}

func version5(data []byte, base string, facts Facts) ([]string, error) {
	var c struct {
		Defaults  level   `yaml:"defaults"`
		Hierarchy []level `yaml:"hierarchy"`
	}
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, excerpt.Error(err)
	}
	var files []string
	for _, l := range c.Hierarchy {
		if err := l.followed(); err != nil {
			return nil, err
		}
		dir := l.Datadir
		if dir == "" {
			dir = c.Defaults.Datadir
		}
		if dir == "" {
			dir = "data"
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(base, dir)
		}
		for _, path := range append(nonEmpty(l.Path), l.Paths...) {
			files = append(files, known(filepath.Join(dir, path), facts)...)
		}
	}
	return files, nil
}

// version3 reads the form that TripleO writes:
//
//	:backends: [json, yaml]
//	:json:
//	  :datadir: /etc/puppet/hieradata
//	:hierarchy: ["%{::uuid}", service_configs, all_nodes]
func version3(data []byte, facts Facts) ([]string, error) {
	var c map[string]yaml.Node
	if err := yaml.Unmarshal(data, &c); err != nil {
		return nil, excerpt.Error(err)
	}
	backends, err := words(c[":backends"])
	if err != nil {
		return nil, fmt.Errorf(":backends: %w", err)
	}
	if len(backends) == 0 {
		backends = []string{"yaml"}
	}
	hierarchy, err := words(c[":hierarchy"])
	if err != nil {
		return nil, fmt.Errorf(":hierarchy: %w", err)
	}
	var files []string
	for _, backend := range backends {
		var settings struct {
			Datadir string `yaml:":datadir"`
		}
		node := c[":"+backend]
		if node.Kind == yaml.MappingNode {
			if err := node.Decode(&settings); err != nil {
				return nil, fmt.Errorf(":%s: %w", excerpt.Of(backend), excerpt.Error(err))
			}
		}
		if settings.Datadir == "" {
			continue
		}
		for _, name := range hierarchy {
			files = append(files, known(filepath.Join(settings.Datadir, name+"."+backend), facts)...)
		}
	}
	return files, nil
}

// words reads one word or a list of them; nothing is an empty list.
func words(node yaml.Node) ([]string, error) {
	var list []string
	switch node.Kind {
	case 0:
		return nil, nil
	case yaml.ScalarNode:
		return []string{strings.TrimPrefix(node.Value, ":")}, nil
	}
	if err := node.Decode(&list); err != nil {
		return nil, excerpt.Error(err)
	}
	for i := range list {
		list[i] = strings.TrimPrefix(list[i], ":")
	}
	return list, nil
}

// known is the path, or nothing when only Puppet could tell it. The data of one node are in files of both cases of its
// UUID: older kernels and dmidecode before 3.1 print it in capitals, so that director's templates write two files and fill
// the one in whose case the operator wrote it (NodeDataLookup).
func known(path string, facts Facts) []string {
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
		return []string{filled}
	}
	return []string{filled, capitals}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
