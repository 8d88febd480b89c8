// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plain lists the files that may open paths outside of /proc and /sys, each with the reason why no other user can put a
// pipe, a device or a link there.
var plain = map[string]string{
	"ansible/main.go":      "the arguments, whose path is the caller's",
	"ansible/unit.go":      "a job's folder",
	"peer/listeners.go":    "below /proc",
	"peer/owners.go":       "/etc/passwd, and below /proc",
	"process/workingin.go": "below /proc",
	"reading/clock.go":     "below /proc and /run",
	"stub/regions.go":      "a file of this repository",
	"unit/kill.go":         "below /proc and /sys",
	"rebuild/build.go":     "a folder in a place of root's",
}

// Opening a file where another user can write may block on a pipe, or follow a link: safefile prevents that.
func TestFilesThatOthersCanExchangeAreNotOpenedByName(t *testing.T) {
	found, err := glob("*/*.go")
	if err != nil || len(found) < 20 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	nested, _ := filepath.Glob("*/*/*.go")
	modules, _ := filepath.Glob("../modules/*.go")
	unused := maps.Clone(plain)
	for _, file := range slices.Concat(found, nested, modules) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, at := range openedByName(t, file) {
			if plain[file] == "" {
				t.Errorf("%s: use safefile, or give a reason here", at)
			}
			delete(unused, file)
		}
	}
	for file := range unused {
		t.Errorf("%s opens no such path: take it out of the list", file)
	}
}

// openedByName returns the places where a file calls os.Open or os.ReadFile with a path that does not begin with /proc
// or /sys.
func openedByName(t *testing.T, file string) (places []string) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !opens(call.Fun) {
			return true
		}
		kernels := false
		ast.Inspect(call.Args[0], func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok {
				kernels = kernels || strings.HasPrefix(literal.Value, `"/proc/`) ||
					strings.HasPrefix(literal.Value, `"/sys/`)
			}
			return true
		})
		if !kernels {
			places = append(places, set.Position(call.Pos()).String())
		}
		return true
	})
	return places
}

func opens(f ast.Expr) bool {
	s, ok := f.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "os" && (s.Sel.Name == "Open" || s.Sel.Name == "ReadFile")
}
