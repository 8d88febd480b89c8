// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// tooNew matches what is missing on a control node with RHEL 7: Jinja2 2.7.2 under Python 2.7. The matrix notices it
// only where a playbook executes it.
var tooNew = map[string]*regexp.Regexp{
	"a test of Jinja2 2.8 or 2.10": regexp.MustCompile(`(?:select|reject)(?:attr)?\((?:'[^']*', ?)?` +
		`'(?:in|eq|ne|lt|le|gt|ge|equalto|==|!=|<|<=|>|>=|boolean|integer|float|true|false)'`),
	"map with a default, of 2.11": regexp.MustCompile(`map\([^)]*default=`),
	"of a filter that makes no list, unique makes a set under Python " +
		"2": regexp.MustCompile(`\| (?:map|select|reject|selectattr|rejectattr)\([^|]*\) \| unique`),
}

func TestRolesAndPlaybooksUseWhatOldJinjaHas(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../playbooks/*.yml", "../playbooks/*/*.yml", "../roles/*/*/*.yml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for why, pattern := range tooNew {
			for _, found := range pattern.FindAllString(string(text), -1) {
				t.Errorf("%s: %s: %s", file, found, why)
			}
		}
	}
}
