// SPDX-License-Identifier: GPL-3.0-or-later

package repository_test

import (
	"os"
	"testing"

	"overcloud.backup/tests/sets"
)

func TestMain(m *testing.M) { os.Exit(sets.Run(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
