// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// randomFaults makes backups in a row under load, each with a fault at a random moment.
func randomFaults(l lab.Lab, o options) (bool, error) {
	fmt.Printf("seed %d: repeat with lab fault --random --seed %d --count %d\n", o.seed, o.seed, o.count)
	bad := 0
	for i, f := range draw(possible(l, cases.All()), o.seed, o.count) {
		f.Name = fmt.Sprintf("random-%d-%s", i, f.Name)
		if !runOne(l, f, rand.New(rand.NewPCG(o.seed, uint64(i)+1)), o.verbose) {
			bad++
		}
	}
	fmt.Printf("%d backups with seed %d, %d not as they must be\n", o.count, o.seed, bad)
	return bad == 0, nil
}

// draw selects count of the quick cases; those that strike during the stream do so up to 4 s later than usual.
func draw(faults []harness.Fault, seed uint64, count int) []harness.Fault {
	r := rand.New(rand.NewPCG(seed, 0))
	var quick, drawn []harness.Fault
	for _, f := range faults {
		if f.Quick {
			quick = append(quick, f)
		}
	}
	for range count {
		f := quick[r.IntN(len(quick))]
		delay := time.Duration(r.Int64N(int64(4 * time.Second)))
		if wait := f.When.Wait; f.When.Slow {
			f.When.Name = fmt.Sprintf("%s, %s later", f.When.Name, delay.Round(time.Millisecond))
			f.When.Wait = func(r *harness.Run) bool {
				ok := wait(r)
				time.Sleep(delay)
				return ok && !r.Play.Over()
			}
		}
		drawn = append(drawn, f)
	}
	return drawn
}
