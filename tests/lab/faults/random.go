// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// randomFaults makes backups in a row under load, each with a fault at a random moment.
func randomFaults(l lab.Lab, o options) (bool, error) {
	again := ""
	if o.degraded {
		again = " --degraded"
	}
	fmt.Printf("seed %d: repeat with lab fault --random --seed %d --count %d%s\n", o.seed, o.seed, o.count, again)
	bad := 0
	faults := possible(l, cases.All())
	if o.degraded {
		faults = slices.DeleteFunc(faults, needsTwoStandbys)
	}
	for i, f := range draw(faults, o.seed, o.count) {
		random := rand.New(rand.NewPCG(o.seed, uint64(i)+1))
		if o.degraded {
			f = harness.Degraded(f, random)
			fmt.Printf("    %s\n", f.Breaks)
		}
		f.Name = fmt.Sprintf("random-%d-%s", i, f.Name)
		if !runOne(l, f, random, o.verbose) {
			bad++
		}
	}
	fmt.Printf("%d backups with seed %d, %d not as they must be\n", o.count, o.seed, bad)
	return bad == 0, nil
}

// needsTwoStandbys says that a fault expects another standby to be backed up.
func needsTwoStandbys(f harness.Fault) bool { return f.Anywhere }

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
