// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const variablesPlugin = "../plugins/plugin_utils/_variables.py"

// pythonSet returns the names in a set or mapping of the plugin about variables.
func pythonSet(t *testing.T, name, end string) []string {
	t.Helper()
	source, err := os.ReadFile(variablesPlugin)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(source), "\n"+name+" = ")
	text, _, found := strings.Cut(text, "\n"+end)
	if !found {
		t.Fatalf("%s has no %s", variablesPlugin, name)
	}
	var names []string
	ours := regexp.MustCompile(`'((?:controller|overcloud|galera|haproxy)_\w+)'`)
	for _, m := range ours.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// taskFiles returns the task files of all roles, by path.
func taskFiles(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../roles/*/tasks/*.yml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	all := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(content)
	}
	return all
}

// Variables that only tasks of each host use may differ between hosts. Those that the coordinator uses, too, may not,
// because it has one value for all.
func TestTheVariablesOfEachHostAreThoseOfItsTasks(t *testing.T) {
	perHost := []string{"controller_backup/tasks/read.yml", "controller_backup/tasks/recover.yml",
		"controller_list/tasks/read.yml", "controller_restore/tasks/look.yml", "controller_verify/tasks/sets.yml"}
	options := map[string]bool{}
	for _, role := range []string{"backup", "list", "restore", "verify"} {
		var spec struct {
			Entries map[string]struct{ Options map[string]any } `yaml:"argument_specs"`
		}
		unmarshal(t, "../roles/controller_"+role+"/meta/argument_specs.yml", &spec)
		for option := range spec.Entries["main"].Options {
			options[option] = true
		}
	}
	var each, once, want []string
	for file, text := range taskFiles(t) {
		for _, found := range regexp.MustCompile(`\bcontroller_\w+`).FindAllString(text, -1) {
			if slices.Contains(perHost, strings.TrimPrefix(file, "../roles/")) {
				each = append(each, found)
			} else {
				once = append(once, found)
			}
		}
	}
	for _, name := range each {
		if options[name] && !slices.Contains(once, name) && !slices.Contains(want, name) {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if got := pythonSet(t, "OF_EACH_HOST", "))"); !slices.Equal(got, want) || len(want) < 8 {
		t.Errorf("%s: OF_EACH_HOST is %v, and tasks of a host alone use %v", variablesPlugin, got, want)
	}
}

// The variables that belong to no role are those of the page, with the same types.
func TestTheSharedVariablesAreThoseOfThePage(t *testing.T) {
	source, err := os.ReadFile(variablesPlugin)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("stub/variables.head.md")
	if err != nil {
		t.Fatal(err)
	}
	output := regexp.MustCompile("(?m)^\\| `((?:galera|haproxy|overcloud)_\\w+)` \\| (\\w+) \\|").
		FindAllStringSubmatch(string(page), -1)
	var names []string
	for _, row := range output {
		kind := row[2]
		if kind == "raw" {
			kind = "hosts"
		}
		names = append(names, row[1])
		if !strings.Contains(string(source), "'"+row[1]+"': {'type': '"+kind+"'") {
			t.Errorf("%s: %s is not a %s in SHARED", variablesPlugin, row[1], kind)
		}
	}
	slices.Sort(names)
	if got := pythonSet(t, "SHARED", "}"); !slices.Equal(got, names) || len(names) < 15 {
		t.Errorf("%s: SHARED has %v, the page %v", variablesPlugin, got, names)
	}
}

// The role that checks the variables comes before every other one, and each time that one is included.
func TestEveryRoleHasItsVariablesChecked(t *testing.T) {
	files, err := filepath.Glob("../roles/*/meta/main.yml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		var meta struct {
			AllowDuplicates bool `yaml:"allow_duplicates"`
			Dependencies    []struct{ Role string }
		}
		content, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(content, &meta)
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		checks := strings.Contains(file, "controller_variables")
		depends := len(meta.Dependencies) > 0 && meta.Dependencies[0].Role == "overcloud.backup.controller_variables"
		if checks != meta.AllowDuplicates || checks == depends {
			t.Errorf("%s: allow_duplicates %v, dependencies %v", file, meta.AllowDuplicates, meta.Dependencies)
		}
	}
}
