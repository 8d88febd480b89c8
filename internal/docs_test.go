// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every example has its line in the page, and every line an example.
func TestThePageOfExamplesIsWhole(t *testing.T) {
	page, err := os.ReadFile("../docs/examples.md")
	if err != nil {
		t.Fatal(err)
	}
	var told, there []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[\x60(\w+)\x60\]\(../playbooks/examples/(\w+)\.yml\) \| \w`).FindAllStringSubmatch(string(page), -1) {
		if row[1] != row[2] {
			t.Errorf("%s leads to %s", row[1], row[2])
		}
		told = append(told, row[2])
	}
	files, err := filepath.Glob("../playbooks/examples/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		there = append(there, strings.TrimSuffix(filepath.Base(file), ".yml"))
	}
	if !slices.Equal(told, there) {
		t.Errorf("docs/examples.md has %v, playbooks/examples %v", told, there)
	}
}

// pages are all texts for people, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../README.md", "../docs/*.md", "../docs/modules/*.md", "../roles/*/README.md",
		"../playbooks/*.yml", "../playbooks/examples/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all[file] = string(content)
		}
	}
	return all
}

func TestPagesLeadToFilesThatAreThere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#:]+)\)|\x60(docs/[\w./]+)\x60`)
	seen := 0
	for file, text := range pages(t) {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			seen++
			to := filepath.Join(filepath.Dir(file), link[1])
			if link[2] != "" {
				to = filepath.Join("..", strings.ReplaceAll(link[2], "NAME", "galera_backup"))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s is not there", file, link[0])
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d links", seen)
	}
}

func TestEveryPageIsNamedInREADME(t *testing.T) {
	readme := pages(t)["../README.md"]
	for file := range pages(t) {
		name := strings.TrimPrefix(file, "../")
		if strings.HasPrefix(name, "docs/") && !strings.Contains(readme, name) {
			t.Errorf("README.md does not name %s", name)
		}
	}
}

func TestPagesNameVariablesThatAreThere(t *testing.T) {
	all := pages(t)
	var known []string
	for _, row := range regexp.MustCompile(`(?m)^\| \x60(\w+)\x60`).FindAllStringSubmatch(all["../docs/variables.md"],
		-1) {
		known = append(known, row[1])
	}
	for file, text := range all {
		for _, name := range regexp.MustCompile(`\bcontroller_(?:backup|restore|verify)_\w*[a-z]\b`).FindAllString(text,
			-1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s: there is no variable %s", file, name)
			}
		}
	}
	if len(known) < 60 {
		t.Errorf("only %d variables", len(known))
	}
}
