// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"
)

const readmeSpec = `argument_specs:
  main:
    short_description: Verify a C(set)
    description: [As M(overcloud.backup.backup_verify) does., Second.]
    options: &options
      controller_verify_level: {description: "How deep C(it) goes | or not.", type: str, default: restore}
  part:
    short_description: Look | and see
    description: On every C(host).
    options: *options
`

func readme(spec string) (string, error) {
	pages, err := Readmes(fstest.MapFS{
		"controller_verify/meta/argument_specs.yml": {Data: []byte(spec)},
		"controller_verify/defaults/main.yml":       {Data: []byte("controller_verify_level: restore\n")},
	}, fstest.MapFS{"backup_verify.yml": {Data: []byte(roleModule)}})
	return string(pages["controller_verify"]), err
}

func TestAREADMEHasPurposeExampleEntryPointsAndVariables(t *testing.T) {
	got, err := readme(readmeSpec)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"# overcloud.backup.controller_verify\n", "\nVerify a `set`.\n", "- Second.\n",
		"- As [backup_verify](../../docs/modules/backup_verify.md) does.\n",
		"```yaml\n---\n- name: Verify the newest set\n",
		"- `main`: Verify a `set`: all of the role.\n", "- `part`: Look \\| and see. On every `host`.\n",
		"| `controller_verify_level` | str | `restore` | How deep `it` goes \\| or not. |\n",
	} {
		if strings.Count(got, line) != 1 {
			t.Errorf("not once in the page: %s\n%s", line, got)
		}
	}
}

func TestInvalidREADMEsAreRefused(t *testing.T) {
	for _, c := range []struct{ old, new, msg string }{
		{"    description: On every C(host).\n", "", "part: short_description or description is missing"},
		{"    short_description: Look | and see\n", "", "part: short_description or description is missing"},
		{"  main:\n", "  other:\n", "there is no entry point main"},
	} {
		if _, err := readme(strings.Replace(readmeSpec, c.old, c.new, 1)); err == nil ||
			!strings.Contains(err.Error(), c.msg) {
			t.Errorf("%q: %v", c.new, err)
		}
	}
}

// An example names the role that it is of, and variables that the role has.
func TestTheExamplesOfRolesUseVariablesThatAreThere(t *testing.T) {
	files, err := filepath.Glob("examples/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		var plays []struct {
			Roles []struct {
				Role string
				Vars map[string]any
			}
		}
		content, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(content, &plays)
		}
		if err != nil || len(plays) != 1 || len(plays[0].Roles) != 1 {
			t.Fatalf("%s: %v, %d plays", file, err, len(plays))
		}
		role := plays[0].Roles[0]
		if role.Role != "overcloud.backup."+name || len(role.Vars) == 0 {
			t.Errorf("%s: the role is %s, with %d variables", file, role.Role, len(role.Vars))
		}
		var spec struct {
			Specs struct {
				Main struct{ Options map[string]any }
			} `yaml:"argument_specs"`
		}
		if err := read(os.DirFS("../../roles"), name+"/meta/argument_specs.yml", &spec); err != nil {
			t.Fatal(err)
		}
		for variable := range role.Vars {
			if spec.Specs.Main.Options[variable] == nil {
				t.Errorf("%s: there is no variable %s", file, variable)
			}
		}
	}
}
