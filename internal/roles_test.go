// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// A part of a role that is included from elsewhere, and main, has an entry point in argument_specs, so that its
// arguments are checked.
func TestEveryPartOfARoleHasItsArguments(t *testing.T) {
	used := map[string]bool{"controller_backup/main": true, "controller_list/main": true,
		"controller_restore/main": true, "controller_verify/main": true}
	for _, pattern := range []string{"../playbooks/*.yml", "../playbooks/*/*.yml", "../roles/*/tasks/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			var content any
			unmarshal(t, file, &content)
			included(content, used)
		}
	}
	if len(used) < 10 {
		t.Errorf("only %v", used)
	}
	for part := range used {
		role, entry, _ := strings.Cut(part, "/")
		var spec struct {
			Entries map[string]any `yaml:"argument_specs"`
		}
		unmarshal(t, "../roles/"+role+"/meta/argument_specs.yml", &spec)
		if spec.Entries[entry] == nil {
			t.Errorf("roles/%s/meta/argument_specs.yml has no entry point %s", role, entry)
		}
	}
}

func unmarshal(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// included collects every ROLE/PART that any play or task includes.
func included(node any, used map[string]bool) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			included(item, used)
		}
	case map[string]any:
		if role, ok := node["ansible.builtin.include_role"].(map[string]any); ok {
			name, _ := role["name"].(string)
			part, _ := role["tasks_from"].(string)
			used[strings.TrimPrefix(name, "overcloud.backup.")+"/"+part] = true
		}
		for _, item := range node {
			included(item, used)
		}
	}
}

// No task sets a variable of vars/main.yml of its role: what it set would win for the rest of the run, in later uses of
// the role, too.
func TestTasksSetNoVariableOfTheirRole(t *testing.T) {
	set := regexp.MustCompile(`(?m)^ +(?:register: (\w+)$|(__\w+): )`)
	defined := regexp.MustCompile(`(?m)^(\w+):`)
	files, err := filepath.Glob("../roles/*/vars/main.yml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, m := range defined.FindAllStringSubmatch(string(content), -1) {
			names = append(names, m[1])
		}
		tasks, err := filepath.Glob(filepath.Dir(filepath.Dir(file)) + "/tasks/*.yml")
		if err != nil || len(tasks) == 0 || len(names) == 0 {
			t.Fatal(file, tasks, names, err)
		}
		for _, path := range tasks {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range set.FindAllStringSubmatch(string(text), -1) {
				if name := m[1] + m[2]; slices.Contains(names, name) {
					t.Errorf("%s sets %s, which %s defines", path, name, file)
				}
			}
		}
	}
}

// A list that is given as one text with commas is split in one place, so that blanks and empty items are treated alike.
func TestTextsWithCommasAreSplitInOnePlace(t *testing.T) {
	splits := regexp.MustCompile(`\.split\((?:u?'|"),(?:'|")|re\.split\(r?'[^']*,`)
	allowed := map[string]int{
		"../plugins/plugin_utils/_lists.py":     1,
		"../plugins/plugin_utils/_variables.py": 1, // the pairs of a mapping, which blanks separate as well
	}
	files, err := filepath.Glob("../plugins/*/*.py")
	if err != nil || len(files) < 30 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(splits.FindAll(content, -1)); got != allowed[file] {
			t.Errorf("%s splits at commas %d times, and should %d times: use items of _lists.py", file, got,
				allowed[file])
		}
	}
}

// A role runs where the roles run that depend on it.
func TestAllRolesHaveTheSamePlatforms(t *testing.T) {
	files, err := filepath.Glob("../roles/*/meta/main.yml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	const want = "[{EL [7 8 9]} {Debian [bookworm]}]"
	for _, file := range files {
		var meta struct {
			Galaxy struct {
				Platforms []struct {
					Name     string
					Versions []string
				}
			} `yaml:"galaxy_info"`
		}
		unmarshal(t, file, &meta)
		if got := fmt.Sprint(meta.Galaxy.Platforms); got != want {
			t.Errorf("%s: platforms %s, and the roles have %s", file, got, want)
		}
	}
}
