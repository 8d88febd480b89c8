// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// randomFaults makes backups in a row under load, with a fault each, at a moment of its own.
func (l lab) randomFaults(o options) (bool, error) {
	fmt.Printf("seed %d: repeat with lab fault --random --seed %d --count %d\n", o.seed, o.seed, o.count)
	bad := 0
	for i, f := range draw(l.possible(all()), o.seed, o.count) {
		f.name = fmt.Sprintf("random-%d-%s", i, f.name)
		if !l.runOne(f, rand.New(rand.NewPCG(o.seed, uint64(i)+1)), o.verbose) {
			bad++
		}
	}
	fmt.Printf("%d backups with seed %d, %d not as they must be\n", o.count, o.seed, bad)
	return bad == 0, nil
}

// draw takes count of the quick cases; those that strike while it streams do so up to 4 s later than usual.
func draw(faults []fault, seed uint64, count int) []fault {
	r := rand.New(rand.NewPCG(seed, 0))
	var quick, drawn []fault
	for _, f := range faults {
		if f.quick {
			quick = append(quick, f)
		}
	}
	for range count {
		f := quick[r.IntN(len(quick))]
		delay := time.Duration(r.Int64N(int64(4 * time.Second)))
		if wait := f.when.wait; f.when.slow {
			f.when.name = fmt.Sprintf("%s, %s later", f.when.name, delay.Round(time.Millisecond))
			f.when.wait = func(r *run) bool {
				ok := wait(r)
				time.Sleep(delay)
				return ok && !r.play.over()
			}
		}
		drawn = append(drawn, f)
	}
	return drawn
}
