// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

// As in TripleO (puppet-tripleo, tripleo-heat-templates), shortened.
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
		"a single word for a list": {
			":hierarchy: common\n:backends: yaml\n:yaml:\n  :datadir: /d\n",
			[]string{"/d/common.yaml"},
		},
		"the default hierarchy of version 3": {":yaml:\n  :datadir: /d\n", []string{"/d/common.yaml"}},
		"the default hierarchy of version 5": {
			"version: 5\ndefaults: {data_hash: yaml_data}\n",
			[]string{"/etc/puppet/data/common.yaml"},
		},
		"an empty hierarchy of version 5": {"version: 5\nhierarchy: []\n", nil},
		"eyaml of version 3": {
			":backends: [eyaml]\n:eyaml:\n  :datadir: /d\n:hierarchy: [a]\n",
			[]string{"/d/a.eyaml"},
		},
		"eyaml with an extension": {
			":backends:\n  - :eyaml\n:eyaml:\n  :datadir: /d\n  :extension: yaml\n:hierarchy: [a]\n",
			[]string{"/d/a.yaml"},
		},
		"the extension that a backend has anyway": {
			":yaml:\n  :datadir: /d\n  :extension: yaml\n",
			[]string{"/d/common.yaml"},
		},
		"eyaml of version 5": {
			"version: 5\nhierarchy: [{name: a, lookup_key: eyaml_lookup_key, path: a.eyaml, options:" +
				" {pkcs7_private_key: /k}}]\n",
			[]string{"/etc/puppet/data/a.eyaml"},
		},
		"scope and literal in a path": {
			"version: 5\nhierarchy: [{name: a, path: \"%{literal('x')}.yaml\"}, {name: b, path:" +
				" \"%{scope('role')}.yaml\"}]\n",
			[]string{"/etc/puppet/data/x.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := pathsOf(c.config, nothing)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// valueOf reads a key of a data file, in the format that its name shows.
func valueOf(file string, content []byte, key string) (string, bool, error) {
	value, found, err := Source{JSON: filepath.Ext(file) == ".json"}.value(content, key)
	if value == nil {
		return "", false, err
	}
	return *value, found, err
}

// pathsOf returns the files of a hierarchy, up to the first unsupported level.
func pathsOf(config string, facts Facts) (paths []string, err error) {
	sources, err := Sources([]byte(config), "/etc/puppet", facts)
	for _, s := range sources {
		if s.Err != nil {
			return paths, s.Err
		}
		paths = append(paths, s.Path)
	}
	return paths, err
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
		"a reference stays":         {"ref", "%{hiera('x')}", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, found, err := valueOf("x.yaml", []byte(file), c.key)
			if got != c.want || found != c.found || (err == nil) != (c.err == "") {
				t.Fatalf("got %q %v %v", got, found, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("got %v, want %s", err, c.err)
			}
		})
	}
}

func TestJSONIsReadAsJSON(t *testing.T) {
	long := strings.Repeat("k", 2000)
	for name, c := range map[string]struct {
		content, want string
		err           string
	}{
		"an escaped slash":             {`{"key": "a\/b"}`, "a/b", ""},
		"an emoji as Python writes it": {`{"other": "\ud83d\ude00", "key": "\ud83d\ude00"}`, "\U0001F600", ""},
		"a raw DEL":                    {"{\"key\": \"a\x7fb\"}", "a\x7fb", ""},
		"the last of a repeated key":   {`{"key": "a", "key": "b"}`, "b", ""},
		"a very long key beside it":    {`{"` + long + `": 1, "key": "a"}`, "a", ""},
		"digits stay what they are":    {`{"key": 1.50e2}`, "1.50e2", ""},
		"a boolean":                    {`{"key": true}`, "true", ""},
		"null is none":                 {`{"key": null}`, "", ""},
		"a missing one":                {`{}`, "", ""},
		"a list is no value":           {`{"key": [1]}`, "", "key is not a single value"},
		"a map is no value":            {`{"key": {"a": 1}}`, "", "key is not a single value"},
		"a trailing comma":             {"{\n \"key\": \"a\",\n}", "", "not JSON: wrong at line 3, byte 1"},
		"cut off":                      {`{"key": "a"`, "", "not JSON: wrong at line 1, byte 11"},
		"nothing at all":               {"", "", "not JSON: wrong at line 1, byte 0"},
		"a list of keys":               {`["key"]`, "", "not JSON: not a mapping of keys"},
		"YAML":                         {"key: a\n", "", "not JSON: wrong at line 1, byte 1"},
		"another encoding":             {"{\"key\": \"\xe9\"}", "", "not JSON: not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			got, found, err := valueOf("/etc/puppet/hieradata/x.json", []byte(c.content), "key")
			if got != c.want || found != (c.want != "") {
				t.Errorf("got %q %v, want %q", got, found, c.want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

// nothing is a set of facts without any.
func nothing(string) (string, bool) { return "", false }

func TestADeployedNodesHierarchyIsFilledFromItsFacts(t *testing.T) {
	facts := func(name string) (string, bool) {
		value, found := map[string]string{"uuid": "4c4c-0042", "os.family": "RedHat",
			"trusted.certname": "../../etc"}[name]
		return value, found
	}
	got, err := pathsOf(tripleo, facts)
	if err != nil || got[0] != "/etc/puppet/hieradata/4c4c-0042.json" ||
		got[1] != "/etc/puppet/hieradata/4C4C-0042.json" || len(got) != 8 {
		t.Errorf("%q, %v", got, err)
	}
	got, err = pathsOf(fifth, facts)
	if err != nil || len(got) != 3 {
		t.Errorf("a fact led out of the folder: %q, %v", got, err)
	}
}

func TestReferencesAreFollowed(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "hiera.yaml")
	for name, content := range map[string]string{
		"hiera.yaml": ":backends: [json]\n:json:\n  :datadir: " + dir + "\n:hierarchy: ['%{::uuid}', common]\n",
		"u-1.json":   `{"node": "of this node"}`,
		"common.json": `{"node": "of all", "address": "%{hiera('name')}:%{::port}", 
			"name": "%{alias(\"host\")}.%{lookup('domain')}",
			"host": "c0", "domain": "x",
			"scoped": "%{scope('::port')} %{scope(\"facts.os.family\")}",
			"structured": "%{facts.os.family} %{facts.port}",
			"dull": "%{scope('unheard')}", "fact": "%{facts.unheard}",
			"percent": "100%{literal('%')}{x}", "circle": "%{hiera('circle')}", 
			"foreign": "s3cret%{::unheard}", "lost": "%{hiera('absent')}"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, _ := os.ReadFile(config)
	facts := func(name string) (string, bool) {
		value, found := map[string]string{"uuid": "u-1", "port": "3306", "os.family": "RedHat"}[name]
		return value, found
	}
	for key, want := range map[string]string{"node": "of this node", "address": "c0.x:3306", "percent": "100%{x}",
		"scoped": "3306 RedHat", "structured": "RedHat 3306"} {
		if got, found, err := lookupFiles(data, config, key, facts, 0); got != want || !found || err != nil {
			t.Errorf("%s: %q %v %v", key, got, found, err)
		}
	}
	for key, want := range map[string]string{"circle": "form a cycle", "foreign": "not known here",
		"lost": "not known here",
		"dull": "not known here", "fact": "not known here"} {
		if got, found, err := lookupFiles(data, config, key, facts, 0); got != "" || found || err == nil ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %q %v %v", key, got, found, err)
		}
	}
}

func TestTheFactsOfThisHost(t *testing.T) {
	release := filepath.Join(t.TempDir(), "os-release")
	for content, want := range map[string]string{
		"ID=\"rhel\"\nID_LIKE=\"fedora\"\n": "RedHat", "NAME=x\nID=centos\n": "RedHat", "ID=debian\n": "Debian",
		"ID=ubuntu\nID_LIKE=debian\n": "Debian", "ID=arch\n": "",
	} {
		if err := os.WriteFile(release, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, found := family(release); got != want || found != (want != "") {
			t.Errorf("%q: %q %v", content, got, found)
		}
	}
	host, _ := os.Hostname()
	short, _, _ := strings.Cut(host, ".")
	if got, found := hostFacts("networking.hostname"); got != short || !found {
		t.Errorf("%q %v", got, found)
	}
	if got, found := hostFacts("uuid"); got != strings.ToLower(got) || found != (got != "") {
		t.Errorf("%q %v", got, found)
	}
	if _, found := hostFacts("deploy_config_name"); found {
		t.Error("director does not deploy now")
	}
}

func TestAShortHostNameIsNoFQDN(t *testing.T) {
	for _, c := range []struct {
		fact, host, want string
		found            bool
	}{
		{"fqdn", "controller-0.localdomain", "controller-0.localdomain", true},
		{"networking.fqdn", "controller-0", "controller-0", false},
		{"hostname", "controller-0.localdomain", "controller-0", true},
		{"networking.hostname", "controller-0", "controller-0", true},
		{"hostname", "", "", false},
	} {
		if got, found := nameFact(c.fact, c.host); got != c.want || found != c.found {
			t.Errorf("%s of %q: %q %v", c.fact, c.host, got, found)
		}
	}
}

// A level with the FQDN of a host with a short name is skipped; the levels after it are read.
func TestALevelThatOnlyPuppetCouldNameIsPassedOver(t *testing.T) {
	config := "version: 5\nhierarchy:\n  - {name: node, path: 'nodes/%{facts.networking.fqdn}.yaml'}\n  - {name: all," +
		" path: common.yaml}\n"
	short := func(name string) (string, bool) { return nameFact(name, "controller-0") }
	got, err := pathsOf(config, short)
	if err != nil || !slices.Equal(got, []string{"/etc/puppet/data/common.yaml"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestALevelThatIsNotFollowedIsNamed(t *testing.T) {
	for _, setting := range []string{"glob: '*.yaml'", "globs: [a*, b*]",
		"mapped_paths: [services, service, '%{service}.yaml']"} {
		config := "version: 5\nhierarchy:\n  - {name: all, path: common.yaml}\n  - {name: services, " + setting + "}\n"
		name, _, _ := strings.Cut(setting, ":")
		want := `level "services" of the hierarchy has ` + name + ", which is not supported here; set the login options"
		if files, err := pathsOf(config, nothing); err == nil || err.Error() != want ||
			!slices.Equal(files, []string{"/etc/puppet/data/common.yaml"}) {
			t.Errorf("%s: %q, %v", setting, files, err)
		}
	}
}

func TestErrorsDoNotQuoteTheData(t *testing.T) {
	for _, c := range []struct{ file, content string }{
		{
			"x.yaml",
			"a: *topsecret\n"}, {"x.yaml",
			"\"topsecret\"\n"}, {"x.json",
			`{"a": topsecret}`}, {"x.json",
			`"topsecret"`,
		},
	} {
		if _, _, err := valueOf(c.file, []byte(c.content), "a"); err == nil ||
			strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "'t'") {
			t.Errorf("%s: %v", c.content, err)
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
	for key, want := range map[string]string{"mysql_vip": "10.0.0.1", "mysql::server::root_password": `s3 cr"et%`,
		"none": ""} {
		got, found, err := Lookup(context.Background(), config, key)
		if got != want || found != (want != "") || err != nil {
			t.Errorf("%s: %q %v %v", key, got, found, err)
		}
	}
	if _, found, err := Lookup(context.Background(), config+".absent", "mysql_vip"); found || err != nil {
		t.Errorf("without hiera.yaml: %v %v", found, err)
	}
}

// The command is a fake: it checks its arguments, and prints as hiera 3 does.
func TestLookupPrefersTheCommand(t *testing.T) {
	config, dir := hierarchy(t), t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = -c ] && [ \"$2\" = " + config + " ] || exit 3\n" +
		"case $3 in known) echo 'pass word';; *) echo nil;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "hiera"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx := context.Background()
	if got, found, err := Lookup(ctx, config, "known"); got != "pass word" || !found || err != nil {
		t.Errorf("known: %q %v %v", got, found, err)
	}
	// A key that the command does not find is not looked up in the files, which have it.
	if got, found, err := Lookup(ctx, config, "mysql_vip"); got != "" || found || err != nil {
		t.Errorf("nil: %q %v %v", got, found, err)
	}
}

func TestLookupReadsTheFilesWhenTheCommandFails(t *testing.T) {
	config, dir := hierarchy(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hiera"), []byte("#!/bin/sh\necho broken >&2; exit 1\n"),
		0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx := context.Background()
	if got, found, err := Lookup(ctx, config, "mysql_vip"); got != "10.0.0.1" || !found || err != nil {
		t.Errorf("one that is in the files: %q %v %v", got, found, err)
	}
	const failed = "look up other: hiera: exit status 1: broken"
	if _, found, err := Lookup(ctx, config, "other"); found || err == nil || err.Error() != failed {
		t.Errorf("one that is not: %v", err)
	}
	first := filepath.Join(filepath.Dir(config), "first.json")
	if err := os.WriteFile(first, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := failed + "; without the command: " + first + ": not JSON: wrong at line 1, byte 1"
	if _, found, err := Lookup(ctx, config, "other"); found || err == nil || err.Error() != want {
		t.Errorf("both fail: %v", err)
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for _, config := range []string{tripleo, fifth, "version: 5\nhierarchy:\n  - name: a\n    glob: b\n",
		"a: &b\nc: *b\n:hierarchy: !!int d\n:backends: [e]\n:e: {:datadir: [f]}\n"} {
		messages.Everywhere(t, config, func(b []byte) error { _, err := pathsOf(string(b), none); return err })
	}
	messages.Everywhere(t, "a: &b c\nd: *b\n? e\n: f\ng: !!float h\ni: [j]\n", func(b []byte) error {
		_, _, err := valueOf("x.yaml", b, "i")
		return err
	})
	messages.Everywhere(t, `{"a": {"b": 1}, "c": tru}`, func(b []byte) error {
		_, _, err := valueOf("x.json", b, "a")
		return err
	})
	other := func(key string) (string, bool, error) { return "", false, errors.New("not here") }
	messages.Everywhere(t, "%{a} %{hiera('b')} %{lookup('c')}", func(b []byte) error {
		_, err := resolve(string(b), none, other)
		return err
	})
	_, err := resolve(strings.Repeat("%{hiera('b')}", 5000), none, other)
	messages.Check(t, err)
}

func FuzzSources(f *testing.F) {
	f.Add([]byte(tripleo))
	f.Add([]byte(fifth))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := pathsOf(string(data), func(string) (string, bool) { return "x", true })
		messages.Check(t, err)
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
		for _, file := range []string{"x.yaml", "x.json"} {
			value, found, err := valueOf(file, data, key)
			messages.Check(t, err)
			if !found && value != "" || found && err != nil {
				t.Fatalf("%s: %q %v %v", file, value, found, err)
			}
		}
	})
}
