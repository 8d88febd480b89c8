// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// ofOthers matches what reads the variables of other hosts.
var ofOthers = regexp.MustCompile(`\bhostvars\b|\bextract\b`)

// onlyNames matches an expression that keeps nothing of other hosts but their names in the inventory.
var onlyNames = regexp.MustCompile(`\bmap\(attribute='inventory_hostname'\)\s*\|\s*list\s*\}\}\s*$`)

// storing are the modules that keep the values of their arguments as variables.
var storing = []string{"set_fact", "set_stats", "add_host"}

// Ansible 2.9 does not see through hostvars that a text is of a host: what an expression with hostvars returns has lost
// its unsafe mark. Stored as a variable, it would be evaluated as a template at its next use, on the control node.
func TestNoTaskStoresWhatOtherHostsReported(t *testing.T) {
	tasks, definitions := 0, []any{}
	content := map[string]any{}
	for _, pattern := range []string{"../playbooks/*.yml", "../playbooks/*/*.yml", "../roles/*/*/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, files, err)
		}
		for _, file := range files {
			var parsed any
			unmarshal(t, file, &parsed)
			content[file] = parsed
			if folder := filepath.Base(filepath.Dir(file)); folder == "vars" || folder == "defaults" {
				definitions = append(definitions, map[string]any{"vars": parsed})
			} else {
				definitions = append(definitions, parsed)
			}
		}
	}
	tainted := taintedBy(definitions)
	for file, parsed := range content {
		stored(parsed, func(name, value string) {
			tasks++
			if why := unmarked(value, tainted); why != "" {
				t.Errorf("%s stores %s, which reads %s: register the result of a module instead", file, name, why)
			}
		})
	}
	if tasks < 15 || !tainted["__controller_verify_wanted"] {
		t.Errorf("%d stored variables, read of other hosts: %v", tasks, tainted)
	}
}

func TestWhatIsStoredOfOtherHostsIsFound(t *testing.T) {
	names := "{{ groups.all | map('extract', hostvars) | map(attribute='inventory_hostname') | list }}"
	for text, want := range map[string]string{
		`[{set_fact: {a: "{{ hostvars['c1'].note }}"}}]`:                                     "a: hostvars",
		`[{ansible.builtin.set_fact: {a: ["{{ groups.all | map('extract', hostvars) }}"]}}]`: "a: extract",
		`[{block: [{vars: {v: "{{ hostvars.c1.w }}"}, set_fact: {a: {b: "{{ v }}"}}}]}]`:     "a: v",
		`[{vars: {v: "{{ hostvars.c1 }}", w: "{{ v.x }}"}, set_stats: {data: "{{ w }}"}}]`:   "data: w",
		`[{block: [], rescue: [{add_host: {name: x, note: "{{ hostvars.c1.w }}"}}]}]`:        "note: hostvars",
		`[{set_fact: {a: "` + names + `"}}]`:                                                 "",
		`[{set_fact: {a: "{{ result.msg }}"}}, {fail: {msg: "{{ hostvars.c1.note }}"}}]`:     "",
	} {
		var parsed any
		if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		tainted, found := taintedBy([]any{parsed}), ""
		stored(parsed, func(name, value string) {
			if why := unmarked(value, tainted); why != "" {
				found += name + ": " + why
			}
		})
		if found != want {
			t.Errorf("%s: found %q, want %q", text, found, want)
		}
	}
}

// stored calls found for every value that a task keeps as a variable.
func stored(node any, found func(name, value string)) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			stored(item, found)
		}
	case map[string]any:
		for key, item := range node {
			stored(item, found)
			arguments, ok := item.(map[string]any)
			if ok && slices.Contains(storing, key[strings.LastIndex(key, ".")+1:]) {
				for name, value := range arguments {
					texts(value, func(text string) { found(name, text) })
				}
			}
		}
	}
}

// texts calls found for each text within a value.
func texts(value any, found func(text string)) {
	switch value := value.(type) {
	case string:
		found(value)
	case []any:
		for _, item := range value {
			texts(item, found)
		}
	case map[string]any:
		for _, item := range value {
			texts(item, found)
		}
	}
}

var identifier = regexp.MustCompile(`\b[A-Za-z_]\w*\b`)

// unmarked says by which word an expression reads what other hosts reported; empty if it does not.
func unmarked(text string, tainted map[string]bool) string {
	if onlyNames.MatchString(text) {
		return ""
	}
	if word := ofOthers.FindString(text); word != "" {
		return word
	}
	for _, word := range identifier.FindAllString(text, -1) {
		if tainted[word] {
			return word
		}
	}
	return ""
}

// taintedBy returns the variables that read what other hosts reported, themselves or through another one.
func taintedBy(nodes []any) map[string]bool {
	values := map[string][]string{}
	for _, node := range nodes {
		defined(node, values)
	}
	tainted := map[string]bool{}
	for before := -1; before != len(tainted); {
		before = len(tainted)
		for name, expressions := range values {
			if slices.ContainsFunc(expressions, func(text string) bool { return unmarked(text, tainted) != "" }) {
				tainted[name] = true
			}
		}
	}
	return tainted
}

// defined collects the values of every variable that is defined under the keyword vars.
func defined(node any, values map[string][]string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			defined(item, values)
		}
	case map[string]any:
		for key, item := range node {
			defined(item, values)
			variables, ok := item.(map[string]any)
			if key == "vars" && ok {
				for name, value := range variables {
					texts(value, func(text string) { values[name] = append(values[name], text) })
				}
			}
		}
	}
}
