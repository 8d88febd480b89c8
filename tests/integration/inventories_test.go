// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// group is a group of an inventory in YAML, and groups is a whole inventory.
type (
	group struct {
		Hosts    map[string]map[string]any `yaml:"hosts,omitempty"`
		Children map[string]group          `yaml:"children,omitempty"`
		Vars     map[string]any            `yaml:"vars,omitempty"`
	}
	groups map[string]group
)

// groups returns those of the lab's inventory.
func (l lab) groups() groups {
	l.t.Helper()
	text, err := os.ReadFile(l.run("inventory"))
	if err != nil {
		l.t.Fatal(err)
	}
	g := groups{}
	if err := yaml.Unmarshal(text, &g); err != nil {
		l.t.Fatal(err)
	}
	return g
}

// write writes the inventory to a file.
func (g groups) write(t testing.TB) string {
	t.Helper()
	text, err := yaml.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "inventory.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// addresses returns the inventory of OSP 10, a program: hosts are addresses, and roles are in lower case.
func (g groups) addresses(t testing.TB) string {
	t.Helper()
	role, hosts, hostvars := g["Controller"], []string{}, map[string]any{}
	for _, vars := range role.Hosts {
		address := fmt.Sprint(vars["ansible_host"])
		hosts = append(hosts, address)
		hostvars[address] = role.Vars
	}
	text, err := json.Marshal(map[string]any{
		"controller": map[string]any{"hosts": hosts, "vars": role.Vars},
		"overcloud":  map[string]any{"children": []string{"controller"}},
		"undercloud": map[string]any{"hosts": []string{"localhost"},
			"vars": map[string]any{"ansible_connection": "local"}},
		"_meta": map[string]any{"hostvars": hostvars},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tripleo-ansible-inventory")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat <<'END'\n"+string(text)+"\nEND\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheInventoriesOfDirector presents the same controllers in the inventories that the versions of director create.
// The playbooks need no variable for any of them.
func TestTheInventoriesOfDirector(t *testing.T) {
	if shape != "hosts" {
		t.Skip("which hosts a playbook takes does not depend on the shape")
	}
	l := fresh(t)
	l.run("load", "start")
	lab := l.groups()
	for name, path := range map[string]string{
		"OSP 10, addresses": lab.addresses(t),
		"a role of another name, with groups of services": groups{
			"ControllerNoCeph": lab["Controller"],
			"allovercloud":     {Children: map[string]group{"ControllerNoCeph": {}}},
			"mysql":            {Children: map[string]group{"ControllerNoCeph": {}}},
			"haproxy":          {Children: map[string]group{"ControllerNoCeph": {}}},
		}.write(t),
	} {
		t.Run(name, func(t *testing.T) {
			l.t = t
			serving, began := l.serving(), time.Now().Unix()
			out, err := l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", "-i", path,
				filepath.Join(root, "playbooks/backup.yml"))
			if err != nil || !strings.Contains(out, "reads back well to its last byte") {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Contains(out, ": physical backup of "+serving) {
				t.Errorf("%s serves, and was backed up:\n%s", serving, out)
			}
			l.clientsSawNothing(began, time.Now().Unix())
		})
	}
}
