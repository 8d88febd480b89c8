// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// packageReport has the measurements of one package.
type packageReport struct {
	Path                  string
	Files, Lines, Tests   int
	Arrows, OnCycles      int
	Back                  []arrow
	Exports, Undocumented int
	Long                  int // lines over 120 columns, of code and tests
}

// reportFile is one file of code.
type reportFile struct {
	Name  string
	Lines int
}

// report has the measurements of a module.
type report struct {
	Packages  []packageReport
	Files     []reportFile
	Functions []function
	// Undocumented lists the names of exports without a doc comment.
	Undocumented []string
}

// measure measures packages. Packages of tests (under tests/) are measured like any other.
func measure(packages []*goPackage) report {
	var r report
	for _, p := range packages {
		g := p.arrows()
		bare, exports := p.undocumented()
		one := packageReport{
			Path: p.path, Files: len(p.code), Tests: p.tests, Arrows: g.count(), OnCycles: g.onCycles(), Back: g.back(),
			Exports: exports, Undocumented: len(bare), Long: p.long,
		}
		for _, f := range p.code {
			one.Lines += f.lines
			one.Long += f.long
			r.Files = append(r.Files, reportFile{p.path + "/" + f.name, f.lines})
		}
		r.Functions = append(r.Functions, p.functions()...)
		r.Undocumented = append(r.Undocumented, bare...)
		r.Packages = append(r.Packages, one)
	}
	return r
}

// product reports whether a package is part of what users run, rather than of its tests.
func product(path string) bool { return !strings.HasPrefix(path, "tests/") }

// ratio returns test lines to lines of code.
func (p packageReport) ratio() float64 {
	if p.Lines == 0 {
		return 0
	}
	return float64(p.Tests) / float64(p.Lines)
}

// share returns the share of arrows that lead back up, in percent.
func (p packageReport) share() float64 {
	if p.Arrows == 0 {
		return 0
	}
	return 100 * float64(len(p.Back)) / float64(p.Arrows)
}

// spread has the median, the ninetieth percentile and the largest of some numbers.
type spread struct{ median, p90, max int }

func spreadOf(numbers []int) spread {
	if len(numbers) == 0 {
		return spread{}
	}
	slices.Sort(numbers)
	at := func(part float64) int { return numbers[min(int(part*float64(len(numbers))), len(numbers)-1)] }
	return spread{at(0.5), at(0.9), numbers[len(numbers)-1]}
}

// spreads are the table's first rows, only of the product's packages.
func (r report) spreads() map[string]spread {
	numbers := map[string][]int{}
	add := func(name string, n int) { numbers[name] = append(numbers[name], n) }
	for _, f := range r.Functions {
		if product(f.Name) {
			add("lines of a function", f.Lines)
			add("cyclomatic complexity", f.Branches)
			add("nesting", f.Nesting)
		}
	}
	for _, f := range r.Files {
		if product(f.Name) {
			add("lines of a file", f.Lines)
		}
	}
	for _, p := range r.Packages {
		if product(p.Path) && p.Files > 0 {
			add(packageLines, p.Lines)
			add("files of a package", p.Files)
		}
	}
	all := map[string]spread{}
	for name, n := range numbers {
		all[name] = spreadOf(n)
	}
	return all
}

// packageLines is the row whose ninetieth percentile has a limit.
const packageLines = "lines of a package"

// spreadNames is the order of these rows.
var spreadNames = []string{
	"lines of a function", "lines of a file", packageLines, "files of a package",
	"cyclomatic complexity", "nesting",
}

// markdown returns the report as a page.
func (r report) markdown() string {
	var b strings.Builder
	b.WriteString("| product | median | p90 | max |\n|---|---:|---:|---:|\n")
	spreads := r.spreads()
	for _, name := range spreadNames {
		s := spreads[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", name, s.median, s.p90, s.max)
	}
	b.WriteString("\n" + r.totals() + "\n")
	b.WriteString("| package | files | lines | tests | test:code " +
		"| arrows | on cycles | back | undocumented | over 120 columns |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, p := range r.Packages {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %.2f ", p.Path, p.Files, p.Lines, p.Tests, p.ratio())
		fmt.Fprintf(&b, "| %d | %d | %d (%.0f %%) ", p.Arrows, p.OnCycles, len(p.Back), p.share())
		fmt.Fprintf(&b, "| %d of %d | %d |\n", p.Undocumented, p.Exports, p.Long)
	}
	b.WriteString(r.outliers())
	return b.String()
}

// totals returns a line about the whole product.
func (r report) totals() string {
	var lines, tests, exports, arrows, back, long, packages int
	for _, p := range r.Packages {
		long += p.Long
		if product(p.Path) {
			packages++
			lines, tests, exports = lines+p.Lines, tests+p.Tests, exports+p.Exports
			arrows, back = arrows+p.Arrows, back+len(p.Back)
		}
	}
	return fmt.Sprintf("The product has %d packages with %d lines of code and %d of tests (%.2f); %d of %d arrows"+
		" between files lead back up; %d of %d exports are undocumented. %d lines, those under tests/"+
		" included, are over 120 columns.\n",
		packages, lines, tests, float64(tests)/float64(max(lines, 1)), back, arrows, r.bare(), exports, long)
}

// bare returns how many exports of the product are undocumented.
func (r report) bare() int {
	n := 0
	for _, name := range r.Undocumented {
		if product(name) {
			n++
		}
	}
	return n
}

// outliers lists the longest and most complex functions, the longest files, back arrows and undocumented exports.
func (r report) outliers() string {
	var b strings.Builder
	top := func(title string, measure func(function) int, least int) {
		fs := slices.Clone(r.Functions)
		slices.SortStableFunc(fs, func(a, b function) int { return cmp.Compare(measure(b), measure(a)) })
		fmt.Fprintf(&b, "\n%s:\n", title)
		for i, f := range fs {
			if i == 10 || measure(f) < least {
				break
			}
			fmt.Fprintf(&b, "- %d %s\n", measure(f), f.Name)
		}
	}
	top("Longest functions", func(f function) int { return f.Lines }, 50)
	top("Cyclomatic complexity of 15 and more", func(f function) int { return f.Branches }, 15)
	top("Nesting of 4 and more", func(f function) int { return f.Nesting }, 4)
	files := slices.Clone(r.Files)
	slices.SortStableFunc(files, func(a, b reportFile) int { return cmp.Compare(b.Lines, a.Lines) })
	b.WriteString("\nFiles of 300 lines and more:\n")
	for _, f := range files {
		if f.Lines >= 300 {
			fmt.Fprintf(&b, "- %d %s\n", f.Lines, f.Name)
		}
	}
	b.WriteString("\nBack arrows:\n")
	for _, p := range r.Packages {
		var arrows []string
		for _, a := range p.Back {
			arrows = append(arrows, a.from+" → "+a.to)
		}
		if len(arrows) > 0 {
			fmt.Fprintf(&b, "- %s: %s\n", p.Path, strings.Join(arrows, ", "))
		}
	}
	if len(r.Undocumented) > 0 {
		fmt.Fprintf(&b, "\nUndocumented exports:\n- %s\n", strings.Join(r.Undocumented, "\n- "))
	}
	return b.String()
}
