// SPDX-License-Identifier: GPL-3.0-or-later

// Command measure prints the shape of a Go module as a table in Markdown: how long functions, files and packages are,
// how the files of each package depend on one another, what is complex, undocumented or untested.
//
//	go run ./tests/measure [DIR]            the module in DIR, or in the current directory
//	go run ./tests/measure --check [DIR]    fails where a number is over its limit
//
// It type-checks with the standard library alone, so it measures any checkout whose dependencies are in the module
// cache.
//
// Definitions:
//   - Lines are physical lines, of files that are neither tests nor generated. Files under testdata do not count.
//   - A function's length is that of its declaration, first line to last; function literals count as part of it.
//   - An arrow leads from one file to another of the same package when an identifier in the first is declared in the
//     second: at package level, as a method, or as a field of a type.
//   - An arrow is on a cycle when other arrows lead back. Back arrows are those that lead up in the best order of the
//     files: arrows on no cycle never do; of those on cycles a local search finds a small set (a feedback arc set)
//     without which none would be on one. So a package without back arrows reads from top to bottom.
//   - Cyclomatic complexity is 1 + if, for, range, case, select case, && and ||. Nesting is the depth of if, for,
//     switch and select inside one another; else-if adds none.
//   - An undocumented export is a function, method of an exported type, type, or group of constants or variables
//     without a doc comment.
//   - test:code is lines of _test.go files to lines of code of the same folder.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	check := flag.Bool("check", false, "fail where a number is over its limit")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	packages, err := load(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(2)
	}
	report := measure(packages)
	if !*check {
		fmt.Print(report.markdown())
		return
	}
	findings := report.over(limits)
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		fmt.Printf("measure: %d numbers are over their limits; see tests/measure/limits.go\n", len(findings))
		os.Exit(1)
	}
	fmt.Printf("measure: %d packages are within their limits\n", len(report.Packages))
}
