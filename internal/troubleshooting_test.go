// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/restore/plan"
)

const troubleshooting = "../docs/troubleshooting.md"

// The tables of the page are complete: every error of the code has a row, and every row is an error that the code can
// return.
func TestEveryCodeHasItsRowInTroubleshooting(t *testing.T) {
	reasons := []string{}
	for _, c := range condition.All() {
		reasons = append(reasons, string(c.Code))
	}
	rules := []string{}
	for _, r := range guard.Rules() {
		rules = append(rules, r.Name)
	}
	for _, c := range []struct {
		section string
		want    []string
		least   int
	}{
		{"## Decision", reasons, 31},
		{"### The guard", rules, 21},
		{"## Facts", sources(t), 22},
		{"## Backup", steps(t), 11},
		{"## Where the playbooks stop", stops(t), 11},
		{"### Plan of a restore", refusals(), 18},
	} {
		slices.Sort(c.want)
		want := slices.Compact(c.want)
		if len(want) < c.least {
			t.Errorf("%s: only %d were found in the code: %v", c.section, len(want), want)
		}
		rows := tableOf(t, c.section)
		for _, name := range want {
			if !slices.Contains(rows, name) {
				t.Errorf("%s: %q has no row", c.section, name)
			}
		}
		for _, name := range rows {
			if !slices.Contains(want, name) {
				t.Errorf("%s: nothing says %q", c.section, name)
			}
		}
	}
}

// The launcher's messages about the host are found on the page by their beginning.
func TestEveryReasonOfTheLauncherIsInTroubleshooting(t *testing.T) {
	source, err := os.ReadFile("../plugins/plugin_utils/_launcher.py")
	if err != nil {
		t.Fatal(err)
	}
	_, reasons, _ := strings.Cut(string(source), "\nREASONS = {\n")
	reasons, _, _ = strings.Cut(reasons, "\n}\n")
	found := regexp.MustCompile(`(?m)^    [A-Z_]+: '((?:\S+ ){5})`).FindAllStringSubmatch(reasons, -1)
	if len(found) < 7 {
		t.Fatalf("%d reasons in %s", len(found), reasons)
	}
	page := section(t, "## Launcher and connection")
	for _, f := range found {
		if !strings.Contains(page, strings.TrimSpace(f[1])) {
			t.Errorf("%q is not there", f[1])
		}
	}
}

// Messages that the page quotes exist in the sources, so that a change of one is made in both places.
func TestTroubleshootingQuotesWhatTheCodeSays(t *testing.T) {
	got := sourceText(t)
	page, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	quotes := 0
	for _, line := range strings.Split(string(page), "\n") {
		cell, _, row := strings.Cut(line, "` | ")
		if !strings.HasPrefix(line, "| `") || !row {
			continue
		}
		for _, quote := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell+"`", -1) {
			for _, part := range strings.Split(quote[1], "…") {
				quotes++
				if part = strings.Trim(part, " .:;"); !strings.Contains(got, part) {
					t.Errorf("nothing says %q: %s", part, line)
				}
			}
		}
	}
	if quotes < 150 {
		t.Errorf("only %d quotes", quotes)
	}
}

// joints matches where a text continues in another literal.
var joints = regexp.MustCompile(`"\s*\+\s*"|'\n\s*'`)

func sourceText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*/*.go", "../modules/*.go", "../plugins/*/*.py", "../roles/*/tasks/*.yml",
		"../roles/*/vars/*.yml"} {
		files, err := glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				all.Write(content)
			}
		}
	}
	return strings.ReplaceAll(joints.ReplaceAllString(all.String(), ""), `\"`, `"`)
}

// section returns the text from a heading to the next one.
func section(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(troubleshooting)
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("no %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n#")
	return text
}

// tableOf returns the first cells of a section's table, and fails if a row has an empty cell.
func tableOf(t *testing.T, heading string) (names []string) {
	t.Helper()
	for _, line := range strings.Split(section(t, heading), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 2 {
			continue
		}
		for _, cell := range cells {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("%s: an empty cell: %s", heading, line)
			}
		}
		names = append(names, strings.Trim(cells[0], " `"))
	}
	if len(names) < 2 {
		t.Fatalf("%s has no table", heading)
	}
	return names[1:] // the header
}

// refusals returns the codes with which a plan refuses.
func refusals() (codes []string) {
	for _, m := range plan.Meanings() {
		codes = append(codes, string(m.Code))
	}
	return codes
}

// sources returns the names under which facts record what could not be read.
func sources(t *testing.T) (names []string) {
	source := regexp.MustCompile("^[Ss]ource[A-Z]")
	for _, pattern := range []string{"haproxy/*.go", "pacemaker/*.go"} {
		inFiles(t, pattern, func(n ast.Node) {
			if s, ok := n.(*ast.ValueSpec); ok && source.MatchString(s.Names[0].Name) && len(s.Values) == 1 {
				names = append(names, text(s.Values[0]))
			}
		})
	}
	names = append(names, argumentsOf(t, "galera/*.go", "Add")...)
	return append(names, argumentsOf(t, "pacemaker/*.go", "problem")...)
}

// steps returns the step names with which a backup's errors begin.
func steps(t *testing.T) []string {
	names := append(argumentsOf(t, "backup/*.go", "begin"), argumentsOf(t, "backup/*.go", "failed")...)
	return append(names, "before the backup") // of Prepare, which has no job yet
}

// argumentsOf returns the string literals that a method gets as its first argument.
func argumentsOf(t *testing.T, pattern, method string) (names []string) {
	inFiles(t, pattern, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == method && text(call.Args[0]) != "" {
			names = append(names, text(call.Args[0]))
		}
	})
	return names
}

func inFiles(t *testing.T, pattern string, visit func(ast.Node)) {
	t.Helper()
	files, err := glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if n != nil {
				visit(n)
			}
			return true
		})
	}
}

// text returns the value of a string literal, and "" for anything else.
func text(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(literal.Value)
	return s
}

// stops returns the names of the tasks with which the roles fail or report that something is left.
func stops(t *testing.T) (names []string) {
	files, err := filepath.Glob("../roles/*/tasks/*.yml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tasks []map[string]any
		if err := yaml.Unmarshal(content, &tasks); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		names = append(names, failing(tasks)...)
	}
	return append(names, "Report what could not be undone")
}

func failing(tasks []map[string]any) (names []string) {
	for _, task := range tasks {
		if task["ansible.builtin.fail"] != nil {
			names = append(names, task["name"].(string))
		}
		for _, part := range []string{"block", "rescue", "always"} {
			inner, _ := task[part].([]any)
			for _, one := range inner {
				names = append(names, failing([]map[string]any{one.(map[string]any)})...)
			}
		}
	}
	return names
}
