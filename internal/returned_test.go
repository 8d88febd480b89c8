// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofEvery lists keys that every result has; Ansible itself adds the last ones.
var ofEvery = []string{"msg", "changed", "failed", "warnings", "results", "item", "unreachable", "skipped",
	"host_unreachable"}

type returnedValue struct {
	Type     string
	Contains map[string]returnedValue
}

// The control node drops values that no RETURN documents, so roles must not rely on them.
func TestEveryValueThatRolesUseIsDocumented(t *testing.T) {
	text := ""
	registered := map[string][]string{} // variable to modules
	for _, pattern := range []string{"../playbooks/*.yml", "../playbooks/*/*.yml", "../roles/*/tasks/*.yml",
		"../roles/*/vars/*.yml"} {
		files, _ := glob(pattern)
		for _, file := range files {
			var content any
			unmarshal(t, file, &content)
			registers(content, registered)
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text += string(raw)
		}
	}
	if len(registered) < 8 {
		t.Fatalf("only %v", registered)
	}
	uses := 0
	for variable, modules := range registered {
		for _, use := range regexp.MustCompile(`\b`+variable+`\.(\w+)(?:\.(\w+))?`).FindAllStringSubmatch(text, -1) {
			uses++
			if !slices.ContainsFunc(modules, func(m string) bool { return returns(t, m, use[1], use[2]) }) {
				t.Errorf("%s: no RETURN of %s has it", use[0], strings.Join(modules, ", "))
			}
		}
	}
	if uses < 30 {
		t.Errorf("only %d uses were found", uses)
	}
}

// registers records which variables hold the result of a module of this collection.
func registers(node any, into map[string][]string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			registers(item, into)
		}
	case map[string]any:
		variable, _ := node["register"].(string)
		for key, value := range node {
			if module, ours := strings.CutPrefix(key, "overcloud.backup."); ours && variable != "" &&
				!slices.Contains(into[variable], module) {
				into[variable] = append(into[variable], module)
			}
			registers(value, into)
		}
	}
}

// returns reports whether a module documents a value, and what is in it if that is documented at all.
func returns(t *testing.T, module, key, inner string) bool {
	var doc struct {
		Return map[string]returnedValue `yaml:"RETURN"`
	}
	unmarshal(t, "../modules/"+module+".yml", &doc)
	value, ok := doc.Return[key]
	if !ok {
		return slices.Contains(ofEvery, key)
	}
	_, ok = value.Contains[inner]
	return ok || value.Contains == nil || inner == ""
}
