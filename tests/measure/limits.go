// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"slices"
	"strings"
)

// limit holds the values with which --check compares the numbers of the product.
type limit struct {
	FunctionLines, Branches, Nesting int
	FileLines                        int
	PackageLines                     int
	PackageLinesP90                  int // the ninetieth percentile of all packages
	// BackShare limits the share of arrows between files that may lead back up, in percent, for packages with at least
	// ArrowsFrom arrows: with five arrows one of them says nothing.
	BackShare    float64
	ArrowsFrom   int
	Undocumented int // of the whole product
	Long         int // lines over 120 columns, of the whole module
	// Ratio is the least test:code of packages where a mistake destroys data.
	Ratio map[string]float64
	// ModuleLines limits the file of a module, which decodes, calls and answers.
	ModuleLines int
}

// limits are the current ones. They may only become tighter.
var limits = limit{
	FunctionLines: 60,
	Branches:      22,
	Nesting:       4,
	FileLines:     310,
	PackageLines:  2000,
	// One in ten may be larger than style.md says.
	PackageLinesP90: 1500,
	BackShare:       10,
	ArrowsFrom:      10,
	Undocumented:    20,
	Long:            14,
	Ratio: map[string]float64{
		"internal/rebuild": 1, "internal/verify": 1, "internal/restore": 1, "internal/restore/plan": 1,
		"internal/restore/steps": 1, "modules": 1,
	},
	ModuleLines: 80,
}

// larger are packages of more than PackageLines, whose DESIGN.md gives the reason, with the limit of each.
var larger = map[string]int{"internal/restore": 2100, "internal/sqldump": 2100}

// over returns the limits that are exceeded.
func (r report) over(l limit) []string {
	var findings []string
	add := func(format string, values ...any) { findings = append(findings, fmt.Sprintf(format, values...)) }
	most := func(what, name string, n, limit int) {
		if n > limit {
			add("%s: %s %d, and the limit is %d", name, what, n, limit)
		}
	}
	for _, f := range r.Functions {
		if product(f.Name) {
			most("lines of the function", f.Name, f.Lines, l.FunctionLines)
			most("cyclomatic complexity", f.Name, f.Branches, l.Branches)
			most("nesting", f.Name, f.Nesting, l.Nesting)
		}
	}
	for _, f := range r.Files {
		if product(f.Name) {
			most("lines of the file", f.Name, f.Lines, l.FileLines)
		}
		if strings.HasPrefix(f.Name, "modules/") {
			most("lines of a module's file", f.Name, f.Lines, l.ModuleLines)
		}
	}
	long := 0
	for _, p := range r.Packages {
		long += p.Long
		if product(p.Path) {
			findings = append(findings, p.over(l)...)
		}
	}
	p90 := r.spreads()[packageLines].p90
	most("ninetieth percentile of the lines of a package", "the product", p90, l.PackageLinesP90)
	most("undocumented exports", "the product", r.bare(), l.Undocumented)
	most("lines over 120 columns", "the module", long, l.Long)
	slices.Sort(findings)
	return findings
}

// over returns the limits that one package exceeds.
func (p packageReport) over(l limit) []string {
	var findings []string
	add := func(format string, values ...any) {
		findings = append(findings, p.Path+": "+fmt.Sprintf(format, values...))
	}
	if most := max(l.PackageLines, larger[p.Path]); p.Lines > most {
		add("lines of the package %d, and the limit is %d", p.Lines, most)
	}
	if p.Arrows >= l.ArrowsFrom && p.share() > l.BackShare {
		add("%d of %d arrows between files lead back up, and the limit is %.0f %%", len(p.Back), p.Arrows, l.BackShare)
	}
	if least, ok := l.Ratio[p.Path]; ok && p.ratio() < least {
		add("test:code %.2f, and the limit is %.2f", p.ratio(), least)
	}
	return findings
}
