// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"go/ast"
	"go/types"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

// graph has the arrows between files: from each file to those whose declarations it uses.
type graph map[string]map[string]bool

// arrows is the graph of a package's files.
func (p *goPackage) arrows() graph {
	g := graph{}
	for _, f := range p.code {
		g[f.name] = map[string]bool{}
	}
	for _, f := range p.code {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok {
				if home := p.home(p.info.Uses[name]); home != "" && home != f.name && g[home] != nil {
					g[f.name][home] = true
				}
			}
			return true
		})
	}
	return g
}

// home returns the file in which the package declares an object, at package level or as a method; "" if it does not.
func (p *goPackage) home(object types.Object) string {
	if object == nil || object.Pkg() != p.types {
		return ""
	}
	function, ok := object.(*types.Func)
	if ok {
		object = function.Origin()
	}
	v, isVar := object.(*types.Var)
	if !ok && !(isVar && v.IsField()) && object.Parent() != p.types.Scope() {
		return ""
	}
	return filepath.Base(p.fset.Position(object.Pos()).Filename)
}

// count returns how many arrows there are.
func (g graph) count() int {
	n := 0
	for _, to := range g {
		n += len(to)
	}
	return n
}

// arrow is one of them.
type arrow struct{ from, to string }

// back returns the arrows that lead up in the best order that is found.
func (g graph) back() []arrow {
	var all []arrow
	for _, part := range g.cycles() {
		all = append(all, g.within(part).best()...)
	}
	slices.SortFunc(all, func(a, b arrow) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return all
}

// onCycles returns how many arrows lead from a file to one from which another way leads back.
func (g graph) onCycles() int {
	n := 0
	for _, part := range g.cycles() {
		n += g.within(part).count()
	}
	return n
}

// within returns the part of the graph between some files.
func (g graph) within(files []string) graph {
	part := graph{}
	for _, from := range files {
		part[from] = map[string]bool{}
		for _, to := range files {
			if g[from][to] {
				part[from][to] = true
			}
		}
	}
	return part
}

// cycles returns the sets of files that reach one another (Tarjan's strongly connected components), of two and more.
func (g graph) cycles() [][]string {
	var (
		parts    [][]string
		stack    []string
		index    = map[string]int{}
		low      = map[string]int{}
		waiting  = map[string]bool{}
		discover func(v string)
	)
	discover = func(v string) {
		index[v] = len(index) + 1
		low[v] = index[v]
		stack = append(stack, v)
		waiting[v] = true
		for _, w := range slices.Sorted(maps.Keys(g[v])) {
			switch {
			case index[w] == 0:
				discover(w)
				low[v] = min(low[v], low[w])
			case waiting[w]:
				low[v] = min(low[v], index[w])
			}
		}
		if low[v] != index[v] {
			return
		}
		at := slices.Index(stack, v)
		for _, w := range stack[at:] {
			waiting[w] = false
		}
		if part := slices.Clone(stack[at:]); len(part) > 1 {
			parts = append(parts, part)
		}
		stack = stack[:at]
	}
	for _, v := range slices.Sorted(maps.Keys(g)) {
		if index[v] == 0 {
			discover(v)
		}
	}
	return parts
}

// order is files from top to bottom, with the arrows between them as a matrix.
type order struct {
	files []string
	leads [][]bool // by the files' numbers
	at    []int    // the numbers, from top to bottom
}

// starts is from how many orders the search for the best one sets out. More do not find less on this module.
const starts = 100

// best returns the arrows that lead up in the best order that is found: from several orders, the first by name and the
// others shuffled, single files are moved as long as that leaves fewer arrows that lead up.
func (g graph) best() []arrow {
	o := order{files: slices.Sorted(maps.Keys(g))}
	for i, from := range o.files {
		o.leads = append(o.leads, make([]bool, len(o.files)))
		o.at = append(o.at, i)
		for j, to := range o.files {
			o.leads[i][j] = g[from][to]
		}
	}
	random := rand.New(rand.NewPCG(1, 1)) // the same numbers in every run
	var best []arrow
	for start := range starts {
		for o.improve() {
		}
		if up := o.up(); start == 0 || len(up) < len(best) {
			best = up
		}
		random.Shuffle(len(o.at), func(i, j int) { o.at[i], o.at[j] = o.at[j], o.at[i] })
	}
	return best
}

// improve moves each file to where the fewest arrows lead up, and reports whether there are fewer now.
func (o *order) improve() bool {
	better := false
	for from := range o.at {
		to, gain := from, 0
		for _, step := range []int{-1, 1} {
			change := 0
			for i := from + step; i >= 0 && i < len(o.at); i += step {
				change += step * o.swapped(o.at[from], o.at[i])
				if change < gain {
					to, gain = i, change
				}
			}
		}
		if gain < 0 {
			moved := o.at[from]
			o.at = slices.Insert(slices.Delete(o.at, from, from+1), to, moved)
			better = true
		}
	}
	return better
}

// swapped returns how many more arrows lead up if the file v is below w instead of above it.
func (o *order) swapped(v, w int) int {
	change := 0
	if o.leads[v][w] {
		change++
	}
	if o.leads[w][v] {
		change--
	}
	return change
}

// up returns the arrows that lead up.
func (o *order) up() []arrow {
	var up []arrow
	for i, v := range o.at {
		for _, w := range o.at[:i] {
			if o.leads[v][w] {
				up = append(up, arrow{from: o.files[v], to: o.files[w]})
			}
		}
	}
	return up
}
