// SPDX-License-Identifier: GPL-3.0-or-later

package repository_test

import (
	"os"
	"testing"

	"overcloud.backup/tests/sets"
)

// cutAtChunk cuts a stream before the end of a file: mbstream accepts that as complete.
func cutAtChunk(t *testing.T, raw string) {
	t.Helper()
	starts, kinds := sets.Chunks(t, raw)
	for i := len(starts) / 2; ; i++ {
		if kinds[i] == 'E' {
			must(t, os.Truncate(raw, int64(starts[i])))
			return
		}
	}
}

// cutLastFile cuts a stream between two files.
func cutLastFile(t *testing.T, raw string) {
	t.Helper()
	starts, kinds := sets.Chunks(t, raw)
	for i := len(starts) - 2; ; i-- {
		if kinds[i] == 'E' {
			must(t, os.Truncate(raw, int64(starts[i+1])))
			return
		}
	}
}

func cutHalf(t *testing.T, raw string) {
	t.Helper()
	info, err := os.Stat(raw)
	must(t, err)
	must(t, os.Truncate(raw, info.Size()/2))
}
