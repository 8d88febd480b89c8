// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Unsupported settings of a level may hide values of later levels.
func TestUnsupportedSettingsAreNamed(t *testing.T) {
	const v5 = "version: 5\nhierarchy:\n  - {name: first, path: a.yaml}\n  - {name: second, %s}\n" +
		"  - {name: last, path: z.yaml}\n"
	level := func(settings string) string { return fmt.Sprintf(v5, settings) }
	has := func(what string) string {
		return `level "second" of the hierarchy has ` + what + ", which is not supported here; set the login options"
	}
	const v5default = "version: 5\ndefaults: {%s}\nhierarchy:\n  - {name: first, path: a.yaml, data_hash: " +
		"yaml_data}\n" +
		"  - {name: second, path: b.yaml}\n"
	const v3 = ":backends: [yaml, %s]\n:yaml:\n  :datadir: /etc/puppet/data\n%s\n:hierarchy: [a]\n"
	for name, c := range map[string]struct{ config, want string }{
		"a lookup_key": {level("lookup_key: vault_lookup, path: b.yaml"), has("lookup_key vault_lookup")},
		"a lookup_key of a module": {
			level("lookup_key: 'my::eyaml_lookup_key', path: b.yaml"),
			has("lookup_key my::eyaml_lookup_key"),
		},
		"a lookup_key without files":   {level("lookup_key: vault_lookup"), has("lookup_key vault_lookup")},
		"a data_hash":                  {level("data_hash: hocon_data, path: b.conf"), has("data_hash hocon_data")},
		"a data_dig":                   {level("data_dig: x, path: b.yaml"), has("data_dig")},
		"a backend of version 3":       {level("hiera3_backend: redis, path: b.yaml"), has("hiera3_backend")},
		"a uri":                        {level("uri: 'http://x/'"), has("uri")},
		"uris":                         {level("uris: ['http://x/']"), has("uris")},
		"a uri beside a path":          {level("uri: 'http://x/', path: b.yaml"), has("uri")},
		"a setting of a later version": {level("path: b.yaml, matrix: [a]"), has("matrix")},
		"no file": {
			level("data_hash: yaml_data"),
			`level "second" of the hierarchy names no file; set the login options`,
		},
		"a default lookup_key": {fmt.Sprintf(v5default, "lookup_key: vault_lookup"), has("lookup_key vault_lookup")},
		"a default data_dig":   {fmt.Sprintf(v5default, "data_dig: x"), has("data_dig")},
		"a path by another key": {level(`path: "%{lookup('role')}.yaml"`),
			`hiera.yaml names a file by "%{lookup('role')}", which is not supported here; set the login options`},
		"a folder that only Puppet knows": {level(`datadir: "/env/%{environment}", path: b.yaml`),
			`the folder "/env/%{environment}" of hiera.yaml depends on facts that only Puppet knows; set the login` +
				` options`},
		"a backend of another kind": {fmt.Sprintf(v3, "redis", ":redis:\n  :datadir: /d"),
			`the backend "redis" of hiera.yaml is not supported here; set the login options`},
		"a backend without a folder": {fmt.Sprintf(v3, "json", ""),
			`the backend "json" of hiera.yaml has no :datadir, ` +
				"and its default is not known here; set the login options"},
		"eyaml without a folder": {fmt.Sprintf(v3, "eyaml", ":eyaml:\n  :pkcs7_private_key: /k"),
			`the backend "eyaml" of hiera.yaml has no :datadir, and its default is not known here; set the login` +
				` options`},
		"an extension": {fmt.Sprintf(v3, "json", ":json:\n  :datadir: /d\n  :extension: js"),
			`the backend "json" of hiera.yaml has an :extension, which is not supported here; set the login options`},
		"a folder of version 3 that only Puppet knows": {
			fmt.Sprintf(v3, "json", ":json:\n  :datadir: \"/env/%{::environment}\""),
			`the folder "/env/%{::environment}" of hiera.yaml depends on facts that only Puppet knows; set the login` +
				` options`},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := pathsOf(c.config, nothing)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if !slices.Equal(files, []string{"/etc/puppet/data/a.yaml"}) {
				t.Errorf("what stands before it: %q", files)
			}
		})
	}
	const noFolder = `the backend "yaml" of hiera.yaml has no :datadir, and its default is not known here; ` +
		"set the login options"
	for config, want := range map[string]string{
		"version: 4\nhierarchy: [{name: a}]\n": "version 4 of hiera.yaml is not supported here; set the login options",
		"version: 6\n":                         "version 6 of hiera.yaml is not supported here; set the login options",
		"{}":                                   noFolder,
		"":                                     noFolder,
		":hierarchy: [a]\n:backends: yaml\n":   noFolder,
	} {
		if files, err := pathsOf(config, nothing); err == nil || err.Error() != want || files != nil {
			t.Errorf("%q: %q, %v", config, files, err)
		}
	}
}

// tree writes files to a folder, with DIR for its path, and returns the path of its hiera.yaml.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", t.TempDir())
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(content, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "hiera.yaml")
}

// An unsupported level counts only if no earlier level has the key.
func TestAKeyThatStandsBeforeAPlaceThatIsNotFollowed(t *testing.T) {
	config := tree(t, map[string]string{
		"hiera.yaml": "version: 5\nhierarchy: [{name: a, path: a.yaml}, {name: b, lookup_key: vault, path: b.yaml}, " +
			"{name: c, path: c.yaml}]\n",
		"data/a.yaml": "first: one\n",
		"data/c.yaml": "first: three\nlast: three\n",
	})
	if value, found, err := Lookup(context.Background(), config, "first"); value != "one" || !found || err != nil {
		t.Errorf("%q %v %v", value, found, err)
	}
	value, found, err := Lookup(context.Background(), config, "last")
	const want = `level "b" of the hierarchy has lookup_key vault`
	if value != "" || found || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%q %v %v", value, found, err)
	}
}

const (
	sealed   = "ENC[PKCS7,MIIBmQYJKoZIhvcNAQcDoIIBijCCAYYCAQAxggEhMIIBHQIBADAFMAACAQEwDQYJ]"
	security = "mysql::server::root_password"
)

// An encrypted value is an error in any position. No part of it is shown.
func TestAnEncryptedValueIsNoPassword(t *testing.T) {
	v3 := func(backend string) string {
		return ":backends: [" + backend + "]\n:" + backend + ":\n  :datadir: DIR/data\n:hierarchy: [a, b]\n"
	}
	const v5 = "version: 5\nhierarchy: [{name: a, %s}, {name: b, path: b.yaml}]\n"
	below := security + ": of-all\n"
	for name, files := range map[string]map[string]string{
		"eyaml of version 3": {
			"hiera.yaml":   v3("eyaml"),
			"data/a.eyaml": security + ": " + sealed + "\n",
			"data/b.eyaml": below,
		},
		"yaml of version 3": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": " + sealed + "\n",
			"data/b.yaml": below,
		},
		"JSON": {
			"hiera.yaml":  v3("json"),
			"data/a.json": `{"` + security + `": "` + sealed + `"}`,
			"data/b.json": `{"` + security + `": "x"}`,
		},
		"eyaml of version 5": {
			"hiera.yaml":   fmt.Sprintf(v5, "lookup_key: eyaml_lookup_key, path: a.eyaml"),
			"data/a.eyaml": security + ": " + sealed + "\n",
			"data/b.yaml":  below,
		},
		"of version 5": {
			"hiera.yaml":  fmt.Sprintf(v5, "path: a.yaml"),
			"data/a.yaml": security + ": '" + sealed + "'\n",
			"data/b.yaml": below,
		},
		"folded": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": >\n  ENC[PKCS7,MIIB\n  mQYJ\n  Koz]\n",
			"data/b.yaml": below,
		},
		"a part of it": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": pre" + sealed + "post\n",
			"data/b.yaml": below,
		},
		"by GPG": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": ENC[GPG,hQIMA]\n",
			"data/b.yaml": below,
		},
		"by the default method, unnamed": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": >\n  ENC[MIIBmQYJKoZIhvcN\n  AQcDoIIBij+/=]\n",
			"data/b.yaml": below,
		},
		"as it is edited": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": DEC(1)::PKCS7[secret]!\n",
			"data/b.yaml": below,
		},
		"by another key": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": security + ": \"%{hiera('x')}\"\nx: " + sealed + "\n",
			"data/b.yaml": below,
		},
		"by an alias of YAML": {
			"hiera.yaml":  v3("yaml"),
			"data/a.yaml": "x: &p " + sealed + "\n" + security + ": *p\n",
			"data/b.yaml": below,
		},
	} {
		t.Run(name, func(t *testing.T) {
			value, found, err := Lookup(context.Background(), tree(t, files), security)
			if value != "" || found || err == nil {
				t.Fatalf("%q %v %v", value, found, err)
			}
			const want = "it is encrypted with eyaml; set the login options (login_user, login_password)"
			got := err.Error()
			if !strings.HasSuffix(got, want) || strings.Contains(got, "MIIB") || strings.Contains(got, "secret") {
				t.Error(err)
			}
		})
	}
}

// A command that does not decrypt prints the content of the file.
func TestAnEncryptedValueOfTheCommand(t *testing.T) {
	config := tree(t, map[string]string{"hiera.yaml": ":yaml:\n  :datadir: DIR\n", "common.yaml": "a: b\n"})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hiera"), []byte("#!/bin/sh\necho '"+sealed+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	value, found, err := Lookup(context.Background(), config, security)
	if value != "" || found || err == nil || !strings.Contains(err.Error(), "it is encrypted with eyaml") {
		t.Errorf("%q %v %v", value, found, err)
	}
	if strings.Contains(fmt.Sprint(err), "MIIB") {
		t.Errorf("%q %v %v", value, found, err)
	}
}

func TestPlainValuesOfEyamlAreRead(t *testing.T) {
	for _, hiera := range []string{
		":backends: [eyaml]\n:eyaml:\n  :datadir: DIR/data\n:hierarchy: [common]\n",
		"version: 5\ndefaults: {lookup_key: eyaml_lookup_key, options: {pkcs7_private_key: /k}}\n" +
			"hierarchy: [{name: a, path: common.eyaml}]\n",
	} {
		config := tree(
			t,
			map[string]string{"hiera.yaml": hiera, "data/common.eyaml": "other: " + sealed + "\n" + security +
				": 'pl#ain'\n"},
		)
		if value, found, err := Lookup(context.Background(), config, security); value != "pl#ain" || !found ||
			err != nil {
			t.Errorf("%q %v %v", value, found, err)
		}
	}
}

func TestAliasesOfYAMLAreFollowed(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"an alias":                          {"x: &p s3cret\nkey: *p\n", "s3cret"},
		"an alias of digits":                {"x: &p 0123\nkey: *p\n", "0123"},
		"an anchor":                         {"key: &p s3cret\n", "s3cret"},
		"a merged map":                      {"x: &m {key: s3cret, other: a}\n<<: *m\n", "s3cret"},
		"its own value before a merged one": {"x: &m {key: other}\n<<: *m\nkey: s3cret\n", "s3cret"},
		"an alias in a merged map":          {"p: &p s3cret\nx: &m {key: *p}\n<<: *m\n", "s3cret"},
		"a quoted one":                      {"x: &p 's3: cret'\nkey: *p\n", "s3: cret"},
		"an alias of null":                  {"x: &p ~\nkey: *p\n", ""},
		"the word null":                     {"key: 'null'\n", "null"},
	} {
		got, found, err := valueOf("x.yaml", []byte(c.content), "key")
		if got != c.want || found != (c.want != "") || err != nil {
			t.Errorf("%s: %q %v %v", name, got, found, err)
		}
	}
	_, _, err := valueOf("x.yaml", []byte("x: &p [a]\nkey: *p\n"), "key")
	if err == nil || err.Error() != "key is not a single value" {
		t.Errorf("an alias of a list: %v", err)
	}
}

// A level that sets a key to null hides the values of the levels below, as in hiera.
func TestAKeyThatIsSetToNothingIsNotFoundBelow(t *testing.T) {
	for _, empty := range []string{"~", "null", ""} {
		config := tree(t, map[string]string{
			"hiera.yaml": ":yaml:\n  :datadir: DIR\n:hierarchy: [a, b]\n",
			"a.yaml":     "key: " + empty + "\n", "b.yaml": "key: old\n",
		})
		if value, found, err := Lookup(context.Background(), config, "key"); value != "" || found || err != nil {
			t.Errorf("%q: %q %v %v", empty, value, found, err)
		}
	}
}

// A level's settings about its files are checked before their names.
func TestDataAreReadByTheirFunction(t *testing.T) {
	config := tree(t, map[string]string{
		"hiera.yaml": "version: 5\nhierarchy: [{name: a, data_hash: json_data, path: a.data}, {name: b, path:" +
			" b.json}]\n",
		"data/a.data": `{"json": "a\/b"}`, "data/b.json": "yaml: c\n",
	})
	for key, want := range map[string]string{"json": "a/b", "yaml": "c"} {
		if value, found, err := Lookup(context.Background(), config, key); value != want || !found || err != nil {
			t.Errorf("%s: %q %v %v", key, value, found, err)
		}
	}
}
