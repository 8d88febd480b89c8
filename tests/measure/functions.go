// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"go/ast"
	"go/token"
)

// function has the measurements of one function.
type function struct {
	Name                     string // PACKAGE/FILE: NAME
	Lines, Branches, Nesting int
}

// functions returns those with a body.
func (p *goPackage) functions() []function {
	var all []function
	for _, f := range p.code {
		for _, d := range f.tree.Decls {
			declared, ok := d.(*ast.FuncDecl)
			if !ok || declared.Body == nil {
				continue
			}
			first, last := p.fset.Position(declared.Pos()).Line, p.fset.Position(declared.End()).Line
			all = append(all, function{
				Name:     p.path + "/" + f.name + ": " + nameOf(declared),
				Lines:    last - first + 1,
				Branches: branches(declared.Body),
				Nesting:  nesting(declared.Body),
			})
		}
	}
	return all
}

// nameOf returns a function's name, with its receiver's type.
func nameOf(d *ast.FuncDecl) string {
	if receiver := receiverOf(d); receiver != "" {
		return receiver + "." + d.Name.Name
	}
	return d.Name.Name
}

// receiverOf returns the name of a receiver's type, without parameters.
func receiverOf(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	kind := d.Recv.List[0].Type
	for {
		switch t := kind.(type) {
		case *ast.StarExpr:
			kind = t.X
		case *ast.IndexExpr:
			kind = t.X
		case *ast.IndexListExpr:
			kind = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// branches returns the cyclomatic complexity.
func branches(body *ast.BlockStmt) int {
	n := 1
	ast.Inspect(body, func(node ast.Node) bool {
		switch s := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if s.List != nil {
				n++
			}
		case *ast.CommClause:
			if s.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if s.Op == token.LAND || s.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// nesting returns how deep statements that decide are nested.
func nesting(body *ast.BlockStmt) int {
	deepest := 0
	var walk func(n ast.Node, depth int)
	walk = func(n ast.Node, depth int) {
		deepest = max(deepest, depth)
		for child := range children(n) {
			switch s := child.(type) {
			case *ast.IfStmt:
				for s != nil {
					walk(s.Body, depth+1)
					next, ok := s.Else.(*ast.IfStmt)
					if !ok && s.Else != nil {
						walk(s.Else, depth+1)
					}
					s = next
				}
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				walk(s, depth+1)
			default:
				walk(s, depth)
			}
		}
	}
	walk(body, 0)
	return deepest
}

// children returns the nodes right below one.
func children(n ast.Node) func(yield func(ast.Node) bool) {
	return func(yield func(ast.Node) bool) {
		top, on := true, true
		ast.Inspect(n, func(child ast.Node) bool {
			if child == nil || !on {
				return false
			}
			if top {
				top = false
				return true
			}
			on = yield(child)
			return false
		})
	}
}

// undocumented returns the exported names of a package without a doc comment, and exports how many there are.
func (p *goPackage) undocumented() (bare []string, exports int) {
	note := func(f *goFile, name string, docs ...*ast.CommentGroup) {
		exports++
		for _, d := range docs {
			if d != nil {
				return
			}
		}
		bare = append(bare, p.path+"/"+f.name+": "+name)
	}
	for _, f := range p.code {
		for _, d := range f.tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				receiver := receiverOf(d)
				if d.Name.IsExported() && (receiver == "" || ast.IsExported(receiver)) {
					note(f, nameOf(d), d.Doc)
				}
			case *ast.GenDecl:
				exportsOf(d, func(name string, docs ...*ast.CommentGroup) { note(f, name, docs...) })
			}
		}
	}
	return bare, exports
}

// exportsOf calls note with every exported type, constant and variable of a declaration, and the comments that may
// document it.
func exportsOf(d *ast.GenDecl, note func(name string, docs ...*ast.CommentGroup)) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				note(s.Name.Name, d.Doc, s.Doc, s.Comment)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() {
					note(name.Name, d.Doc, s.Doc, s.Comment)
				}
			}
		}
	}
}
