// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// As TripleO writes it (puppet-tripleo, tripleo-heat-templates), shortened.
const tripleo = `---
:backends:
  - json
  - yaml
:json:
  :datadir: /etc/puppet/hieradata
:yaml:
  :datadir: /etc/puppet/more
:hierarchy:
  - "%{::uuid}"
  - heat_config_%{::deploy_config_name}
  - service_configs
  - all_nodes
`

const fifth = `---
version: 5
defaults: {datadir: hieradata, data_hash: yaml_data}
hierarchy:
  - {name: "per node", path: "nodes/%{trusted.certname}.yaml"}
  - {name: roles, paths: [controller.yaml, common.yaml]}
  - {name: elsewhere, datadir: /srv/hiera, path: x.json}
`

func TestFilesAreThoseOfTheHierarchy(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		want   []string
	}{
		"version 3, backend by backend, without what needs facts": {tripleo, []string{
			"/etc/puppet/hieradata/service_configs.json", "/etc/puppet/hieradata/all_nodes.json",
			"/etc/puppet/more/service_configs.yaml", "/etc/puppet/more/all_nodes.yaml"}},
		"version 5, paths and datadirs": {fifth, []string{
			"/etc/puppet/hieradata/controller.yaml", "/etc/puppet/hieradata/common.yaml", "/srv/hiera/x.json"}},
		"a single word for a list": {":hierarchy: common\n:backends: yaml\n:yaml:\n  :datadir: /d\n", []string{"/d/common.yaml"}},
		"nothing":                  {"{}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Files([]byte(c.config), "/etc/puppet")
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestValueIsTheScalarAsItStands(t *testing.T) {
	const file = "a: it's #1\nn: 0123\nq: 'p%ss w\"rd'\nempty:\nlist: [1]\nref: \"%{hiera('x')}\"\n"
	for name, c := range map[string]struct {
		key, want string
		found     bool
		err       string
	}{
		"a plain one":               {"a", "it's", true, ""},
		"digits stay what they are": {"n", "0123", true, ""},
		"a quoted one":              {"q", `p%ss w"rd`, true, ""},
		"null is none":              {"empty", "", false, ""},
		"a missing one":             {"z", "", false, ""},
		"a list is no value":        {"list", "", false, "list is not a single value"},
		"a reference is not solved": {"ref", "", false, "ref refers to other data"},
	} {
		t.Run(name, func(t *testing.T) {
			got, found, err := Value([]byte(file), c.key)
			if got != c.want || found != c.found || (err == nil) != (c.err == "") {
				t.Fatalf("got %q %v %v", got, found, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("got %v, want %s", err, c.err)
			}
		})
	}
}

func TestErrorsDoNotQuoteTheData(t *testing.T) {
	_, _, err := Value([]byte("a: *topsecret\n"), "a")
	_, _, err2 := Value([]byte("\"topsecret\"\n"), "a")
	for _, err := range []error{err, err2} {
		if err == nil || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("got %v", err)
		}
	}
}

func hierarchy(t *testing.T) string {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"hiera.yaml":   ":backends: [json]\n:json:\n  :datadir: " + dir + "\n:hierarchy: [absent, first, second]\n",
		"first.json":   `{"mysql_vip": "10.0.0.1"}`,
		"second.json":  `{"mysql_vip": "10.0.0.2", "mysql::server::root_password": "s3 cr\"et%"}`,
		"unrelated.sh": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "hiera.yaml")
}

func TestLookupReadsTheFilesWithoutTheCommand(t *testing.T) {
	config := hierarchy(t)
	t.Setenv("PATH", t.TempDir())
	for key, want := range map[string]string{"mysql_vip": "10.0.0.1", "mysql::server::root_password": `s3 cr"et%`, "none": ""} {
		got, found, err := Lookup(context.Background(), config, key)
		if got != want || found != (want != "") || err != nil {
			t.Errorf("%s: %q %v %v", key, got, found, err)
		}
	}
	if _, found, err := Lookup(context.Background(), config+".absent", "mysql_vip"); found || err != nil {
		t.Errorf("without hiera.yaml: %v %v", found, err)
	}
}

// The command is a fake at the edge: it checks its arguments, and prints as hiera 3 does.
func TestLookupPrefersTheCommand(t *testing.T) {
	config, dir := hierarchy(t), t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = -c ] && [ \"$2\" = " + config + " ] || exit 3\n" +
		"case $3 in known) echo 'pass word';; gone) echo nil;; *) echo broken >&2; exit 1;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "hiera"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx := context.Background()
	if got, found, err := Lookup(ctx, config, "known"); got != "pass word" || !found || err != nil {
		t.Errorf("known: %q %v %v", got, found, err)
	}
	if got, found, err := Lookup(ctx, config, "gone"); got != "" || found || err != nil {
		t.Errorf("gone: %q %v %v", got, found, err)
	}
	if _, _, err := Lookup(ctx, config, "other"); err == nil || !strings.Contains(err.Error(), "look up other: hiera: exit status 1: broken") {
		t.Errorf("other: %v", err)
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte(tripleo))
	f.Add([]byte(fifth))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, _ := Files(data, "/etc/puppet")
		for _, file := range files {
			if strings.Contains(file, "%{") {
				t.Fatalf("a file that only Puppet knows: %s", file)
			}
		}
	})
}

func FuzzValue(f *testing.F) {
	f.Add([]byte("a: b"), "a")
	f.Add([]byte(`{"a": "%{x}"}`), "a")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		value, found, err := Value(data, key)
		if !found && value != "" || found && err != nil {
			t.Fatalf("%q %v %v", value, found, err)
		}
	})
}
