// SPDX-License-Identifier: GPL-3.0-or-later

package storetest_test

import (
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/storetest"
)

// The contract can be met without folders and without a rename.
func TestABucketKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Opener {
		m := storetest.NewMemory()
		return func(*testing.T) repository.Store { return m }
	})
}
