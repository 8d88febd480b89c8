// SPDX-License-Identifier: GPL-3.0-or-later

// Package cases has the faults: what breaks, when, and the required result.
package cases

import (
	"slices"

	"overcloud.backup/tests/lab/faults/harness"
)

// All returns the cases in the order in which they run: recovering from a case costs the next one time, so the cheap
// ones come first.
func All() []harness.Fault {
	return slices.Concat(callers, processes, containers, storage, databases, secrets, clusters, networks, machines)
}
