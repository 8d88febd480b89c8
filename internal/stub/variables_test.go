// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"strings"
	"testing"
	"testing/fstest"
)

const roleSpec = `argument_specs:
  main:
    options: &options
      controller_verify_level: {description: "How deep C(it) goes | or not.", type: str, choices: [read, restore], default: restore}
      controller_verify_users: {description: Users., type: list, elements: str, default: [a, b]}
      controller_verify_memory: {description: MiB., type: int}
      controller_verify_hosts: {description: As told., type: str}
      controller_verify_confirm: {description: A name., type: str, default: ""}
      controller_verify_rename: {description: Names., type: dict, default: {a: b, c: d}}
  other:
    options: *options
`

const roleDefaults = `controller_verify_level: restore
controller_verify_users: [a, b]
controller_verify_hosts: "{{ other }}"
controller_verify_confirm: ""
controller_verify_rename: {a: b, c: d}
`

const roleModule = `DOCUMENTATION:
  options:
    memory: {description: MiB., type: int, default: 256}
`

func page(spec, defaults string) (string, error) {
	roles := fstest.MapFS{
		"controller_verify/meta/argument_specs.yml": {Data: []byte(spec)},
		"controller_verify/defaults/main.yml":       {Data: []byte(defaults)},
	}
	out, err := Variables(roles, fstest.MapFS{"backup_verify.yml": {Data: []byte(roleModule)}})
	return string(out), err
}

func TestVariablesAreATable(t *testing.T) {
	got, err := page(roleSpec, roleDefaults)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		"| `controller_verify_level` | str | `restore` | How deep `it` goes \\| or not. One of `read`, `restore`. |\n",
		"| `controller_verify_users` | list of str | `[a, b]` | Users. |\n",
		"| `controller_verify_memory` | int | `256` | MiB. |\n",
		"| `controller_verify_hosts` | str |  | As told. |\n",
		"| `controller_verify_confirm` | str | `\"\"` | A name. |\n",
		"| `controller_verify_rename` | dict | `{a: b, c: d}` | Names. |\n",
	} {
		if strings.Count(got, row) != 1 {
			t.Errorf("not once in the page: %s\n%s", row, got)
		}
	}
}

// A cell has the first sentence of a long description; the whole is below the table.
func TestALongDescriptionOfAVariableIsBelowTheTable(t *testing.T) {
	long := "How deep it goes. " + strings.TrimSpace(strings.Repeat("It reads C(every) byte. ", 8))
	endless := strings.TrimSpace(strings.Repeat("It reads every byte, ", 9)) + " twice."
	spec := strings.Replace(roleSpec, `"How deep C(it) goes | or not."`, `"`+long+`"`, 1)
	spec = strings.Replace(spec, "description: As told.", `description: "`+endless+`"`, 1)
	got, err := page(spec, roleDefaults)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `controller_verify_level` | str | `restore` | How deep it goes. See below. One of `read`, `restore`. |\n",
		"| `controller_verify_hosts` | str |  | See below. |\n",
		"|\n\n- `controller_verify_level`: " + strings.ReplaceAll(long, "C(every)", "`every`") + "\n" +
			"- `controller_verify_hosts`: " + endless + "\n",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("not once in the page: %s\n%s", want, got)
		}
	}
}

func TestVariablesThatContradictThemselvesAreRefused(t *testing.T) {
	for what, defaults := range map[string]string{
		"its default is restore here, and read":    strings.Replace(roleDefaults, "restore", "read", 1),
		"its default is {a: b, c: d} here, and {a": strings.Replace(roleDefaults, "{a: b, c: d}", "{a: b}", 1),
		"has a default and no description":         roleDefaults + "controller_verify_unknown: 1\n",
		"and  in defaults/main.yml": strings.Replace(roleDefaults, "controller_verify_users: [a, b]\n",
			"", 1),
	} {
		if _, err := page(roleSpec, defaults); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
