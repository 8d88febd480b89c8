// SPDX-License-Identifier: GPL-3.0-or-later

// Command plot turns the measurements of tests/bench/latency into a picture, and prints the table that goes with it. It
// leaves nothing out: a second without a commit is a gap in the line, and the table counts the errors.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() {
	out := flag.String("out", "", "the SVG to write")
	machine := flag.String("machine", "", "the machine, for the caption")
	data := flag.Int("data", 0, "size of the data in MiB, for the caption")
	flag.Parse()
	missed, err := plot(os.Stdin, os.Stdout, *out, setting{Machine: *machine, DataMiB: *data})
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "plot: %v\n", err)
		os.Exit(1)
	case missed:
		os.Exit(1)
	}
}

// plot reads measurements, writes the picture, and prints the table. It reports whether the promise was missed.
func plot(in io.Reader, table io.Writer, picture string, s setting) (missed bool, err error) {
	all, err := read(in)
	if err != nil {
		return false, err
	}
	s.Clients, s.Rate = all[0].Around.Clients, all[0].Around.Rate
	curves := make([]curve, 0, len(situations))
	for _, situation := range situations {
		c := curveOf(situation, all)
		s.Rounds = len(c.Rounds)
		curves = append(curves, c)
	}
	if err := os.WriteFile(picture, []byte(draw(curves, s)), 0o644); err != nil {
		return false, err
	}
	text, missed := tableOf(curves)
	_, err = io.WriteString(table, text)
	return missed, err
}

// read returns the measurements: each situation, in the same rounds.
func read(in io.Reader) ([]measurement, error) {
	var all []measurement
	for decoder := json.NewDecoder(in); ; {
		var m measurement
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return nil, fmt.Errorf("measurement %d: %w", len(all)+1, err)
		}
		all = append(all, m)
	}
	rounds := map[situation][]int{}
	for _, m := range all {
		rounds[m.Situation] = append(rounds[m.Situation], m.Round)
	}
	for _, s := range situations {
		slices.Sort(rounds[s])
		if len(rounds[s]) == 0 || !slices.Equal(rounds[s], rounds[situations[0]]) {
			return nil, fmt.Errorf("%q was measured in the rounds %v, and %q in %v", s, rounds[s], situations[0],
				rounds[situations[0]])
		}
	}
	return all, nil
}
