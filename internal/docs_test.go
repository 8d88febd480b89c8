// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Every example has a line in the page, and every line has an example.
func TestThePageOfExamplesIsWhole(t *testing.T) {
	page, err := os.ReadFile("../docs/examples.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed, there []string
	line := regexp.MustCompile(`(?m)^\| \[\x60(\w+)\x60\]\(../playbooks/examples/(\w+)\.yml\) \| \w`)
	for _, row := range line.FindAllStringSubmatch(string(page), -1) {
		if row[1] != row[2] {
			t.Errorf("%s leads to %s", row[1], row[2])
		}
		listed = append(listed, row[2])
	}
	files, err := filepath.Glob("../playbooks/examples/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		there = append(there, strings.TrimSuffix(filepath.Base(file), ".yml"))
	}
	if !slices.Equal(listed, there) {
		t.Errorf("docs/examples.md has %v, playbooks/examples %v", listed, there)
	}
}

// pages returns all texts for users, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../README.md", "../CONTRIBUTING.md", "../docs/*.md", "../docs/modules/*.md",
		"../roles/*/README.md", "../playbooks/*.yml", "../playbooks/examples/*.yml"} {
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
	links := regexp.MustCompile(`\]\(([^)#:]*)(#[^):]+)?\)|\x60(docs/[\w./]+)\x60`)
	seen := 0
	for file, text := range pages(t) {
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			seen++
			to := filepath.Join(filepath.Dir(file), link[1])
			switch {
			case link[3] != "":
				to = filepath.Join("..", strings.ReplaceAll(link[3], "NAME", "galera_backup"))
			case link[1] == "":
				to = file
			}
			content, err := os.ReadFile(to)
			if err != nil && !isFolder(to) {
				t.Errorf("%s: %s is not there", file, link[0])
			}
			if link[2] != "" && !slices.Contains(anchors(string(content)), link[2]) {
				t.Errorf("%s: %s has no heading for %s", file, to, link[2])
			}
		}
	}
	if seen < 130 {
		t.Errorf("only %d links", seen)
	}
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// anchors are the links that GitHub makes of the headings of a page.
func anchors(page string) (all []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, "#"+strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// The index has every page once, with what it is about; and each reader finds the index, and the page to begin with, at
// the top of README.
func TestEveryPageIsInTheIndex(t *testing.T) {
	all := pages(t)
	index, listed := all["../docs/README.md"], []string{}
	for _, line := range regexp.MustCompile(`(?m)^- \[[\w.-]+\]\(([\w/.-]+)\): \w`).FindAllStringSubmatch(index, -1) {
		listed = append(listed, filepath.Join("../docs", line[1]))
	}
	pages := 0
	for file := range all {
		if !strings.HasPrefix(file, "../docs/") || file == "../docs/README.md" {
			continue
		}
		pages++
		if n := len(slices.DeleteFunc(slices.Clone(listed), func(to string) bool { return to != file })); n != 1 {
			t.Errorf("docs/README.md has %d lines for %s", n, file)
		}
	}
	if pages < 26 {
		t.Errorf("only %d pages", pages)
	}
	top := strings.Join(strings.Split(all["../README.md"], "\n")[:18], "\n")
	for _, to := range []string{"docs/tripleo.md", "docs/awx.md", "docs/own-cluster.md", "CONTRIBUTING.md",
		"docs/README.md"} {
		if !strings.Contains(top, "("+to+")") {
			t.Errorf("%s is not among the first lines of README.md", to)
		}
	}
}

// longestCell is in characters. A longer text is a list or a section below the table. The modules' pages are left out:
// their generator has its own limit, to which it adds choices and samples.
const longestCell = 200

func TestTablesHaveShortCells(t *testing.T) {
	cells := 0
	for file, text := range pages(t) {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "| ") || strings.HasPrefix(file, "../docs/modules/") {
				continue
			}
			for _, cell := range strings.Split(line, " | ") {
				cells++
				if n := utf8.RuneCountInString(strings.Trim(cell, "| \n")); n > longestCell {
					t.Errorf("%s: a cell has %d characters, and the limit is %d: %s", file, n, longestCell, cell)
				}
			}
		}
	}
	if cells < 2000 {
		t.Errorf("only %d cells", cells)
	}
}

// A picture is readable in a light and a dark theme, and by those who do not see it, and some page shows it.
func TestPicturesAreShownAndReadable(t *testing.T) {
	files, err := filepath.Glob("../docs/pictures/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	shown := map[string]bool{}
	for file, text := range pages(t) {
		for _, image := range regexp.MustCompile(`!\[([^]]*)\]\(([^)]+)\)`).FindAllStringSubmatch(text, -1) {
			shown[filepath.Join(filepath.Dir(file), image[2])] = true
			if len(strings.Fields(image[1])) < 5 {
				t.Errorf("%s: %s does not say what is to be seen", file, image[0])
			}
		}
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !shown[file] {
			t.Errorf("no page shows %s", file)
		}
		var picture struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			Title   string   `xml:"title"`
			Desc    string   `xml:"desc"`
			Style   string   `xml:"style"`
		}
		if err := xml.Unmarshal(content, &picture); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if picture.Title == "" || picture.Desc == "" || !strings.Contains(picture.Style, "prefers-color-scheme: dark") {
			t.Errorf("%s lacks title, desc or a dark theme", file)
		}
	}
}

// commands are the lines of a page that are to be typed.
var commands = regexp.MustCompile(`(?m)^(?:    |\$ )\S.*$`)

// A playbook, a target of make and a script that a page has the reader run are there.
func TestPagesNameCommandsThatAreThere(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	playbook := regexp.MustCompile(`\bansible-playbook [^#]*?\bovercloud\.backup\.([\w.]+)`)
	target := regexp.MustCompile(`(?:^|[\s;])make ([a-z][\w-]*)`)
	script := regexp.MustCompile(`(?:^|\s)((?:tests|scripts)/[\w./]+)`)
	seen := 0
	for file, text := range pages(t) {
		if !strings.HasSuffix(file, ".md") || strings.HasSuffix(file, "/style.md") {
			continue
		}
		for _, line := range commands.FindAllString(text, -1) {
			there := func(path string) {
				seen++
				if _, err := os.Stat("../" + path); err != nil {
					t.Errorf("%s: %s is not there: %s", file, path, line)
				}
			}
			if name := playbook.FindStringSubmatch(line); name != nil {
				there("playbooks/" + strings.ReplaceAll(name[1], ".", "/") + ".yml")
			}
			command, _, _ := strings.Cut(line, "#")
			for _, name := range target.FindAllStringSubmatch(command, -1) {
				seen++
				if !strings.Contains(string(makefile), "\n"+name[1]+":") {
					t.Errorf("%s: there is no target %s: %s", file, name[1], line)
				}
			}
			for _, path := range script.FindAllStringSubmatch(command, -1) {
				there(path[1])
			}
		}
	}
	if seen < 25 {
		t.Errorf("only %d commands", seen)
	}
}

// The play that README shows is the one that tests/integration runs.
func TestThePlayOfREADMEIsRun(t *testing.T) {
	_, shown, found := strings.Cut(pages(t)["../README.md"], "```yaml\n")
	shown, _, _ = strings.Cut(shown, "```\n")
	run, err := os.ReadFile("../tests/integration/own_play.yml")
	if err != nil || !found {
		t.Fatalf("a play in README.md: %v; %v", found, err)
	}
	if _, run, _ := strings.Cut(string(run), "---\n"); run != shown {
		t.Errorf("README.md shows\n%s\nand tests/integration runs\n%s", shown, run)
	}
}

func TestPagesNameVariablesThatAreThere(t *testing.T) {
	all := pages(t)
	var known []string
	for _, row := range regexp.MustCompile(`(?m)^\| \x60(\w+)\x60`).FindAllStringSubmatch(all["../docs/variables.md"],
		-1) {
		known = append(known, row[1])
	}
	delete(all, "../CONTRIBUTING.md") // its example of a new variable
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
