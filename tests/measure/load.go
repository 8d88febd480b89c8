// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir, Export   string
	Standard, DepOnly         bool
	GoFiles, CgoFiles         []string
	TestGoFiles, XTestGoFiles []string
	Module                    *struct{ Path, Dir string }
}

// goPackage is one package of the module: its code, type-checked, and its tests, which are only counted.
type goPackage struct {
	path string // relative to the module's root
	code []*goFile
	// tests are the lines of its test files, and long those of them that are over 120 columns.
	tests, long int
	fset        *token.FileSet
	info        *types.Info
	types       *types.Package
}

// goFile is one file of code.
type goFile struct {
	name  string
	lines int
	long  int // lines over 120 columns
	tree  *ast.File
}

// load reads every package of the module in dir, the files with the build tag lab included.
func load(dir string) ([]*goPackage, error) {
	all, err := list(dir)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, l := range all {
		exports[l.ImportPath] = l.Export
	}
	lookup := func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	}
	var packages []*goPackage
	for _, l := range all {
		if l.DepOnly || l.Module == nil {
			continue
		}
		p, err := l.read(lookup)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	slices.SortFunc(packages, func(a, b *goPackage) int { return strings.Compare(a.path, b.path) })
	return packages, nil
}

// list asks the go command for the packages of a module and all they import.
func list(dir string) ([]listed, error) {
	command := exec.Command("go", "list", "-tags", "lab", "-deps", "-export", "-json", "./...")
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", dir, err, stderr.Bytes())
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		err := decoder.Decode(&l)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list in %s: %w", dir, err)
		}
		all = append(all, l)
	}
}

// read parses and type-checks a package, and counts its tests.
func (l listed) read(lookup importer.Lookup) (*goPackage, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(l.ImportPath, l.Module.Path), "/")
	p := &goPackage{path: path, fset: token.NewFileSet(), info: &types.Info{
		Uses: map[*ast.Ident]types.Object{},
	}}
	var trees []*ast.File
	for _, name := range append(l.GoFiles, l.CgoFiles...) {
		text, err := os.ReadFile(filepath.Join(l.Dir, name))
		if err != nil {
			return nil, err
		}
		const mode = parser.ParseComments | parser.SkipObjectResolution
		tree, err := parser.ParseFile(p.fset, filepath.Join(l.Dir, name), text, mode)
		if err != nil {
			return nil, err
		}
		trees = append(trees, tree)
		if !ast.IsGenerated(tree) {
			lines, long := count(text)
			p.code = append(p.code, &goFile{name: name, lines: lines, long: long, tree: tree})
		}
	}
	for _, name := range append(l.TestGoFiles, l.XTestGoFiles...) {
		text, err := os.ReadFile(filepath.Join(l.Dir, name))
		if err != nil {
			return nil, err
		}
		lines, long := count(text)
		p.tests += lines
		p.long += long
	}
	var err error
	config := types.Config{Importer: importer.ForCompiler(p.fset, "gc", lookup)}
	p.types, err = config.Check(l.ImportPath, p.fset, trees, p.info)
	return p, err
}

// count counts the lines of a text, and those with more than 120 columns; a tab takes four.
func count(text []byte) (lines, long int) {
	for line := range bytes.Lines(text) {
		lines++
		shown := strings.ReplaceAll(strings.TrimSuffix(string(line), "\n"), "\t", "    ")
		if len([]rune(shown)) > 120 {
			long++
		}
	}
	return lines, long
}
