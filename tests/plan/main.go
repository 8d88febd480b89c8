// SPDX-License-Identifier: GPL-3.0-or-later

// Command plan says which steps tests/run is to take: those of make test, which take turns by the commit and by what it
// changes; all; or one part of all. It knows how long each step takes from steps.txt.
//
//	plan test                 the steps of make test at this commit
//	plan all                  every step
//	plan part N/M             the Nth of M parts of all steps, each part under an hour
//	plan steps                the name of every step
//	plan labs                 every step and the lab that it needs, one a line
//	plan record test|all FILE writes the seconds of FILE, lines of "STEP SECONDS", into steps.txt
//
// It prints one line with the steps on standard output, and why on standard error.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

//go:embed steps.txt
var table string

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tests/plan:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	steps, err := parse(table)
	if err != nil {
		return err
	}
	var chosen []step
	var why string
	switch {
	case slices.Equal(args, []string{"test"}):
		var c commit
		if c, err = head(); err != nil {
			return err
		}
		chosen, why = forTest(steps, c)
	case slices.Equal(args, []string{"all"}):
		chosen = slices.DeleteFunc(steps, func(s step) bool { return s.all.none() })
	case slices.Equal(args, []string{"steps"}):
		chosen = steps
	case slices.Equal(args, []string{"labs"}):
		for _, s := range steps {
			fmt.Println(s.name, s.lab)
		}
		return nil
	case len(args) == 2 && args[0] == "part":
		chosen, why, err = part(steps, args[1])
	case len(args) == 3 && args[0] == "record":
		return record(args[1], args[2])
	default:
		err = errors.New("say test, all, part N/M, steps, labs, or record test|all FILE")
	}
	if err != nil {
		return err
	}
	if why != "" {
		fmt.Fprintln(os.Stderr, "tests/run:", why)
	}
	fmt.Println(strings.Join(names(chosen), " "))
	return nil
}
