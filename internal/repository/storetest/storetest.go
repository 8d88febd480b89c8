// SPDX-License-Identifier: GPL-3.0-or-later

// Package storetest checks drivers against the contract of repository.Store. Every driver's own tests call Run.
package storetest

import (
	"testing"
)

// Run tests a driver. fresh returns the opener of a store without sets.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"a set exists when it has its manifest", testCommit},
		{"a name is given to one set only", testNames},
		{"what cannot be announced is not made", testAnnounce},
		{"an aborted set leaves nothing", testAbort},
		{"an aborted set leaves others alone", testAbortBesideOthers},
		{"a set that is reset is empty", testReset},
		{"a set of a killed writer can be discarded", testDiscard},
		{"a finished set is never discarded", testDiscardFinished},
		{"a file is read from any offset", testRanges},
		{"a file is replaced as a whole", testReplace},
		{"what is not there is named so", testMissing},
		{"names that lead elsewhere are refused", testNamesElsewhere},
		{"large files come back as they were", testLarge},
		{"several sets are written at once", testParallel},
	} {
		t.Run(c.name, func(t *testing.T) {
			opener := fresh(t)
			c.test(t, &bench{T: t, open: opener, Store: opener(t)})
		})
	}
}
