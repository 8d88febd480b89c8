// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// plural matches a number before a noun in the plural, which is wrong for one.
var plural = regexp.MustCompile(`%d (?:(?:more|other|older) )?([a-z-]+s)\b`)

// noNouns end like a plural. Bytes are thousands.
var noNouns = []string{"bytes", "is", "has", "works", "seems", "contains"}

// never1 has the counts that are never one where they are written, with the reason.
var never1 = map[string]string{
	"%d backends (%s), not one":       "one is no error",
	"%d processes (nbproc), and this": "one is no error",
	"%d processes and its statistics": "one is no error",
	"%d hosts":                        "one is shown by its name",
	"%d sets, more than":              "a limit was exceeded",
	"%d elements and attributes":      "a limit was exceeded",
	"%d objects are more":             "a limit was exceeded",
	"%d rows, and wsrep_max_ws_rows":  "a limit was exceeded",
	"created %d times and was gone":   "a constant",
	"more than %d":                    "a constant",
	"%d write-sets":                   "a constant of a rule",
}

// A count that may be one is written with quantity.Count, or by count in the plugins.
func TestCountsAgreeWithTheirNouns(t *testing.T) {
	counts := 0
	for _, pattern := range []string{"*/*.go", "../modules/*.go"} {
		files, err := glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "storetest/") {
				continue
			}
			for _, text := range literals(t, file) {
				counts += strings.Count(text, "%d ")
				if found := wrongPlural(text); found != "" {
					t.Errorf("%s: %q is wrong for one, in %q: use quantity.Count", file, found, text)
				}
			}
		}
	}
	python, err := glob("../plugins/*/*.py")
	if err != nil || len(python) < 20 {
		t.Fatal(python, err)
	}
	for _, file := range python {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			if found := regexp.MustCompile(`'%d (other )?(host|set|controller)s?\b`).FindString(line); found != "" {
				t.Errorf("%s: %q is wrong for one: use count of _answer.py", file, found)
			}
		}
	}
	if counts < 100 {
		t.Errorf("only %d counts were found", counts)
	}
}

func TestAWrongPluralIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"its answer has %d sets with impossible names": "%d sets",
		"it sees %d controllers, not %d":               "%d controllers",
		"and %d other hosts":                           "%d other hosts",
		"it has %d bytes":                              "",
		"process %d is stopping":                       "",
		"%s, not %d":                                   "",
	} {
		if got := wrongPlural(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// wrongPlural returns the first number with a noun in the plural that may be one.
func wrongPlural(text string) string {
	// The longest first: one may be a part of another.
	exceptions := slices.SortedFunc(maps.Keys(never1), func(a, b string) int { return len(b) - len(a) })
	for _, exception := range exceptions {
		text = strings.ReplaceAll(text, exception, "")
	}
	for _, m := range plural.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(noNouns, m[1]) {
			return m[0]
		}
	}
	return ""
}

// literals returns the texts of a file, each as it is written between quotes.
func literals(t *testing.T, file string) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sum, ok := n.(*ast.BinaryExpr); ok {
			list = append(list, joined(sum))
			return false
		}
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			list = append(list, text(literal))
		}
		return true
	})
	return list
}
